"""One order into the store as a load would take it: its customer, its products, then the order itself, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from regulars.catalog import listing
from regulars.customers.recognition import recognise
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.orders import actions, amendments
from regulars.orders.content import content
from regulars.orders.rules import net_of
from regulars.store import database, outbox
from regulars.store.changes import moment
from regulars.store.models import Order, OrderLine
from regulars.store.state import recall, remember

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A line as the shop tells it; money in minor units."""

    product_id: str
    title: str
    category: str
    quantity: Decimal
    gross: int
    discount: int
    tax: int
    refunded: int | None
    """What went back, tax included; None where it is not told."""


@dataclass(frozen=True, slots=True)
class ToldOrder:
    """An order as the shop tells it, all of it."""

    order_id: str
    status: str
    store_id: str
    email: str
    ordered_at: datetime
    """Without a zone: in the shop's own."""
    currency: str
    shipping: int
    shipping_tax: int
    coupon_code: str
    channel: str
    country: str
    lines: tuple[ToldLine, ...]


def take(told: ToldOrder, settings: Settings, now: datetime) -> str:
    """Take an order in, or what it says now; return ``added``, ``changed`` or ``unchanged``.

    Raises :class:`~regulars.kit.errors.RegularsError` for another currency than the shop's, amounts that cannot be, and a credit note's id.
    """
    with database.writing():
        # The order of locks is that of a load, so that none waits for another that waits for it.
        at = instant(told.ordered_at, settings)
        country = told.country[:100]
        customer = recognise(told.store_id, told.email, country, at, now)
        goods = [listing.Sold(each.product_id, each.title, each.category) for each in told.lines]
        products = listing.sold([each for each in goods if each.product_id], now)
        with database.writing("orders"):
            _currency(told.currency, settings)
            before = _before(told.order_id)
            lines = _lines(told, products, before.lines)
            head = _head(told, customer, at, settings, before.order)
            _facts(told)
            row = actions.heads_of([(*head, content(head, lines))])
            arrived = actions.arrive(row, lambda _: [actions.lines_of([(0, *line) for line in lines])], now)
            if arrived.changed:
                _restored(told, before)
            if not arrived.unchanged:
                version = 1 if before.order is None else before.order.version + 1
                _tell(told.order_id, version, customer, now)
    return "added" if arrived.added else "changed" if arrived.changed else "unchanged"


def _tell(order_id: str, version: int, customer: int | None, now: datetime) -> None:
    """Say that an order came, or came to say something else; who it is of stands in the order."""
    who = None if customer is None else f"key:{customer}"
    fact = outbox.ORDER_CREATED if version == 1 else outbox.ORDER_UPDATED
    outbox.tell(fact, order_id, now, order_id=order_id, version=version, customer=who)


def instant(told: datetime, settings: Settings) -> datetime:
    """Return a moment in UTC; one without a zone is in the shop's own."""
    if told.tzinfo is None:
        told = told.replace(tzinfo=ZoneInfo(settings.time_zone))
    return told.astimezone(UTC)


def _head(
    told: ToldOrder, customer: int | None, at: datetime, settings: Settings, before: Order | None
) -> tuple[object, ...]:
    day = at.astimezone(ZoneInfo(settings.time_zone)).date()
    if told.shipping_tax > told.shipping:
        raise _amounts(0)
    # As loads do: what does not count as revenue is not kept.
    shipping_net = told.shipping - told.shipping_tax if settings.delivery_counts else 0
    if before is not None and before.shipping_refunded_minor and before.shipping_minor == told.shipping:
        shipping_net = before.shipping_net_minor
    text = (told.coupon_code[:100], told.channel[:100], told.country[:100])
    return (
        told.order_id, "order", told.status, customer, moment(at), day.isoformat(), told.currency, told.shipping, shipping_net, *text,
    )  # fmt: skip


def _lines(
    told: ToldOrder, products: dict[str, int], before: Sequence[OrderLine]
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for number, line in enumerate(told.lines, 1):
        paid = line.gross - line.discount
        back = line.refunded
        if back is None:
            refunded = _kept(number, line, products, before)
        else:
            refunded = net_of(back, paid, paid - line.tax)
        if min(paid, paid - line.tax, paid - (back or 0), paid - line.tax - refunded) < 0:
            raise _amounts(number)
        key = products.get(line.product_id)
        rows.append((number, key, float(line.quantity), line.gross, line.discount, line.tax, refunded))
    return rows


def _kept(number: int, line: ToldLine, products: dict[str, int], before: Sequence[OrderLine]) -> int:
    """Return what went back of a line that says nothing of it: what the store knows, if the line is the one that it was."""
    was = before[number - 1] if number <= len(before) else None
    if was is None or not was.refunded_minor:
        return 0
    told = (products.get(line.product_id), line.gross, line.discount, line.tax)
    if told != (was.product_id, was.gross_minor, was.discount_minor, was.tax_minor):
        raise RegularsError(
            "orders.refunded_line",
            mark("Line {line} was refunded, and is another one now."),
            hint=mark("Say what went back of it: refunded."),
            kind=Kind.CONFLICT,
            line=number,
        )
    return was.refunded_minor


@dataclass(frozen=True, slots=True)
class _Before:
    """What the store has of an order that is told again."""

    order: Order | None
    lines: Sequence[OrderLine]


def _restored(told: ToldOrder, before: _Before) -> None:
    """Keep to the unit what was paid back of things that are as they were and say nothing of it."""
    order = before.order
    if order is None:
        return
    if order.shipping_refunded_minor and order.shipping_minor == told.shipping:
        Order.objects.filter(id=order.id).update(shipping_refunded_minor=order.shipping_refunded_minor)
    for line, was in zip(told.lines, before.lines, strict=False):
        if line.refunded is None and was.paid_back_minor is not None:
            same = OrderLine.objects.filter(order=order, line=was.line)
            same.update(paid_back_minor=was.paid_back_minor)


def _before(order_id: str) -> _Before:
    """Return what the store has of an order; raises for a credit note."""
    order = Order.objects.filter(order_id=order_id).first()
    if order is None:
        return _Before(None, ())
    if order.kind != "order":
        raise RegularsError(
            "orders.credit_note",
            mark("{order} is a credit note: it takes back already."),
            kind=Kind.CONFLICT,
            order=repr(order_id),
        )
    return _Before(order, list(OrderLine.objects.filter(order=order).order_by("line")))


def _currency(told: str, settings: Settings) -> None:
    """Remember the shop's currency; raises for another one."""
    shop = settings.currency or recall("currency", "")
    if shop and told != shop:
        raise RegularsError(
            "orders.currency",
            mark("The order is in {told}, the shop in {shop}."),
            hint=mark("Convert it before: the shop has one currency."),
            told=told,
            shop=shop,
        )
    if recall("currency", "") != told:
        remember("currency", told)


def _facts(told: ToldOrder) -> None:
    """Remember which facts orders tell, so that figures are worked out of them."""
    here = {
        "products": any(line.product_id for line in told.lines),
        "categories": any(line.category for line in told.lines),
        "discounts": any(line.discount for line in told.lines),
        "tax": any(line.tax for line in told.lines),
        "shipping": told.shipping > 0,
        "refunds": any(line.refunded for line in told.lines),
        "channel": bool(told.channel),
        "country": bool(told.country),
        "coupon": bool(told.coupon_code),
        "status": True,
        "clock": told.ordered_at.time() != time(0),
    }
    learn([name for name, there in here.items() if there])


def learn(facts: Sequence[str]) -> None:
    """Remember that some facts are told from now on; call under the lock of orders."""
    known = recall("capabilities", {})
    fresh = [name for name in facts if not known.get(name)]
    if fresh:
        remember("capabilities", known | dict.fromkeys(fresh, True))


def refund(order_id: str, asked: amendments.Asked, now: datetime) -> bool:
    """Take money back for an order; return whether that is new."""
    with database.writing("orders"):
        _, fresh = amendments.refund(order_id, asked, now)
        if fresh:
            learn(["refunds"])
    return fresh


def change_status(order_id: str, status: str, now: datetime) -> bool:
    """Give an order another status; return whether it had another one."""
    with database.writing("orders"):
        learn(["status"])
        return amendments.change_status(order_id, status, now)


def _amounts(line: int) -> RegularsError:
    return RegularsError(
        "orders.amounts",
        mark("The amounts of line {line} cannot be: more is taken off than it costs (line 0 is delivery)."),
        hint=mark("gross − discount is what was paid, tax and refunded are parts of it."),
        line=line,
    )
