"""Small shops for tests: a list of rows becomes the canonical tables that every room reads, without any source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.lake import Capabilities, Orders, Shop, open_workspace

MONEY = pa.decimal128(18, 4)
ORDERS = pa.schema(
    [
        ("order_key", pa.int64()),
        ("customer_key", pa.int64()),
        ("ordered_at", pa.timestamp("us", "UTC")),
        ("ordered_on", pa.date32()),
        ("kind", pa.string()),
        ("status", pa.string()),
        ("valid", pa.bool_()),
        ("lines", pa.int32()),
        ("units", MONEY),
        ("gross", MONEY),
        ("discount", MONEY),
        ("shipping", MONEY),
        ("tax", MONEY),
        ("refunded", MONEY),
        ("net", MONEY),
        ("coupon_code", pa.string()),
        ("channel", pa.string()),
        ("country", pa.string()),
    ]
)
LINES = pa.schema(
    [
        ("order_key", pa.int64()),
        ("line", pa.int32()),
        ("customer_key", pa.int64()),
        ("product_key", pa.int64()),
        ("ordered_on", pa.date32()),
        ("kind", pa.string()),
        ("valid", pa.bool_()),
        ("quantity", MONEY),
        ("gross", MONEY),
        ("discount", MONEY),
        ("tax", MONEY),
        ("refunded", MONEY),
        ("net", MONEY),
    ]
)
PRODUCTS = pa.schema(
    [
        ("product_key", pa.int64()),
        ("product_id", pa.string()),
        ("title", pa.string()),
        ("category", pa.string()),
        ("cost", MONEY),
    ]
)
REFERRALS = pa.schema([("customer_key", pa.int64()), ("referrer_key", pa.int64()), ("named_on", pa.date32())])
IDENTITIES = pa.schema([("customer_key", pa.int64()), ("customer_id", pa.string())])
FIELDS = ("customer", "at", "amount", "discount", "refunded", "tax", "shipping")

Row = Mapping[str, Any] | Sequence[Any]


def make_orders(
    rows: Iterable[Row],
    *,
    shop: Shop | None = None,
    capabilities: Capabilities | None = None,
    intake: dict[str, Any] | None = None,
    engine: str = "duckdb",
    folder: Path | None = None,
) -> Orders:
    """Make an ``Orders`` from rows: tuples ``(customer, at, amount[, discount, refunded, tax, shipping])`` or dicts.

    A dict may also have ``product``, ``category``, ``cost``, ``quantity``, ``channel``, ``country``, ``coupon``,
    ``status`` (paid), ``kind`` (order) and ``order_id``: rows with the same ``order_id`` are lines of one order
    (customer, moment and the like come from its first row). ``customer`` is an int (its own key), a string (keys
    1, 2, … by first appearance) or None; ``at`` is a date or a datetime (naive: in the shop's own time zone).
    ``amount`` is the gross merchandise amount; for ``kind="refund"`` it is what the credit note takes back.
    Capabilities are those that the rows use, unless given. Close the result (it is a context manager).
    """
    shop = shop or Shop(currency="EUR")
    dicts = [_as_dict(row) for row in rows]
    customers: dict[Any, int] = {}
    products: dict[str, dict[str, Any]] = {}
    orders: dict[Any, dict[str, Any]] = {}
    lines: list[dict[str, Any]] = []
    for number, row in enumerate(dicts, start=1):
        order_id = row.get("order_id", f"#{number}")
        head = orders.get(order_id) or orders.setdefault(
            order_id, _head(row, len(orders) + 1, customers, shop)
        )
        line = _line(row, head, _product(row, products))
        lines.append(line)
        _add(head, line, row, shop)
    workspace = open_workspace(engine=engine, folder=folder, memory_limit="1GB", threads=2)
    place = workspace.folder / "canonical"
    place.mkdir()
    identities = [{"customer_key": key, "customer_id": str(customer)} for customer, key in customers.items()]
    for name, schema, records in (
        ("orders", ORDERS, list(orders.values())),
        ("lines", LINES, lines),
        ("products", PRODUCTS, list(products.values())),
        ("identities", IDENTITIES, identities),
        ("referrals", REFERRALS, _referrals(dicts, customers)),
    ):
        pq.write_table(pa.Table.from_pylist(records, schema=schema), place / f"{name}.parquet")
    return Orders(workspace, place, shop, capabilities or _capabilities(dicts), intake or {})


def _as_dict(row: Row) -> dict[str, Any]:
    return dict(row) if isinstance(row, Mapping) else dict(zip(FIELDS, row, strict=False))


def _money(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.0001"))


def _head(row: dict[str, Any], order_key: int, customers: dict[Any, int], shop: Shop) -> dict[str, Any]:
    at, zone, customer = row["at"], ZoneInfo(shop.time_zone), row.get("customer")
    if not isinstance(at, datetime):
        at = datetime.combine(at, time(0))
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    if customer is not None and customer not in customers:
        customers[customer] = customer if isinstance(customer, int) else len(customers) + 1
    status = row.get("status", "paid")
    zeros = dict.fromkeys(("units", "gross", "discount", "shipping", "tax", "refunded", "net"), Decimal(0))
    return {
        "order_key": order_key,
        "customer_key": None if customer is None else customers[customer],
        "ordered_at": at.astimezone(UTC),
        "ordered_on": at.astimezone(zone).date(),
        "kind": row.get("kind", "order"),
        "status": status,
        "valid": status == "paid",
        "lines": 0,
        **zeros,
        "coupon_code": row.get("coupon"),
        "channel": row.get("channel"),
        "country": row.get("country"),
    }


def _product(row: dict[str, Any], products: dict[str, dict[str, Any]]) -> int | None:
    name = row.get("product")
    if name is None:
        return None
    if name not in products:
        products[name] = {
            "product_key": len(products) + 1,
            "product_id": name,
            "title": row.get("title", f"Product {name}"),
            "category": row.get("category"),
            "cost": None if row.get("cost") is None else _money(row["cost"]),
        }
    return int(products[name]["product_key"])


def _line(row: dict[str, Any], head: dict[str, Any], product_key: int | None) -> dict[str, Any]:
    amount = _money(row["amount"])
    note = head["kind"] == "refund"
    gross = Decimal(0) if note else amount
    discount, tax = _money(row.get("discount")), _money(row.get("tax"))
    refunded = abs(amount) if note else _money(row.get("refunded"))
    return {
        **{name: head[name] for name in ("order_key", "customer_key", "ordered_on", "kind", "valid")},
        "line": head["lines"] + 1,
        "product_key": product_key,
        "quantity": _money(row.get("quantity", 1)),
        "gross": gross,
        "discount": discount,
        "tax": tax,
        "refunded": refunded,
        "net": gross - discount - tax - refunded,
    }


def _add(head: dict[str, Any], line: dict[str, Any], row: dict[str, Any], shop: Shop) -> None:
    head["lines"] += 1
    for name in ("gross", "discount", "tax", "refunded", "net"):
        head[name] += line[name]
    if head["kind"] == "order":
        head["units"] += line["quantity"]
    shipping = _money(row.get("shipping"))
    head["shipping"] += shipping
    if shop.delivery_counts:
        head["net"] += shipping


def _referrals(rows: list[dict[str, Any]], customers: dict[Any, int]) -> list[dict[str, Any]]:
    """Who brought whom (``referred_by``: the referrer as ``customer`` names them), as sound as the door leaves it."""
    found: dict[int, dict[str, Any]] = {}
    for row in sorted(
        (row for row in rows if row.get("referred_by") in customers), key=lambda row: row["at"]
    ):
        one, other = customers[row["customer"]], customers[row["referred_by"]]
        on = row["at"].date() if isinstance(row["at"], datetime) else row["at"]
        if one != other:
            found.setdefault(one, {"customer_key": one, "referrer_key": other, "named_on": on})
    return list(found.values())


def _capabilities(rows: list[dict[str, Any]]) -> Capabilities:
    def used(name: str) -> bool:
        return any(row.get(name) is not None for row in rows)

    return Capabilities(
        products=used("product"),
        categories=used("category"),
        discounts=used("discount"),
        tax=used("tax"),
        shipping=used("shipping"),
        refunds=used("refunded") or any(row.get("kind") == "refund" for row in rows),
        channel=used("channel"),
        country=used("country"),
        coupon=used("coupon"),
        cost=used("cost"),
        status=used("status"),
        referrals=used("referred_by"),
        clock=any(isinstance(row["at"], datetime) for row in rows),
    )


def named_cast() -> list[dict[str, Any]]:
    """A small fixed shop: Ada every week, Ben once, Cleo lapsed, Dan with refunds, Eve at a discount, a guest."""
    rows: list[dict[str, Any]] = []

    def buys(customer: str | None, on: date, amount: str, product: str, category: str, **more: Any) -> None:
        rows.append(
            {
                "customer": customer,
                "at": on,
                "amount": amount,
                "product": product,
                "category": category,
                **more,
            }
        )

    for week in range(20):
        on = date.fromordinal(date(2024, 1, 1).toordinal() + 7 * week)
        buys("Ada", on, "25.00", "tea", "drinks", channel="search", country="PL")
    buys("Ben", date(2024, 2, 10), "80.00", "lamp", "home", channel="ads", country="DE")
    for on in (date(2023, 3, 5), date(2023, 4, 2), date(2023, 5, 20)):
        buys("Cleo", on, "40.50", "mug", "home", channel="search", country="PL")
    buys("Dan", date(2023, 11, 3), "60.00", "lamp", "home", refunded="60.00", channel="ads", country="DE")
    buys("Dan", date(2024, 3, 1), "30.00", "mug", "home", channel="mail", country="DE")
    buys("Dan", date(2024, 3, 9), "10.00", "mug", "home", kind="refund", channel="mail", country="DE")
    for on in (date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29), date(2024, 4, 30)):
        buys("Eve", on, "50.00", "tea", "drinks", discount="15.00", coupon="EVE30", country="PL")
    buys(None, date(2024, 4, 1), "12.34", "tea", "drinks", channel="search", country="PL")
    buys("Fay", date(2024, 5, 1), "99.99", "lamp", "home", status="cancelled", channel="ads", country="PL")
    return rows
