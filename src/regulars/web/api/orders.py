"""Orders, told one by one as they happen."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.http import HttpRequest
from ninja import Router

from regulars.kit import currencies
from regulars.orders import amendments, queries
from regulars.runtime import taking
from regulars.runtime.taking import ToldLine, ToldOrder
from regulars.web.api import money, shown
from regulars.web.api.auth import Scope
from regulars.web.api.once import note, now, write
from regulars.web.api.schemas.orders import LineIn, OrderIn, RefundIn, StatusIn, Taken, Whole
from regulars.web.api.shop import checked_id, name_of, settings

router = Router(tags=["Orders"])


@router.post("/{path:order_id}/refunds", response={201: Taken, 200: Taken}, auth=Scope("orders:write"))
@write
def refund_order(request: HttpRequest, order_id: str, told: RefundIn) -> tuple[int, Taken]:
    """Take money back: of lines, or an amount of all of them, and of delivery; never more than was paid."""
    found = queries.order(order_id)
    if found is None:
        raise amendments.unknown(order_id)
    unit = found.currency
    asked = amendments.Asked(
        told.refund_id,
        None if told.amount is None else money.minor(told.amount, unit, "body.amount"),
        tuple(
            (each.line, money.minor(each.amount, unit, f"body.lines.{n}.amount"))
            for n, each in enumerate(told.lines)
        ),
        money.minor(told.shipping, unit, "body.shipping"),
        taking.instant(told.refunded_at, settings()) if told.refunded_at else now(),
    )
    fresh = taking.refund(order_id, asked, now())
    if fresh:
        note(request, "order.refund", order_id, refund=told.refund_id)
    return (201 if fresh else 200), _taken(order_id, "changed" if fresh else "unchanged")


@router.post("/{path:order_id}/status", response=Taken, auth=Scope("orders:write"))
@write
def change_order_status(request: HttpRequest, order_id: str, told: StatusIn) -> tuple[int, Taken]:
    """Say that an order was paid, cancelled, or is a test."""
    changed = taking.change_status(order_id, told.status, now())
    if changed:
        note(request, "order.status", order_id, status=told.status)
    return 200, _taken(order_id, "changed" if changed else "unchanged")


@router.get("/{path:order_id}", response=Whole, auth=Scope("orders:read"))
def read_order(request: HttpRequest, order_id: str) -> Whole:  # noqa: ARG001
    """Return one order with its lines and refunds."""
    return _whole(order_id)


@router.put("/{path:order_id}", response={201: Taken, 200: Taken}, auth=Scope("orders:write"))
@write
def put_order(request: HttpRequest, order_id: str, told: OrderIn) -> tuple[int, Taken]:
    """Tell a whole order; told again it changes nothing, told differently it takes the place of what was told.

    What was refunded stays unless a line says what went back of it. Delivery that was paid back is forgotten where delivery has another price.
    """
    state = taking.take(_told(checked_id(order_id), told), settings(), now())
    if state != "unchanged":
        note(request, "order.put", order_id, state=state)
    return (201 if state == "added" else 200), _taken(order_id, state)


def _told(order_id: str, told: OrderIn) -> ToldOrder:
    buyer = told.customer
    return ToldOrder(
        order_id=order_id,
        status=told.status,
        store_id=(buyer and buyer.id) or "",
        email=(buyer and buyer.email) or "",
        ordered_at=told.ordered_at,
        currency=told.currency,
        shipping=money.minor(told.shipping, told.currency, "body.shipping"),
        shipping_tax=money.minor(told.shipping_tax, told.currency, "body.shipping_tax"),
        coupon_code=told.coupon_code.strip(),
        channel=told.channel.strip(),
        country=told.country.strip(),
        lines=tuple(_line(n, line, told.currency) for n, line in enumerate(told.lines)),
    )


def _line(place: int, line: LineIn, unit: str) -> ToldLine:
    def minor(name: str, told: str) -> int:
        return money.minor(told, unit, f"body.lines.{place}.{name}")

    return ToldLine(
        product_id=line.product_id or "",
        title=line.title.strip(),
        category=line.category.strip(),
        quantity=line.quantity,
        gross=_gross(line, minor("gross", line.gross) if line.gross is not None else None, unit),
        discount=minor("discount", line.discount),
        tax=minor("tax", line.tax),
        refunded=None if line.refunded is None else minor("refunded", line.refunded),
    )


def _gross(line: LineIn, gross: int | None, unit: str) -> int:
    if gross is not None:
        return gross
    # A price of one piece may have more digits than can be paid; the line is rounded, as loads do.
    whole = Decimal(line.unit_price or "0") * line.quantity
    digits = currencies.digits(unit)
    return int(whole.scaleb(digits).to_integral_value(ROUND_HALF_UP))


def _whole(order_id: str) -> Whole:
    found = queries.order(order_id)
    if found is None:
        raise amendments.unknown(order_id)
    buyer = None if found.customer is None else name_of(found.customer)
    refunds = [shown.refund(each, found.currency) for each in found.refunds.order_by("refunded_at", "id")]
    return Whole(**shown.order(found, queries.lines(found), buyer), refunds=refunds)


def _taken(order_id: str, state: str) -> Taken:
    return Taken(order_id=order_id, state=state, order=_whole(order_id))
