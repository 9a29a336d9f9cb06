"""What may be said with every question to a recommender, and what follows from it for a shelf."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.rules import Asking, Rules
from regulars.recommend.serving import Serving
from regulars.recommend.shelf import Caps, Factor, Pins

NO_RULES = Rules()
MOST_RULES = 64


class Asked(TypedDict, total=False):
    """What every slot takes by name; all of it may be left out."""

    exclude: Collection[str]
    """Product ids that must not be shown."""
    factor: Factor | None
    """One number ≥ 0 a product, in the order of ``catalogue``, multiplied with every score; zero hides."""
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

    factor: Factor | None
    """Not to be written to; None where all items count alike."""
    without: list[int]
    """Items that must not be shown."""
    pins: Pins
    caps: Caps


def wanted(
    serving: Serving,
    person: int | None,
    more: Asked,
    own: Factor | None = None,
    without: Collection[int] = (),
) -> Wanted:
    """Return what holds for one request; ``own`` is what the slot itself multiplies with, ``without`` what it leaves out."""
    catalogue, rules = serving.catalogue, more.get("rules") or NO_RULES
    factor = by_rules(catalogue, rules)
    for other in (own, more.get("factor")):
        if other is not None:
            factor = other if factor is None else factor * other
    hidden = [*without, *items(catalogue, more.get("exclude", ())), *_hidden(serving, person, more, rules)]
    return Wanted(factor, hidden, rules.pinned(catalogue), rules.caps(catalogue))


def by_rules(catalogue: Catalogue, rules: Rules) -> Factor | None:
    """Return one number an item by rules, None where all are one; worked out once for the few sets of rules that a shop has."""
    known = catalogue.by_rules.get(rules)
    if known is None:
        if len(catalogue.by_rules) >= MOST_RULES:
            catalogue.by_rules.clear()
        found = rules.factor(catalogue)
        known = catalogue.by_rules[rules] = (None if np.all(found == 1.0) else found,)
    return known[0]


def items(catalogue: Catalogue, product_ids: Collection[str]) -> list[int]:
    """Return codes of the products there are, in the order given, each once."""
    codes = catalogue.codes
    return [codes[name] for name in dict.fromkeys(map(str, product_ids)) if name in codes]


def _hidden(serving: Serving, person: int | None, more: Asked, rules: Rules) -> list[int]:
    """Return what this person must not be shown; what they neither bought, hold nor saw is never among it."""
    catalogue = serving.catalogue
    had = (
        serving.bought(person).items if person is not None and rules.exclude_bought else np.zeros(0, np.int64)
    )
    cart = items(catalogue, more.get("cart", ()))
    shown = {
        catalogue.codes[str(name)]: days
        for name, days in more.get("shown", {}).items()
        if str(name) in catalogue.codes
    }
    named = np.array(sorted({*had.tolist(), *cart, *shown}), np.int64)
    if not len(named):
        return []
    days = np.array([shown.get(item, np.inf) for item in named.tolist()], float)
    again = serving.rate[named] if len(had) else np.zeros(len(named))
    asking = Asking(np.isin(named, had), again, np.isin(named, cart), days)
    return [int(item) for item in named[rules.hidden(asking)]]
