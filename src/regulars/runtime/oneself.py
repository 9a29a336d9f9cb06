"""What a person is shown of themselves, and what they say there: of the demo shop and of real shops alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from regulars.orders import amounts, queries
from regulars.privacy import actions as privacy
from regulars.privacy import queries as consents
from regulars.privacy.rules import UNSAID
from regulars.store import database
from regulars.store.models import Order


class Bought(NamedTuple):
    """An order with what it came to."""

    order: Order
    paid: int
    """In minor units of the order's currency, with tax and delivery."""
    refunded: int
    titles: tuple[str, ...]


def orders_of(customer: int, most: int) -> list[Bought]:
    """Return a customer's latest orders, with what was bought; test orders are nobody's."""
    found = []
    for order in queries.of_customer(customer, None, most):
        if order.status == "test":
            continue
        lines = sorted(order.lines.all(), key=lambda line: line.line)
        told = amounts.of_order(order, lines)
        titles = dict.fromkeys(
            line.product.title or line.product.product_id for line in lines if line.product
        )
        found.append(Bought(order, told.paid, told.refunded, tuple(titles)))
    return found


def allowed(customer: int, purposes: Collection[str]) -> dict[str, bool]:
    """Return what holds for some purposes: what the customer said last, else what holds unsaid."""
    said = consents.current(customer)
    return {each: said[each].granted if each in said else UNSAID[each] for each in purposes}


def agree(
    customer: int, agreed: Collection[str], wordings: Mapping[str, str], source: str, now: datetime
) -> int:
    """Write down what a customer agrees to of what they were asked (purpose to wording), each that changed; return how many did."""
    with database.writing():
        before = allowed(customer, wordings)
        changed = [each for each in wordings if before[each] != (each in agreed)]
        for purpose in changed:
            privacy.say(
                customer,
                purpose,
                granted=purpose in agreed,
                at=now,
                source=source,
                wording=wordings[purpose],
                now=now,
            )
    return len(changed)
