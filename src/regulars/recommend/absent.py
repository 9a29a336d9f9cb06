"""Why a product does not stand in a list although it would without the shop's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import numpy as np

from regulars.kit.i18n import mark
from regulars.recommend.answers import Answer
from regulars.recommend.ask import ask
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.request import NO_RULES, Asked
from regulars.recommend.rules import Rules
from regulars.recommend.slots import Slots

BARE = Rules(in_stock=False, exclude_in_cart=False)
"""Rules that want nothing."""
WHY = {
    "excluded": mark("Left out by name"),
    "out_of_stock": mark("Cannot be bought now"),
    "category": mark("In none of the categories that are shown"),
    "price": mark("Outside the price band, or without a known price"),
    "in_cart": mark("In the cart already"),
    "bought": mark("Bought before, and rarely bought again"),
    "limit": mark("Enough of its category or brand are in the list"),
    "others": mark("Others stand before it by the rules"),
}
"""Why something is absent, by code."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A product that would be shown without rules."""

    product_id: str
    title: str | None
    place: int
    """Where it would stand, from one."""
    why: str
    """A code of :data:`WHY`."""


def absent(
    found: Slots, answer: Answer, k: int, *, products: Sequence[str] = (), **asked: Unpack[Asked]
) -> tuple[Absent, ...]:
    """Return what would stand among the first ``k`` without rules and does not stand in ``answer``, which was asked the same."""
    rules = asked.get("rules") or NO_RULES
    bare: Asked = {**asked, "rules": BARE}
    plain = ask(found, answer.slot, k, products=products, **bare)
    shown = set(answer.product_ids)
    return tuple(
        Absent(pick.product_id, pick.title, place, _why(found, rules, asked, pick.product_id))
        for place, pick in enumerate(plain.picks, 1)
        if pick.product_id not in shown
    )


def _why(found: Slots, rules: Rules, asked: Asked, product_id: str) -> str:
    catalogue = found.catalogue
    item = catalogue.codes[product_id]
    if product_id in rules.exclude:
        return "excluded"
    if rules.in_stock and not catalogue.available[item]:
        return "out_of_stock"
    if rules.categories and not catalogue.kinds.within(*rules.categories)[item]:
        return "category"
    if not _in_band(rules, float(catalogue.prices[item])):
        return "price"
    if rules.exclude_in_cart and product_id in asked.get("cart", ()):
        return "in_cart"
    if rules.exclude_bought and _had(found, asked.get("customer"), item, rules):
        return "bought"
    return "limit" if _limited(rules, catalogue, item) else "others"


def _in_band(rules: Rules, price: float) -> bool:
    if rules.price_from is None and rules.price_to is None:
        return True
    return bool(
        np.isfinite(price)
        and (rules.price_from is None or price >= rules.price_from)
        and (rules.price_to is None or price <= rules.price_to)
    )


def _had(found: Slots, customer: str | None, item: int, rules: Rules) -> bool:
    serving = found.serving
    person = None if customer is None else serving.person(customer)
    if person is None or serving.rate[item] >= rules.bought_again_share:
        return False
    return item in serving.bought(person).items.tolist()


def _limited(rules: Rules, catalogue: Catalogue, item: int) -> bool:
    return any(int(groups[item]) >= 0 for groups, _ in rules.caps(catalogue))
