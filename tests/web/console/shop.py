"""A small shop as a refresh leaves it: customers with scores and segments of a published run, orders, a load, a job."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

AT, DAY = datetime(2024, 5, 1, 12, tzinfo=UTC), date(2024, 5, 1)
TIERS = ("top", "high", "middle", "low")
TITLES = {"top": "Top", "high": "High", "middle": "Middle", "low": "Low"}


def made(customers: int = 12, *, forecast: bool = True, sample: Any = None) -> None:
    """Fill the store. Customer 1 bought most; every third is at risk; nobody else has the names of customer 2."""
    from tests.report.sample import page

    from regulars.report import kept
    from regulars.store import database
    from regulars.store.models import (
        Customer,
        Identifier,
        Import,
        Job,
        Membership,
        Order,
        OrderLine,
        Product,
        Run,
        Score,
    )
    from regulars.store.state import remember

    remember("currency", "PLN")
    with database.writing():
        for name in ("customer", "product", "order"):
            database.numbers(name, max(customers, 3))
    for key in range(1, customers + 1):
        Customer.objects.create(
            id=key, first_name=f"Ada{key}", last_name="Nowak", country="PL", created_at=AT, updated_at=AT
        )
        Identifier.objects.create(customer_id=key, kind="store_id", value=f"c{key}", since=AT)
        Identifier.objects.create(customer_id=key, kind="email", value=f"ada{key}@shop.example", since=AT)
        known = {
            "clv_minor": 100_000 - key // 2,
            "clv_low_minor": 1,
            "clv_high_minor": 200_000,
            "p_alive": 1 / key,
        }
        Score.objects.create(
            run=1, customer_id=key, orders=1 + key % 3, net_minor=5000 - key // 3, aov_minor=500, first_on=DAY,
            last_on=DAY - timedelta(days=key % 5), tier=TIERS[key % 4], lifecycle="active", rfm_group="champions",
            reason="3 orders, about every 5 weeks, the last one 2 weeks ago", **(known if forecast else {}),
        )  # fmt: skip
        if key % 3 == 0:
            Membership.objects.create(run=1, segment="at_risk", customer_id=key)
    Customer.objects.filter(id=2).update(first_name="Żaneta", last_name="Brzęczyszczykiewicz")
    Product.objects.create(id=1, product_id="tea", title="<b>Green</b> tea", updated_at=AT)
    for number in range(1, 4):
        Order.objects.create(
            id=number, order_id=f"FV/{number}", customer_id=1, ordered_at=AT + timedelta(days=number), ordered_on=DAY, currency="PLN",
            content=number, updated_at=AT,
        )  # fmt: skip
        OrderLine.objects.create(order_id=number, line=1, product_id=1, quantity=1, gross_minor=12345)
    sizes = {
        "behaviour": {
            "at_risk": {"title": "At risk", "customers": customers // 3},
            "vip": {"title": "VIP", "customers": 0},
        },
        "tier": {name: {"title": TITLES[name], "customers": sum(TIERS[key % 4] == name for key in range(1, customers + 1))} for name in TIERS},
        "lifecycle": {"active": {"title": "Active customer", "customers": customers}},
    }  # fmt: skip
    Run.objects.create(
        id=1,
        state="published",
        as_of=DAY,
        started_at=AT,
        ended_at=AT,
        page=kept.written(sample or page()),
        sizes=sizes,
    )
    Import.objects.create(
        id=1,
        origin="orders.csv",
        state="done",
        started_at=AT,
        account={"rejected": {"rows": 2}},
        rejects="imports/1.parquet",
    )
    Job.objects.create(kind="refresh", state="waiting", run_at=AT, most_attempts=10, created_at=AT)
