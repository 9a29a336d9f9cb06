"""Compare a whole ``Figures`` with the oracle; used on every shop of these tests."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from regulars.kit.unknown import Unknown
from regulars.metrics.cohorts import HORIZONS
from regulars.metrics.gaps import REPEAT_DAYS

CENT = Decimal("0.0001")


def same(found, expected, name):
    """An unknown must be unknown, money exact to a hundredth of a cent, shares to rounding."""
    if expected is None:
        assert isinstance(found, Unknown) or found is None, f"{name}: {found!r} instead of unknown"
    elif isinstance(found, Decimal):
        assert found == Decimal(expected).quantize(CENT), name
    else:
        assert not isinstance(found, Unknown), f"{name}: {found}"
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12), name


def agrees(figures, shop, told, *, margin=Decimal(1)):
    absent = set()
    if not told.discounts:
        absent |= {"discount", "discounted_orders_share", "discount_share"}
    if not told.refunds:
        absent |= {"refunded", "refund_share"}
    recent, previous, overall = shop.recent(), shop.previous(), shop.overall()
    for name, value in recent.items():
        same(figures[name].value, None if name in absent else value, name)
        gone = previous is None or name in absent
        same(figures[name].previous, None if gone else previous[name], f"{name} before")
        if name != "returning_rate":
            same(
                figures[f"{name}_overall"].value, None if name in absent else overall[name], f"{name} overall"
            )
    for days in REPEAT_DAYS:
        same(figures[f"repeat_rate_{days}"].value, shop.repeat_rate(days), f"repeat {days}")
    same(figures["one_time_share"].value, shop.one_time_share(), "one-time")
    for name, percent in (("gap_median", 50), ("gap_p80", 80), ("gap_p90", 90)):
        same(figures[name].value, shop.gap_quantile(percent), name)
    churn = shop.churn()
    same(figures["churn_rate"].value, churn, "churn")
    same(figures["lifespan_years"].value, shop.days / 365 / churn if churn else None, "lifespan")
    value_agrees(figures, shop, margin)
    tables_agree(figures.tables, shop, margin)


def value_agrees(figures, shop, margin):
    people, churn, recent = shop.people, shop.churn(), shop.recent()
    total = shop.to_date() * margin
    same(figures["clv_historical_total"].value, total if people else None, "historical total")
    same(figures["clv_historical"].value, total / len(people) if people else None, "historical mean")
    if churn and recent["orders"] and recent["customers"]:
        yearly = recent["purchase_frequency"] * 365 / shop.days
        lifespan = shop.days / 365 / churn
        expected = float(recent["aov"]) * yearly * lifespan * float(margin)
        assert float(figures["clv_traditional"].value) == pytest.approx(expected, rel=1e-9, abs=1e-3)
    else:
        assert isinstance(figures["clv_traditional"].value, Unknown)
    for days in HORIZONS:
        ltv = shop.ltv(days)
        same(figures[f"ltv_{days}"].value, None if ltv is None else ltv * margin, f"ltv {days}")


def tables_agree(tables, shop, margin):
    found = {(row["cohort"], row["month_index"]): row for row in tables["retention"].records()}
    cells = shop.retention()
    assert {key: (row["customers"], row["size"], row["unfinished"]) for key, row in found.items()} == cells
    assert all(row["share"] == pytest.approx(row["customers"] / row["size"]) for row in found.values())
    whole = defaultdict(lambda: [0, 0])
    for (_, index), (came, size, unfinished) in cells.items():
        if not unfinished:
            whole[index][0] += came
            whole[index][1] += size
    means = {
        row["month_index"]: [row["customers"], row["size"]] for row in tables["retention_mean"].records()
    }
    assert means == dict(whole)
    worth = {(row["cohort"], row["month_index"]): row["total"] for row in tables["cohort_ltv"].records()}
    assert worth == {key: (net * margin).quantize(CENT) for key, net in shop.cohort_value().items()}
    months = tables["months"].records()
    expected = shop.months()
    assert [{name: row[name] for name in expected[0]} for row in months] == expected
    gaps = [row["days"] for row in tables["gap_histogram"].records() for _ in range(row["gaps"])]
    assert gaps == shop.gaps()
    curve = [
        (row["day"], pytest.approx(row["share"]), row["at_risk"]) for row in tables["second_order"].records()
    ]
    assert curve == shop.kaplan_meier()
    bought = [row for row in shop.rows if row["kind"] == "order"]
    weekdays = [sum(row["ordered_on"].isoweekday() == day for row in bought) for day in range(1, 8)]
    assert [row["orders"] for row in tables["weekdays"].records()] == (weekdays if shop.rows else [])
