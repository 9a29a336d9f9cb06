"""What a shop wants of its slots, as plain data, and what follows for every product: pure decisions over arrays.

Most rules are one number a product, multiplied with every score (:meth:`Rules.factor`; zero hides). What depends on who asks
is :meth:`Rules.hidden`. Pins and caps cannot be either: they are kept while a shelf is filled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.recommend import rule_values as values
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.rule_values import Lever, Pin

READERS: Mapping[str, Callable[[str, object], Any]] = {
    "in_stock": values.flag,
    "exclude_bought": values.flag,
    "bought_again_share": values.share,
    "exclude_in_cart": values.flag,
    "exclude": values.names,
    "categories": values.names,
    "price_from": values.maybe_number,
    "price_to": values.maybe_number,
    "never_repeat_days": values.days,
    "pin": values.pins,
    "boost": values.boosts,
    "bury": values.buries,
    "margin_weight": values.number,
    "most_per_category": values.maybe_count,
    "most_per_brand": values.maybe_count,
}
"""How each rule is read; a rule is a field of :class:`Rules`."""


@dataclass(frozen=True)
class Asking:
    """What is known of whoever asks, one entry a product."""

    bought: NDArray[np.bool_]
    """What this person has bought."""
    again: NDArray[np.float64]
    """Share of each product's buyers who bought it again."""
    in_cart: NDArray[np.bool_]
    """What lies in the cart."""
    shown_days: NDArray[np.float64]
    """Days since this person was last shown it; infinite where never."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one slot, whatever the scores say; raises ``RegularsError`` for a value that makes no sense.

    What hides (stock, exclusions, categories, price band, repetition) is never broken, not even by a pin. Caps are given up last,
    only where a list could not be filled otherwise, and every product that breaks one says so.
    """

    in_stock: bool = True
    """Hide what the catalogue says cannot be bought now."""
    exclude_bought: bool = False
    """Hide what the person has bought, unless people typically buy it again."""
    bought_again_share: float = 0.25
    """From which share of buyers that bought it again on a product counts as typically bought again."""
    exclude_in_cart: bool = True
    """Hide what lies in the cart."""
    exclude: tuple[str, ...] = ()
    """Product ids never to show."""
    categories: tuple[str, ...] = ()
    """Show only these categories and those below them; all of them where none is named."""
    price_from: float | None = None
    price_to: float | None = None
    """Show only what costs this much; a product without a known price is then hidden."""
    never_repeat_days: int = 0
    """Hide what the person was shown within as many days."""
    pin: tuple[Pin, ...] = ()
    """Products at fixed places."""
    boost: tuple[Lever, ...] = ()
    bury: tuple[Lever, ...] = ()
    margin_weight: float = 0.0
    """How much what leaves more of its price is preferred: a score is multiplied by 1 + weight × margin share."""
    most_per_category: int | None = None
    most_per_brand: int | None = None
    """At most so many of one category or brand a list; products that have none are not counted."""

    def __post_init__(self) -> None:
        for name, read in READERS.items():
            object.__setattr__(self, name, read(name, getattr(self, name)))
        if self.price_to is not None and self.price_to < (self.price_from or 0.0):
            values.refuse("price_to", self.price_to, "band")

    @classmethod
    def from_json(cls, given: object) -> Rules:
        """Read rules from plain data, such as ``{"exclude_bought": true, "most_per_brand": 2}``.

        Raises ``RegularsError`` for a rule that there is not, or a value that it cannot have.
        """
        if not isinstance(given, Mapping):
            raise RegularsError(
                "recommend.rules_shape",
                mark("Rules are named values; this is {value}."),
                hint=mark('Write them as {{"exclude_bought": true}}.'),
                value=repr(given)[:80],
            )
        for name in given:
            if name not in READERS:
                near = get_close_matches(str(name), READERS, 1)
                raise RegularsError(
                    "recommend.rule_unknown",
                    mark("There is no rule {rule}."),
                    hint=mark("Did you mean {near}?") if near else mark("There are: {rules}."),
                    rule=repr(name),
                    near=near[0] if near else "",
                    rules=", ".join(READERS),
                )
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Return every rule as plain data; :meth:`from_json` of it gives the same rules."""
        told: dict[str, Any] = {name: getattr(self, name) for name in READERS}
        told["pin"] = {str(pin.place): pin.product_id for pin in self.pin}
        told |= {name: [lever.to_json() for lever in told[name]] for name in ("boost", "bury")}
        return told | {name: list(told[name]) for name in ("exclude", "categories")}

    def factor(self, catalogue: Catalogue) -> NDArray[np.float64]:
        """Return one number a product for every request alike: zero hides, the rest multiplies scores."""
        shown = np.ones(len(catalogue), bool)
        if self.in_stock:
            shown &= catalogue.available
        if self.categories:
            shown &= catalogue.kinds.within(*self.categories)
        if self.price_from is not None:
            shown &= catalogue.prices >= self.price_from
        if self.price_to is not None:
            shown &= catalogue.prices <= self.price_to
        shown[_places(self.exclude, catalogue)] = False
        found = _margin(catalogue, self.margin_weight)
        for lever in (*self.boost, *self.bury):
            there = _chosen(lever, catalogue)
            # However many levers meet at a product, none of them hides it.
            found[there] = np.clip(found[there] * lever.factor, 1e-100, 1e100)
        return np.where(shown, found, 0.0)

    def hidden(self, asking: Asking) -> NDArray[np.bool_]:
        """Return which products this person must not be shown now."""
        found = np.zeros(len(asking.bought), bool)
        if self.exclude_bought:
            found |= asking.bought & (asking.again < self.bought_again_share)
        if self.exclude_in_cart:
            found |= asking.in_cart
        if self.never_repeat_days:
            found |= asking.shown_days < self.never_repeat_days
        return found

    def pinned(self, catalogue: Catalogue) -> tuple[tuple[int, int], ...]:
        """Return place and item of the pinned products that there are, in the order of places."""
        return tuple(
            (pin.place, catalogue.codes[pin.product_id])
            for pin in self.pin
            if pin.product_id in catalogue.codes
        )

    def caps(self, catalogue: Catalogue) -> tuple[tuple[NDArray[np.int64], int], ...]:
        """Return for each cap the group of every product (-1: none) and how many of a group may be shown."""
        wanted = (catalogue.kinds, self.most_per_category), (catalogue.makers, self.most_per_brand)
        return tuple((labels.codes, most) for labels, most in wanted if most is not None)


def _places(names: tuple[str, ...], catalogue: Catalogue) -> list[int]:
    return [catalogue.codes[name] for name in names if name in catalogue.codes]


def _chosen(lever: Lever, catalogue: Catalogue) -> Any:
    if lever.kind == "product":
        return _places((lever.name,), catalogue)
    return (
        catalogue.kinds.within(lever.name) if lever.kind == "category" else catalogue.makers.named(lever.name)
    )


def _margin(catalogue: Catalogue, weight: float) -> NDArray[np.float64]:
    """Return 1 + weight × share of the price that is left; what is not known counts as the average of what is."""
    if not weight:
        return np.ones(len(catalogue))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip((catalogue.prices - catalogue.costs) / catalogue.prices, 0.0, 1.0)
    known = share[np.isfinite(share)]
    usual = float(known.mean()) if len(known) else 0.0
    return 1.0 + weight * np.where(np.isfinite(share), share, usual)
