"""What an order came to: what was paid, what went back, and what the shop keeps of its goods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from regulars.orders.amendments import paid
from regulars.store.models import Order, OrderLine


class Amounts(NamedTuple):
    """In minor units of the order's currency."""

    paid: int
    """With tax and delivery."""
    refunded: int
    net: int
    """Without tax, delivery and what went back."""


class LineAmounts(NamedTuple):
    """In minor units of the order's currency."""

    paid: int
    given: int
    """What went back, tax included."""
    kept: int


def of_line(line: OrderLine) -> LineAmounts:
    """Return what a line came to."""
    money = paid(line)
    # A line that takes back has nothing that was paid: all it says is what went back.
    given = line.refunded_minor if money.paid <= 0 else money.given
    return LineAmounts(money.paid, given, money.net - line.refunded_minor)


def of_order(order: Order, lines: Iterable[OrderLine]) -> Amounts:
    """Return what an order came to, delivery included."""
    each = [of_line(line) for line in lines]
    return Amounts(
        order.shipping_minor + sum(line.paid for line in each),
        order.shipping_refunded_minor + sum(line.given for line in each),
        sum(line.kept for line in each),
    )
