"""Every slot by its name, for doors that are told which one to ask: the command, a page, an edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import Phrase, mark
from regulars.recommend.answers import Answer
from regulars.recommend.request import Asked
from regulars.recommend.slots import Slots

SLOTS: Mapping[str, str] = {
    "for_you": "customer",
    "next_basket": "customer",
    "buy_again": "customer",
    "discover": "customer",
    "similar": "product",
    "because_viewed": "products",
    "session": "products",
    "bought_together": "product",
    "cart": "products",
    "cross_sell": "products",
    "up_sell": "product",
    "trending": "",
    "new_arrivals": "",
}
"""What each slot starts from."""
STARTS = {"customer": mark("a customer"), "product": mark("a product"), "products": mark("products")}


def ask(
    found: Slots,
    slot: str,
    k: int = 10,
    *,
    products: Sequence[str] = (),
    **more: Unpack[Asked],
) -> Answer:
    """Return what a slot shows, by the slot's name; ``customer`` and ``products`` are what it starts from, if it needs them.

    Raises ``RegularsError`` for a slot that there is not, or one without what it starts from. A customer is also told to
    slots that start from products, for rules about what was bought.
    """
    needs = SLOTS.get(slot)
    if needs is None:
        raise RegularsError(
            "recommend.slot_unknown",
            mark("There is no slot {slot}."),
            hint=mark("There are: {slots}."),
            kind=Kind.MISSING,
            slot=repr(slot),
            slots=", ".join(SLOTS),
        )
    customer = more.get("customer")
    if needs and (customer is None if needs == "customer" else not products):
        raise RegularsError(
            "recommend.slot_needs",
            mark("The slot {slot} starts from {start}, and none is given."),
            hint=mark("Give {start}."),
            slot=slot,
            start=Phrase(STARTS[needs]),
        )
    method = getattr(found, {"for_you": "for_customer", "cart": "for_cart"}.get(slot, slot))
    start = {"customer": (customer,), "product": tuple(products[:1]), "products": (products,)}.get(needs, ())
    answer: Answer = method(*start, k=k, **more)
    return answer
