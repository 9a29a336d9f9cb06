"""The law of engines: DuckDB and Spark read the same four tables and say the same, to the last cent and the last digit."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.shops import make_orders, named_cast

from regulars import metrics, recommend, segments, value
from regulars.lake import Orders, Shop, Workspace
from regulars.recommend import frames as recommend_frames
from regulars.segments import frames as segment_frames
from regulars.segments import occurrences
from regulars.simulator import World, simulate
from regulars.value import frames as value_frames
from regulars.value import groupings, scoring
from regulars.value.assumptions import Minimum
from regulars.value.learning import engagement, features

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(shutil.which("java") is None, reason="needs Java"),
    pytest.mark.skipif(find_spec("pyspark") is None, reason="needs regulars[spark]"),
]


def simulated(folder: Path) -> list[dict[str, Any]]:
    """A year and a half of a small shop: discounts, refunds, cancelled and unpaid orders, guests, and two credit notes."""
    world = World(customers=320, start=date(2024, 8, 1), as_of=date(2026, 1, 31), future_days=0, seed=11)
    shop = simulate(world, folder / "shop")
    costs = {row["product_id"]: row.get("cost") for row in pq.read_table(shop.paths["products"]).to_pylist()}
    rows = []
    for line in pq.read_table(shop.paths["order_lines"]).to_pylist():
        email = (line["email"] or "").lower()
        rows.append(
            {
                "order_id": line["order_id"],
                "customer": line["customer_id"] or (f"guest {email}" if email else None),
                "at": line["ordered_at"],
                "amount": line["unit_price"] * line["quantity"],
                "quantity": line["quantity"],
                "discount": line["discount"],
                "tax": line["tax"],
                "refunded": line["refunded"],
                "shipping": line["shipping"],
                "product": str(line["product_id"]),
                "category": line["category"],
                "cost": costs[line["product_id"]],
                "coupon": line["coupon_code"],
                "channel": line["channel"],
                "country": line["country"],
                "status": line["status"],
            }
        )
    named = [row for row in rows if row["status"] == "paid" and isinstance(row["customer"], int)]
    for number, row in enumerate((named[40], named[400])):
        note = {"order_id": f"credit {number}", "kind": "refund", "amount": row["amount"], "status": "paid"}
        rows.append({"customer": row["customer"], "at": row["at"] + timedelta(days=9), **note})
    return rows


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give guests keys that no member has."""
    guests: dict[str, int] = {}
    for row in rows:
        if isinstance(row["customer"], str):
            row["customer"] = guests.setdefault(row["customer"], 10**12 + len(guests))
    return rows


@pytest.fixture(scope="module", params=["named cast", "simulated"])
def both(
    request: pytest.FixtureRequest, spark: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Orders, Orders]]:
    """The same folder of canonical tables, read by DuckDB and by Spark."""
    if request.param == "named cast":
        rows, shop = named_cast(), Shop(currency="PLN", time_zone="Europe/Warsaw")
    else:
        rows = numbered(simulated(tmp_path_factory.mktemp("simulated")))
        shop = Shop(currency="EUR", time_zone="Europe/Warsaw", delivery_counts=True)
    with make_orders(rows, shop=shop) as duckdb:
        yield duckdb, replace(duckdb, workspace=spark)


def answers(both: tuple[Orders, Orders], frame: Any) -> tuple[pa.Table, pa.Table]:
    """Execute one frame on both engines and put the rows in one order."""
    return tuple(_sorted(orders.workspace.engine.arrow(frame(orders))) for orders in both)  # type: ignore[return-value]


def _sorted(table: pa.Table) -> pa.Table:
    """Sort by all columns; Spark's instants come without the word UTC."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.timestamp("us")))
    return table.sort_by([(name, "ascending") for name in table.column_names])


def test_the_tables_themselves(both: tuple[Orders, Orders]) -> None:
    for name in ("orders", "lines", "products", "identities"):
        mine, theirs = answers(both, lambda orders, name=name: getattr(orders, name))
        assert mine.num_rows > 0
        assert theirs.to_pylist() == mine.to_pylist()


def test_the_frames_of_value(both: tuple[Orders, Orders]) -> None:
    last = both[0].workspace.engine.arrow(value_frames.span(both[0].orders))["last_on"][0].as_py()
    half = last - timedelta(days=60)

    def summary(orders: Orders) -> ir.Table:
        return value_frames.customer_summary(value_frames.purchase_days(orders.orders), half)

    def window(orders: Orders) -> ir.Table:
        return value_frames.spend_between(value_frames.purchase_days(orders.orders), half, last)

    for frame in (
        lambda orders: value_frames.purchase_days(orders.orders),
        lambda orders: value_frames.span(orders.orders),
        lambda orders: value_frames.purchases_by_day(value_frames.purchase_days(orders.orders), half),
        summary,
        window,
        lambda orders: groupings.first_orders(orders.orders, half),
        lambda orders: groupings.first_products(
            orders.lines, orders.products, groupings.first_orders(orders.orders, half)
        ),
        lambda orders: segment_frames.habits(orders.orders, last, recent_days=365),
        lambda orders: segment_frames.returns_from_silence(orders.orders, last, within_days=30),
    ):
        mine, theirs = answers(both, frame)
        assert theirs.to_pylist() == mine.to_pylist()


def test_what_rules_ask_for(both: tuple[Orders, Orders]) -> None:
    for frame in (
        lambda orders: occurrences.of_orders(orders.orders),
        lambda orders: occurrences.of_lines(orders.lines, orders.products),
        lambda orders: occurrences.first_channels(occurrences.of_orders(orders.orders)),
    ):
        mine, theirs = answers(both, frame)
        assert mine.num_rows > 0
        assert theirs.to_pylist() == mine.to_pylist()


def test_events_that_rules_ask_for(both: tuple[Orders, Orders], tmp_path: Path) -> None:
    """Amounts that are no numbers or overflow are unknown, and do not stop Spark, which is strict."""
    known = both[0].workspace.engine.arrow(both[0].products)["product_id"].to_pylist()
    amounts = [None, 0.0, -19.99, 0.1 + 0.2, 1e12, 1e13, -1e300, math.inf, -math.inf, math.nan]
    rows = [
        {
            "customer_key": None if place == 3 else place,
            "occurred_at": datetime(2024, 3, 31, place, 59, 59, 999999, tzinfo=UTC),
            "type": "cart",
            "product_id": (known[0] if known and place % 2 else "gone") if place else None,
            "value": amount,
        }
        for place, amount in enumerate(amounts)
    ]
    schema = pa.schema(
        [
            ("customer_key", pa.int64()),
            ("occurred_at", pa.timestamp("us", "UTC")),
            ("type", pa.string()),
            ("product_id", pa.string()),
            ("value", pa.float64()),
        ]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path := tmp_path / "events.parquet")
    mine, theirs = answers(
        both, lambda orders: occurrences.of_events(orders.workspace.engine.read(path), orders.products)
    )
    assert mine.num_rows == len(rows) - 1
    assert sorted(map(str, theirs.to_pylist())) == sorted(map(str, mine.to_pylist()))
    assert sum(each is not None for each in mine["value"].to_pylist()) == 3


def test_the_frames_of_the_recommender(both: tuple[Orders, Orders]) -> None:
    last = both[0].workspace.engine.arrow(value_frames.span(both[0].orders))["last_on"][0].as_py()
    half = last - timedelta(days=60)
    counted = 0
    for as_of in (None, half):

        def sold(orders: Orders, as_of: date | None = as_of) -> ir.Table:
            return recommend_frames.purchases(orders.lines, as_of)

        for frame in (
            sold,
            lambda orders, as_of=as_of: recommend_frames.goods(orders.lines, orders.products, as_of),
            lambda orders, as_of=as_of: recommend_frames.countries(orders.orders, as_of),
            lambda orders: recommend_frames.customers(orders.identities),
            lambda orders, sold=sold: recommend_frames.together(sold(orders), most=5, top=3),
            lambda orders, sold=sold: recommend_frames.buyers(sold(orders), half),
            # Powers of a half add up to the last bit in any order.
            lambda orders, sold=sold: recommend_frames.profiles(sold(orders), decay=0.5),
        ):
            mine, theirs = answers(both, frame)
            assert theirs.to_pylist() == mine.to_pylist()
            counted += mine.num_rows
    assert counted > 0


def test_what_a_learner_looks_at(both: tuple[Orders, Orders]) -> None:
    last = both[0].workspace.engine.arrow(value_frames.span(both[0].orders))["last_on"][0].as_py()
    half = last - timedelta(days=60)
    names = both[0].workspace.engine.arrow(both[0].identities)["customer_id"].to_pylist()
    seen = pa.table(
        {
            "customer_id": [name if place % 3 else None for place, name in enumerate(names * 5)],
            "visitor_id": [f"v {place // 2}" for place in range(len(names) * 5)],
            "occurred_at": [
                f"{last - timedelta(days=place * 7 % 200)} 12:00" for place in range(len(names) * 5)
            ],
            "product_id": ["tea"] * (len(names) * 5),
            "type": ["cart" if place % 4 == 0 else "view" for place in range(len(names) * 5)],
        }
    )
    looked = [engagement.read(seen, orders) for orders in both]
    scope = features.Scope(half - timedelta(days=400), half, 60)
    tables = []
    for orders, known in zip(both, looked, strict=True):
        days = value_frames.purchase_days(orders.orders)
        assert known.spans(half)
        found = orders.workspace.engine.arrow(features.of_customers(orders, days, scope, known))
        assert {"seen_30", "unseen_days"} <= set(found.column_names)
        tables.append(_sorted(found).to_pylist())
    assert tables[0] == tables[1]
    assert sum(row["carted_30"] for row in tables[0]) > 0


def test_a_recommender_fitted_on_spark_says_the_same(both: tuple[Orders, Orders]) -> None:
    if not both[0].capabilities.products:
        return  # the named cast
    mine, theirs = (recommend.fit(orders, tune=False) for orders in both)
    assert theirs.model.version == mine.model.version
    assert theirs.everyone(5).equals(mine.everyone(5))


def test_all_figures_values_and_segments(both: tuple[Orders, Orders]) -> None:
    costs = pa.table(
        {
            "date": pa.array([date(2024, 1, 10), date(2025, 3, 10), date(2025, 9, 1)]),
            "channel": ["ads", "google ads", "google ads"],
            "spend": pa.array([100.5, 900.25, 310.0]),
        }
    )
    told = []
    for orders in both:
        figures = metrics.compute(orders, costs=costs)
        worth = value.estimate(
            orders,
            margin=0.4,
            horizon_days=180,
            minimum=Minimum(customers=200),
            churn_gap_days=metrics.churn_gap_days(figures),
            lifespan_years=metrics.lifespan_years(figures),
        )
        groups = segments.assign(orders, worth)
        told.append((figures.to_json(), worth, groups))
    (figures, worth, groups), (their_figures, their_worth, their_groups) = told
    for name, figure in figures["figures"].items():
        assert their_figures["figures"][name] == figure, name
    for name, table in figures["tables"].items():
        assert their_figures["tables"][name] == table, name
    assert their_figures == figures
    assert their_worth.customers.to_pylist() == worth.customers.to_pylist()
    assert their_worth.to_json() == worth.to_json()
    assert their_groups.customers.to_pylist() == groups.customers.to_pylist()
    assert their_groups.to_json() == groups.to_json()


def test_scores_in_batches_are_those_of_one_table(both: tuple[Orders, Orders], tmp_path: Path) -> None:
    """On Spark the fitted forecast is pickled to the workers; batches and partitions leave no trace in the last bit."""
    worth = value.estimate(both[0], margin=0.4, horizon_days=180, minimum=Minimum(customers=200))
    if worth.model is None:
        assert len(worth.customers) < 200  # the named cast
        return
    whole = worth.customers.select(scoring.SCHEMA.names).cast(scoring.SCHEMA)
    for batch_rows in (37, 100_000):
        scorer = value.Scorer(worth.model, worth.assumptions, worth.as_of, batch_rows=batch_rows)
        for number, orders in enumerate(both):
            path = tmp_path / f"{number}-{batch_rows}.parquet"
            table = orders.workspace.engine.arrow(value.score(orders, scorer, path=path))
            assert table.sort_by("customer_key").cast(scoring.SCHEMA).equals(whole)
            assert pq.read_table(path).num_rows == len(whole)


def test_partitions_without_rows_score_nothing(spark: Workspace, tmp_path: Path) -> None:
    worth = value.Scorer(None, value.Assumptions(), date(2024, 5, 31))  # type: ignore[arg-type] - never asked
    with make_orders([{"customer": "a", "at": date(2024, 6, 1), "amount": "5"}]) as duckdb:
        for number, orders in enumerate((duckdb, replace(duckdb, workspace=spark))):
            found = value.score(orders, worth, path=tmp_path / str(number))
            assert orders.workspace.engine.arrow(found).num_rows == 0


def test_a_sum_that_floats_would_lose(spark: Workspace) -> None:
    """Cents that vanish beside a large amount in binary floating point do not vanish in either engine."""
    rows = [(1, date(2024, 1, 1), "9007199254740.93")] + [(1, date(2024, 1, 2), "0.01")] * 99
    with make_orders(rows) as duckdb:
        for orders in (duckdb, replace(duckdb, workspace=spark)):
            total = orders.orders.agg(net=orders.orders.net.sum().cast("decimal(38, 4)"))
            assert str(orders.workspace.engine.arrow(total)["net"][0].as_py()) == "9007199254741.9200"


def test_saving_gives_the_same_table_back(both: tuple[Orders, Orders], tmp_path: Path) -> None:
    for number, orders in enumerate(both):
        days = value_frames.purchase_days(orders.orders)
        saved = orders.workspace.engine.save(days, tmp_path / f"{number}.parquet")
        engine = orders.workspace.engine
        assert _sorted(engine.arrow(saved)).to_pylist() == _sorted(engine.arrow(days)).to_pylist()
