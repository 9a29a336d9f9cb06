"""What may be said with every question to a recommender, and what follows from it for a shelf."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.rules import Asking, Rules
from regulars.recommend.shelf import Caps, Factor, Pins

if TYPE_CHECKING:
    from regulars.recommend.model import Model

NO_RULES = Rules()


class Asked(TypedDict, total=False):
    """What every slot takes by name; all of it may be left out."""

    exclude: Collection[str]
    """Product ids that must not be shown."""
    factor: Factor | None
    """One number ≥ 0 a product, in the order of ``data.catalogue``, multiplied with every score; zero hides."""
    rules: Rules | None
    """What the shop wants of this slot; without any, what is out of stock or in the cart is hidden."""
    customer: str | None
    """Who asks, where the slot does not say so itself: for what they bought."""
    cart: Collection[str]
    """Product ids in the cart of whoever asks."""
    shown: Mapping[str, float]
    """Days since whoever asks was last shown a product, by product id."""
    answer_id: str | None
    """The id of the answer; a new one where none is given."""


@dataclass(frozen=True)
class Wanted:
    """What a shelf has to keep to."""

    factor: Factor
    pins: Pins
    caps: Caps


def wanted(model: Model, person: int | None, more: Asked, own: Factor | None = None) -> Wanted:
    """Return what holds for one request; ``own`` is what the slot itself multiplies with."""
    catalogue, rules = model.data.catalogue, more.get("rules") or NO_RULES
    factor = model.factor(rules).copy()
    for other in (own, more.get("factor")):
        if other is not None:
            factor = factor * other
    factor[rules.hidden(_asking(model, person, more, rules))] = 0.0
    factor[items(model, more.get("exclude", ()))] = 0.0
    return Wanted(factor, rules.pinned(catalogue), rules.caps(catalogue))


def items(model: Model, product_ids: Collection[str]) -> list[int]:
    """Return codes of the products there are, in the order given, each once."""
    codes = model.data.catalogue.codes
    return [codes[name] for name in dict.fromkeys(map(str, product_ids)) if name in codes]


def _asking(model: Model, person: int | None, more: Asked, rules: Rules) -> Asking:
    size = model.data.items
    bought, in_cart, shown = np.zeros(size, bool), np.zeros(size, bool), np.full(size, np.inf)
    again: NDArray[np.float64] = np.zeros(size)
    if person is not None and rules.exclude_bought:
        bought[model.data.owned[[person]].indices] = True
        again = model.again.rate
    in_cart[items(model, more.get("cart", ()))] = True
    for name, days in more.get("shown", {}).items():
        shown[items(model, (name,))] = days
    return Asking(bought, again, in_cart, shown)
