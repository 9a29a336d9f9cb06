"""The settings of a simulated shop in one frozen record: everything the simulator may know comes from here.

Customers follow the Pareto/NBD story (Schmittlein, Morrison and Colombo 1987): a first order, then a Poisson stream of
orders at a rate λ ~ Gamma(rate_shape, rate_scale_days), until an unseen exponential drop-out at rate
μ ~ Gamma(dropout_shape, dropout_scale_days). The stream runs on a clock that the seasons and promotions speed up and
slow down (mean speed 1). Order values are gamma with a gamma-distributed mean (Fader, Hardie and Lee 2005).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.simulator import shop
from regulars.simulator.parts import Category, Channel, Promotion

BLOCK = 16_384
"""Customers that share a random stream; a constant, so that workers and files never change what is drawn."""

_FROM_ZERO = mark("A simulated shop needs {name} at least 0; it was {value}.")
_FROM_ONE = mark("A simulated shop needs {name} at least 1; it was {value}.")


@dataclass(frozen=True, slots=True)
class World:
    """A shop that does not exist, and the truth about its customers. Times in days, money in ``currency``."""

    name: str = shop.NAME
    seed: int = 7
    customers: int = 20_000
    start: date = date(2023, 8, 1)
    as_of: date = date(2026, 1, 31)
    """Last day of the data; orders of later days go to the truth only."""
    future_days: int = 365
    time_zone: str = "Europe/Warsaw"
    currency: str = "EUR"
    growth_yearly: float = 0.35
    """New customers a day grow by this share a year."""

    rate_shape: float = 1.3
    rate_scale_days: float = 55.0
    """λ = Gamma(rate_shape) / rate_scale_days: paid orders a day while alive, in a season of 1."""
    dropout_shape: float = 1.1
    dropout_scale_days: float = 330.0
    """μ = Gamma(dropout_shape) / dropout_scale_days a day."""
    order_shape: float = 6.0
    """Gamma shape of one customer's order values (p of the literature): the higher, the steadier."""
    spend_shape: float = 4.5
    """Gamma shape of the customers' spend parameter ν (q of the literature), > 1."""
    mean_order: float = 38.0
    """Mean order value over customers at list prices, before channels differ."""
    extra_lines: float = 1.5
    """Mean lines an order beyond the first."""

    season_swing: float = 0.16
    """Height of the yearly wave, high in winter."""
    christmas_lift: float = 0.75
    """Extra orders at the peak of Advent."""
    weekend: float = 0.82
    """Weight of a Saturday or Sunday beside a weekday."""

    cancelled_share: float = 0.03
    unpaid_share: float = 0.01
    guest_share: float = 0.08
    """Customers who never register: orders have an e-mail and no customer_id."""
    late_registration_share: float = 0.03
    """Customers whose first orders are a guest's and later ones a member's, with the same e-mail."""
    returner_share: float = 0.02
    """Customers who send 45% of their lines back."""
    affinity: float = 0.22
    """Chance that a line is followed by its product's companion."""
    free_delivery_from: float = 45.0
    delivery_fee: float = 4.9

    channels: tuple[Channel, ...] = shop.CHANNELS
    categories: tuple[Category, ...] = shop.CATEGORIES
    promotions: tuple[Promotion, ...] = shop.PROMOTIONS
    countries: tuple[tuple[str, float], ...] = shop.COUNTRIES

    emails: bool = False
    """True writes an e-mail on every line, False only where a guest is or was."""
    titles: bool = True
    """True writes product titles on the lines, beside the product table."""
    events: bool = False
    """True writes visits, views and carts."""
    visits_per_order: float = 12.0
    """Visits that end without an order, for each that ends with one."""
    newsletters: bool = False
    """True writes newsletters sent, opened and clicked."""

    def __post_init__(self) -> None:
        for name in (
            "rate_shape",
            "rate_scale_days",
            "dropout_shape",
            "dropout_scale_days",
            "order_shape",
            "mean_order",
        ):
            _require(
                name,
                getattr(self, name),
                math.isfinite(getattr(self, name)) and getattr(self, name) > 0,
                mark("A simulated shop needs {name} above 0; it was {value}."),
            )
        for name in (
            "cancelled_share",
            "unpaid_share",
            "guest_share",
            "late_registration_share",
            "returner_share",
        ):
            _require(
                name,
                getattr(self, name),
                0 <= getattr(self, name) < 1,
                mark("A simulated shop needs {name} at least 0 and below 1; it was {value}."),
            )
        _require("customers", self.customers, self.customers >= 1, _FROM_ONE)
        _require("seed", self.seed, self.seed >= 0, _FROM_ZERO)
        _require(
            "as_of",
            self.as_of,
            self.as_of > self.start,
            mark("A simulated shop needs {name} after the start ({other}); it was {value}."),
            other=self.start,
        )
        _require("future_days", self.future_days, self.future_days >= 0, _FROM_ZERO)
        _require(
            "spend_shape",
            self.spend_shape,
            self.spend_shape > 1,
            mark("A simulated shop needs {name} above 1, or the mean does not exist; it was {value}."),
        )
        _require(
            "growth_yearly",
            self.growth_yearly,
            self.growth_yearly > -1,
            mark("A simulated shop needs {name} above -1; it was {value}."),
        )
        _require("extra_lines", self.extra_lines, self.extra_lines >= 0, _FROM_ZERO)
        for name in ("channels", "categories", "countries"):
            _require(
                name,
                "",
                bool(getattr(self, name)),
                mark("A simulated shop needs {name} at least one; it was nothing."),
            )
        for one, other in (("guest_share", "late_registration_share"), ("cancelled_share", "unpaid_share")):
            both = getattr(self, one) + getattr(self, other)
            _require(
                one,
                both,
                both < 1,
                mark("A simulated shop needs {name} below 1 together with {other}; it was {value}."),
                other=other,
            )

    @property
    def days(self) -> int:
        """Days of data, the first and the last included."""
        return (self.as_of - self.start).days + 1

    @property
    def blocks(self) -> int:
        """How many blocks of customers there are."""
        return -(-self.customers // BLOCK)

    def to_json(self) -> str:
        """Return the settings as JSON; :meth:`from_json` reads them back."""
        return json.dumps(asdict(self), indent=2, default=str, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> World:
        """Build a world from :meth:`to_json`. Raises ``RegularsError`` for values that make no shop."""
        raw: dict[str, Any] = json.loads(text)
        for name in ("start", "as_of"):
            raw[name] = date.fromisoformat(raw[name])
        raw["channels"] = tuple(Channel(**_tuples(item)) for item in raw["channels"])
        raw["categories"] = tuple(Category(**_tuples(item)) for item in raw["categories"])
        raw["promotions"] = tuple(Promotion(**_tuples(item)) for item in raw["promotions"])
        raw["countries"] = tuple((name, share) for name, share in raw["countries"])
        return cls(**raw)


def day(world: World, number: int) -> date:
    """Return the calendar day of a day number (0 is the start)."""
    return world.start + timedelta(days=number)


def _tuples(item: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}


def _require(name: str, value: object, ok: bool, message: str, other: object = "") -> None:
    if not ok:
        raise RegularsError(f"simulator.{name}", message, name=name, value=value, other=other)
