"""Records as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from regulars.orders.amounts import of_line, of_order
from regulars.web.api.money import text
from regulars.web.api.schemas.common import day, instant
from regulars.web.api.schemas.customers import Then
from regulars.web.api.schemas.jobs import JobOut
from regulars.web.api.schemas.products import ProductOut
from regulars.web.api.shop import name_of

if TYPE_CHECKING:
    from regulars.store.models import Customer, Job, Order, OrderLine, Product, Refund, Run, Score

AMOUNTS = ("net", "aov", "clv", "clv_low", "clv_high", "clv_lifetime")
DAYS = ("first_on", "last_on", "next_order_from", "next_order_until")
PLAIN = ("orders", "p_alive", "expected_orders", "tier", "rfm", "rfm_group", "lifecycle", "reason")
PERSON = ("first_name", "last_name", "language", "country", "region", "city")


def worth(score: Score, run: Run, currency: str) -> dict[str, Any]:
    """Return a score."""
    return {
        "run": run.id,
        "as_of": day(run.as_of),
        "currency": currency,
        **{name: text(getattr(score, f"{name}_minor"), currency) for name in AMOUNTS},
        **{name: day(getattr(score, name)) for name in DAYS},
        **{name: getattr(score, name) for name in PLAIN},
    }


def then(row: Mapping[str, Any], currency: str) -> Then:
    """Return what the lake keeps of a customer at one refresh."""
    amounts = {name: text(row[f"{name}_minor"], currency) for name in ("net", "clv", "clv_low", "clv_high")}
    plain = {
        name: row[name]
        for name in ("run", "orders", "p_alive", "expected_orders", "tier", "rfm", "lifecycle")
    }
    return Then(as_of=row["as_of"].isoformat(), **amounts, **plain)


def customer(found: Customer, value: dict[str, Any] | None, segments: Sequence[str]) -> dict[str, Any]:
    """Return a customer whose identifiers are there."""
    known: dict[str, list[str]] = {"store_id": [], "email": [], "phone": []}
    for one in found.identifiers.all():
        known.setdefault(one.kind, []).append(one.value)
    return {
        "id": name_of(found),
        "key": found.id,
        "store_ids": sorted(known["store_id"]),
        "emails": sorted(known["email"]),
        "phones": sorted(known["phone"]),
        **{name: getattr(found, name) for name in PERSON},
        "created_at": instant(found.created_at),
        "updated_at": instant(found.updated_at),
        "value": value,
        "segments": list(segments),
    }


def order(found: Order, lines: Iterable[OrderLine], customer: str | None) -> dict[str, Any]:
    """Return an order with its lines, whose products are there."""
    unit, rows = found.currency, sorted(lines, key=lambda line: line.line)
    whole, back, net = of_order(found, rows)
    told = [_line(line, *of_line(line)[1:], unit) for line in rows]
    return {
        "order_id": found.order_id,
        "key": found.id,
        "kind": found.kind,
        "status": found.status,
        "customer": customer,
        "ordered_at": instant(found.ordered_at),
        "ordered_on": day(found.ordered_on),
        "currency": unit,
        "shipping": text(found.shipping_minor, unit),
        "shipping_refunded": text(found.shipping_refunded_minor, unit),
        "coupon_code": found.coupon_code,
        "channel": found.channel,
        "country": found.country,
        "paid": text(whole, unit),
        "refunded": text(back, unit),
        "net": text(net, unit),
        "version": found.version,
        "lines": told,
    }


def _line(line: OrderLine, given: int, kept: int, unit: str) -> dict[str, Any]:
    product = line.product
    return {
        "line": line.line,
        "product_id": None if product is None else product.product_id,
        "title": None if product is None else product.title or None,
        "quantity": f"{line.quantity.normalize():f}",
        "gross": text(line.gross_minor, unit),
        "discount": text(line.discount_minor, unit),
        "tax": text(line.tax_minor, unit),
        "refunded": text(given, unit),
        "net": text(kept, unit),
    }


def refund(found: Refund, unit: str) -> dict[str, Any]:
    """Return a refund."""
    return {
        "refund_id": found.refund_id,
        "amount": text(found.amount_minor, unit),
        "shipping": text(found.shipping_minor, unit),
        "refunded_at": instant(found.refunded_at),
    }


def product(found: Product, shop_currency: str) -> ProductOut:
    """Return a product."""
    unit = found.currency or shop_currency
    return ProductOut(
        product_id=found.product_id,
        key=found.id,
        title=found.title,
        category=found.category,
        brand=found.brand,
        price=text(found.price_minor, unit),
        cost=text(found.cost_minor, unit),
        currency=unit,
        available=found.available,
        url=found.url,
        image_url=found.image_url,
        # An attribute that another writer kept as text is shown as it is.
        attributes=found.attributes if isinstance(found.attributes, dict) else {},
        listed=found.listed,
        updated_at=instant(found.updated_at) or "",
    )


def job(found: Job) -> JobOut:
    """Return a job."""
    return JobOut(
        id=found.id,
        kind=found.kind,
        state=found.state,
        payload=found.payload,
        progress=round(found.progress, 4),
        step=found.step,
        attempts=found.attempts,
        most_attempts=found.most_attempts,
        error=found.error_code or None,
        result=found.result,
        cancel_asked=found.cancel_asked_at is not None,
        run_at=instant(found.run_at) or "",
        created_at=instant(found.created_at) or "",
        started_at=instant(found.started_at),
        ended_at=instant(found.ended_at),
    )
