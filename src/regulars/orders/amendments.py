"""What happens to an order after it was placed: it is paid or cancelled, and money goes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.orders import rules
from regulars.orders.content import HEAD, content
from regulars.orders.rules import Paid
from regulars.store import bulk, database, outbox
from regulars.store.changes import MARK, moment
from regulars.store.models import Order, OrderLine, Refund


@dataclass(frozen=True, slots=True)
class Asked:
    """A refund as it is told: of lines, or of an amount of all lines together; and of delivery."""

    refund_id: str
    amount: int | None
    """In minor units with tax, of all lines by what is left of them; None where lines are told."""
    lines: tuple[tuple[int, int], ...]
    """Line and amount."""
    shipping: int
    refunded_at: datetime

    @property
    def digest(self) -> str:
        """Return a hash of what goes back."""
        told = json.dumps([self.amount, sorted(self.lines), self.shipping])
        return hashlib.sha256(told.encode()).hexdigest()


def paid(line: OrderLine) -> Paid:
    """Return what was paid for a line, and what went back."""
    whole = line.gross_minor - line.discount_minor
    return Paid(whole, whole - line.tax_minor, line.refunded_minor, line.paid_back_minor)


def change_status(order_id: str, status: str, now: datetime) -> bool:
    """Give an order another status; return whether it had another one. Raises where there is no such order."""
    with database.writing("orders"):
        order = _order(order_id)
        if order.status == status:
            return False
        before, order.status = order.status, status
        _changed(order, _lines(order), now)
        outbox.tell(
            outbox.ORDER_STATUS,
            order_id,
            now,
            order_id=order_id,
            version=order.version,
            before=before,
            status=status,
        )
    return True


def refund(order_id: str, asked: Asked, now: datetime) -> tuple[Refund, bool]:
    """Take money back for an order; return the refund, and whether it is new.

    A refund that is told twice takes back once. Raises where there is no such order or line, where more would go back than was paid, and
    where the same id came with another refund.
    """
    with database.writing("orders"):
        order = _order(order_id)
        known = Refund.objects.filter(order=order, refund_id=asked.refund_id).first()
        if known is not None:
            _same(known, asked)
            return known, False
        if order.kind != "order":
            raise RegularsError(
                "orders.credit_note",
                mark("{order} is a credit note: it takes back already."),
                kind=Kind.CONFLICT,
                order=repr(order_id),
            )
        lines = _lines(order)
        parts = _taken(order, lines, asked)
        made = Refund.objects.create(
            order=order,
            refund_id=asked.refund_id,
            amount_minor=sum(parts.values()) + asked.shipping,
            shipping_minor=asked.shipping,
            lines=sorted(parts.items()),
            asked=asked.digest,
            refunded_at=asked.refunded_at,
        )
        _changed(order, lines, now)
        outbox.tell(
            outbox.ORDER_REFUNDED,
            order_id,
            now,
            order_id=order_id,
            version=order.version,
            refund_id=asked.refund_id,
        )
    return made, True


def _taken(order: Order, lines: Sequence[OrderLine], asked: Asked) -> dict[int, int]:
    """Take a refund from the lines and the delivery of an order; return what each line bears."""
    by_number = {line.line: line for line in lines}
    parts = rules.bearing(asked.amount, asked.lines, {n: paid(line).room for n, line in by_number.items()})
    for number, amount in parts.items():
        line = by_number[number]
        after = paid(line).less(amount)
        line.refunded_minor, line.paid_back_minor = after.refunded, after.back
    left = order.shipping_minor - order.shipping_refunded_minor
    if asked.shipping > left:
        raise rules.too_much()
    if asked.shipping:
        kept = Paid(left, order.shipping_net_minor, 0, 0).less(asked.shipping)
        order.shipping_net_minor -= kept.refunded
        order.shipping_refunded_minor += asked.shipping
    return parts


def _same(known: Refund, asked: Asked) -> None:
    if known.asked != asked.digest:
        raise RegularsError(
            "orders.refund_differs",
            mark("The refund {refund} was told before with other amounts."),
            hint=mark("A refund does not change: give another one an id of its own."),
            kind=Kind.CONFLICT,
            refund=repr(asked.refund_id),
        )


def _order(order_id: str) -> Order:
    order = Order.objects.filter(order_id=order_id).first()
    if order is None:
        raise unknown(order_id)
    return order


def unknown(order_id: str) -> RegularsError:
    """Return the error for an order that there is not."""
    return RegularsError(
        "orders.missing",
        mark("There is no order {order}."),
        hint=mark("PUT it first."),
        kind=Kind.MISSING,
        order=repr(order_id),
    )


def _lines(order: Order) -> list[OrderLine]:
    return list(OrderLine.objects.filter(order=order).order_by("line"))


def _changed(order: Order, lines: Sequence[OrderLine], now: datetime) -> None:
    """Write an order and its lines under a new version, and mark it for the lake."""
    order.content = content(head(order), map(row, lines))
    order.version, order.updated_at = order.version + 1, now
    order.save()
    OrderLine.objects.bulk_update(lines, ["refunded_minor", "paid_back_minor"], batch_size=200)
    bulk.execute_many(MARK, [(order.id, order.version)])


def head(order: Order) -> tuple[Any, ...]:
    """Return what an order of the store says, as a row of ``HEAD`` without the last."""
    told = {name: getattr(order, name) for name in HEAD[:-1]}
    return tuple((told | {"ordered_at": moment(order.ordered_at)}).values())


def row(line: OrderLine) -> tuple[Any, ...]:
    """Return what a line of the store says, as a row of ``LINE``."""
    money = (line.gross_minor, line.discount_minor, line.tax_minor, line.refunded_minor)
    return (line.line, line.product_id, line.quantity, *money)


__all__ = ["Asked", "change_status", "head", "paid", "refund", "row", "unknown"]
