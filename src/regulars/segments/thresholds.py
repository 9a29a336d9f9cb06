"""Every number a segment's rule depends on, in one place, checked, and editable from the command line."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, NoReturn

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark

_LIST_WANTED = mark("It must be a list such as 5/15/30/50.")
_SHARES = (
    "vip_p_alive",
    "full_price_share",
    "discount_share",
    "at_risk_p_alive",
    "lapsed_p_alive",
    "returner_share",
)
_PERCENTILES = (
    "big_spender_percentile",
    "high_aov_percentile",
    "high_aov_single_percentile",
    "vip_percentile",
)
_LISTS = ("tier_shares", "rfm_frequency")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where each segment begins. Days and orders are whole, shares are 0..1, percentiles are 0..100."""

    first_time_days: int = 60
    repeat_orders: int = 2
    loyal_orders: int = 4
    big_spender_days: int = 365
    big_spender_percentile: float = 90
    high_aov_percentile: float = 80
    high_aov_single_percentile: float = 90
    vip_percentile: float = 95
    vip_orders: int = 3
    vip_p_alive: float = 0.6
    full_price_share: float = 0.1
    discount_share: float = 0.7
    discount_orders: int = 2
    at_risk_p_alive: float = 0.5
    lapsed_p_alive: float = 0.2
    won_back_days: int = 30
    returner_orders: int = 3
    returner_share: float = 0.4
    churn_gap_days: float | None = None
    """Overrides the shop's own usual gap (P80 of the days between orders)."""
    lapsed_days: int = 365
    """For the lifecycle only: silence that counts as lapsed where the shop's own gap is unknown."""
    tier_shares: tuple[float, ...] = (5, 15, 30, 50)
    """Per cent of customers in the tiers top, high, middle, low; they add up to 100."""
    rfm_frequency: tuple[int, ...] = (2, 3, 5, 8)
    """Fewest orders for a frequency score of 2, 3, 4 and 5."""
    abandoned_days: int = 7
    """So many days back, the as-of date among them, carts and views count as left behind."""
    abandoned_hours: int = 1
    """A cart younger than this may still be ordered."""
    browsed_views: int = 2
    """So many views of one product are more than a glance."""
    migration_days: int = 90
    """So long ago customers' RFM groups are looked at again, to tell who moved where."""

    def __post_init__(self) -> None:
        """Refuse thresholds that contradict themselves.

        Raises :class:`RegularsError` ``segments.threshold`` naming the value and what it may be.
        """
        for field in fields(self):
            self._check(field.name, getattr(self, field.name))
        if self.lapsed_p_alive > self.at_risk_p_alive:
            _refuse(
                "lapsed_p_alive",
                self.lapsed_p_alive,
                mark("It must be at most at_risk_p_alive ({other:g})."),
                self.at_risk_p_alive,
            )
        if self.full_price_share >= self.discount_share:
            _refuse(
                "full_price_share",
                self.full_price_share,
                mark("It must be below discount_share ({other:g})."),
                self.discount_share,
            )

    def _check(self, name: str, value: Any) -> None:
        if name == "tier_shares":
            whole = len(value) == 4 and all(_finite(part) and part > 0 for part in value)
            if not whole or not math.isclose(sum(value), 100):
                _refuse(
                    name,
                    _listed(value),
                    mark("It must be four positive per cents that add up to 100, such as 5/15/30/50."),
                )
        elif name == "rfm_frequency":
            steps = [1, *value]
            rising = all(after > before for before, after in pairwise(steps))
            if len(value) != 4 or not all(isinstance(part, int) for part in value) or not rising:
                _refuse(
                    name,
                    _listed(value),
                    mark("It must be four rising numbers of orders from 2 up, such as 2/3/5/8."),
                )
        elif name == "churn_gap_days":
            if value is not None and not (_finite(value) and value > 0):
                _refuse(name, value, mark("It must be a positive number of days."))
        elif name in _SHARES:
            if not (_finite(value) and 0 <= value <= 1):
                _refuse(name, value, mark("It must be a share between 0 and 1 (or 0% and 100%)."))
        elif name in _PERCENTILES:
            if not (_finite(value) and 0 < value < 100):
                _refuse(name, value, mark("It must be a percentile between 0 and 100."))
        elif not isinstance(value, int) or isinstance(value, bool) or value < 1:
            _refuse(name, value, mark("It must be a whole number from 1 up."))

    @classmethod
    def parse(cls, settings: Iterable[str]) -> Thresholds:
        """Read ``["vip_orders=5", "vip_p_alive=70%", "tier_shares=10/20/30/40"]`` over the defaults.

        Raises :class:`RegularsError` ``segments.threshold`` for a name that does not exist (with the nearest one),
        a value that cannot be read, or one out of range.
        """
        read: dict[str, Any] = {}
        names = [field.name for field in fields(cls)]
        for setting in settings:
            name, equals, text = setting.partition("=")
            name, text = name.strip().lower().replace("-", "_"), text.strip()
            if not equals or not text:
                raise RegularsError(
                    "segments.threshold",
                    mark("The threshold {setting!r} has no value."),
                    hint=mark("Write it as NAME=VALUE, for example vip_orders=5."),
                    setting=setting,
                )
            if name not in names:
                near = get_close_matches(name, names, n=1, cutoff=0.5)
                raise RegularsError(
                    "segments.threshold",
                    mark("There is no threshold {name!r}."),
                    hint=mark("Did you mean {near!r}?") if near else mark("There are: {names}."),
                    name=name,
                    near="".join(near),
                    names=", ".join(names),
                )
            read[name] = _value(name, text)
        return replace(cls(), **read)

    def to_json(self) -> dict[str, Any]:
        """Return every threshold by name."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def _value(name: str, text: str) -> Any:
    try:
        if name in _LISTS:
            parts = [float(part.strip().rstrip("%")) for part in text.replace(",", "/").split("/")]
            return tuple(int(part) if part.is_integer() else part for part in parts)
        number = float(text.rstrip("%")) / (100 if text.endswith("%") and name in _SHARES else 1)
    except ValueError:
        _refuse(name, text, _LIST_WANTED if name in _LISTS else mark("It must be a number."))
    else:
        return int(number) if number.is_integer() else number


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _listed(value: Iterable[Any]) -> str:
    return "/".join(str(part) for part in value)


def _refuse(name: str, value: Any, allowed: str, other: float = 0) -> NoReturn:
    raise RegularsError(
        "segments.threshold",
        mark("The threshold {name} cannot be {value}."),
        hint=allowed,
        name=name,
        value=str(value),
        other=other,
    )
