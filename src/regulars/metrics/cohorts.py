"""Customers by the month of their first order: who comes back, and what they have brought by each age."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.metrics.figures import Column, Figure, Table, Value
from regulars.metrics.money import NO_CUSTOMERS, ZERO, Totals
from regulars.metrics.period import CENT, Period, month_end, month_of, number_of, per, share
from regulars.metrics.shapes import table

HORIZONS = (30, 60, 90, 180, 360, 720)
RETENTION_MONTHS = (1, 3, 6, 12)

COHORT = Column("cohort", mark("Month of the first order"), "month")
INDEX = Column("month_index", mark("Months since the first order"), "count")
SIZE = Column("size", mark("Customers of the cohort"), "count")
UNFINISHED = Column("unfinished", mark("Month not over yet"), "flag")


@dataclass(slots=True)
class Cohort:
    """One month's new customers: by month index, who ordered and the net they brought."""

    month: int
    customers: dict[int, int] = field(default_factory=dict)
    net: dict[int, Decimal] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Customers whose first order lies in the month."""
        return self.customers.get(0, 0)


def cohorts(cells: list[dict[str, Any]]) -> list[Cohort]:
    """Arrange the engine's cells; what was taken back before the first order counts in month 0."""
    found: dict[int, Cohort] = {}
    for cell in cells:
        if cell["cohort"] is None:
            continue
        cohort = found.setdefault(cell["cohort"], Cohort(cell["cohort"]))
        index = max(cell["month"] - cell["cohort"], 0)
        cohort.customers[index] = cohort.customers.get(index, 0) + cell["customers"]
        cohort.net[index] = cohort.net.get(index, ZERO) + cell["net"]
    return [found[month] for month in sorted(found)]


def retention(found: Sequence[Cohort], period: Period) -> Iterator[Figure | Table]:
    """Yield the retention matrix, its weighted mean row, and the mean of a few months as figures."""
    rows = [
        {
            "cohort": month_of(cohort.month),
            "month_index": index,
            "customers": cohort.customers.get(index, 0),
            "size": cohort.size,
            "share": share(cohort.customers.get(index, 0), cohort.size),
            "unfinished": unfinished,
        }
        for cohort in found
        for index, unfinished in _span(cohort, period)
    ]
    yield table(
        "retention",
        mark("Retention by month of the first order"),
        mark(
            "Customers of the cohort with an order in the calendar month, divided by all customers of the cohort. "
            "Month 0 is the month of the first order."
        ),
        (
            COHORT,
            INDEX,
            Column("customers", mark("Customers with an order"), "count"),
            SIZE,
            Column("share", mark("Share"), "share"),
            UNFINISHED,
        ),
        rows,
        period.overall,
        empty=NO_CUSTOMERS,
    )
    mean = _mean(rows)
    yield table(
        "retention_mean",
        mark("Mean retention"),
        mark("Customers with an order divided by customers, over all cohorts for which the month is over."),
        (
            INDEX,
            Column("customers", mark("Customers with an order"), "count"),
            SIZE,
            Column("share", mark("Share"), "share"),
        ),
        mean,
        period.overall,
        empty=NO_CUSTOMERS,
    )
    shares: dict[int, float] = {row["month_index"]: row["share"] for row in mean}
    for months in RETENTION_MONTHS:
        yield Figure(
            f"retention_m{months}",
            mark("Retention in month {months}"),
            shares.get(months, _no_month(months)),
            "share",
            mark(
                "Customers ordering in the {months}. calendar month after the month of their first order, divided by "
                "all customers, over the cohorts for which that month is over."
            ),
            period.overall,
            values=(("months", months),),
        )


def _no_month(months: int) -> Unknown:
    return Unknown.because(
        "cohort_too_young_months",
        mark("No cohort is {months} whole months old yet."),
        months=months,
    )


def _span(cohort: Cohort, period: Period) -> Iterator[tuple[int, bool]]:
    """Yield every month index of a cohort until now, and whether that month still runs."""
    for index in range(number_of(period.as_of) - cohort.month + 1):
        yield index, month_end(cohort.month + index) > period.as_of


def _mean(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sums: dict[int, list[int]] = {}
    for row in rows:
        if not row["unfinished"]:
            both = sums.setdefault(row["month_index"], [0, 0])
            both[0] += row["customers"]
            both[1] += row["size"]
    return [
        {"month_index": index, "customers": part, "size": whole, "share": share(part, whole)}
        for index, (part, whole) in sorted(sums.items())
    ]


def lifetime_value(found: Sequence[Cohort], period: Period, margin: Decimal) -> Iterator[Table]:
    """Yield cumulative contribution by cohort and month index, and its mean weighted by cohort size."""
    rows: list[dict[str, Any]] = []
    for cohort in found:
        total = ZERO
        for index, unfinished in _span(cohort, period):
            total += cohort.net.get(index, ZERO)
            worth = total * margin
            rows.append(
                {
                    "cohort": month_of(cohort.month),
                    "month_index": index,
                    "size": cohort.size,
                    "total": worth.quantize(CENT),
                    "ltv": per(worth, cohort.size),
                    "unfinished": unfinished,
                }
            )
    ltv = Column("ltv", mark("Contribution per customer"), "money")
    total_column = Column("total", mark("Contribution so far"), "money")
    yield table(
        "cohort_ltv",
        mark("Cumulative value by month of the first order"),
        mark(
            "Net revenue of the cohort until the end of the month times the margin, divided by the customers of the "
            "cohort; without a margin it is net revenue."
        ),
        (COHORT, INDEX, SIZE, total_column, ltv, UNFINISHED),
        rows,
        period.overall,
        empty=NO_CUSTOMERS,
    )
    yield table(
        "cohort_ltv_mean",
        mark("Mean cumulative value"),
        mark(
            "Contribution until the end of the month divided by customers, over all cohorts for which the month is over."
        ),
        (INDEX, SIZE, total_column, ltv),
        _mean_value(rows),
        period.overall,
        empty=NO_CUSTOMERS,
    )


def _mean_value(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sizes: dict[int, int] = {}
    totals: dict[int, Decimal] = {}
    for row in rows:
        if not row["unfinished"]:
            index = row["month_index"]
            sizes[index] = sizes.get(index, 0) + row["size"]
            totals[index] = totals.get(index, ZERO) + row["total"]
    return [
        {"month_index": k, "size": sizes[k], "total": totals[k], "ltv": per(totals[k], sizes[k])}
        for k in sorted(sizes)
    ]


def by_days(
    ages: list[dict[str, Any]], firsts: list[dict[str, Any]], period: Period, margin: Decimal
) -> Iterator[Figure | Table]:
    """Yield the N-day LTV: contribution within N days of the first order, over customers at least N days old."""
    rows = []
    definition = mark(
        "Net revenue within {days} days of the first order times the margin, divided by the customers whose first "
        "order was at least {days} days ago; without a margin it is net revenue."
    )
    for slot, days in enumerate(HORIZONS):
        until = period.as_of - timedelta(days=days)
        size = sum(row["customers"] for row in firsts if row["first_on"] <= until)
        net = sum((row["net"] for row in ages if row["first_on"] <= until and row["slot"] <= slot), ZERO)
        ltv = per(net * margin, size) if size else None
        rows.append({"days": days, "size": size, "ltv": ltv})
        value: Value = ltv if ltv is not None else _too_young(days)
        window = (period.overall[0], max(until, period.overall[0]))
        yield Figure(
            f"ltv_{days}",
            mark("Customer value after {days} days"),
            value,
            "money",
            definition,
            window,
            values=(("days", days),),
        )
    yield table(
        "ltv_days",
        mark("Customer value by days since the first order"),
        mark(
            "Net revenue within so many days of the first order times the margin, divided by the customers at least "
            "that old; without a margin it is net revenue."
        ),
        (
            Column("days", mark("Days since the first order"), "days"),
            Column("size", mark("Customers at least that old"), "count"),
            Column("ltv", mark("Contribution per customer"), "money"),
        ),
        rows,
        period.overall,
        empty=NO_CUSTOMERS,
    )


def _too_young(days: int) -> Unknown:
    return Unknown.because(
        "cohort_too_young", mark("No customer's first order is at least {days} days old yet."), days=days
    )


def months(cells: list[dict[str, Any]], totals: dict[int, Totals], period: Period) -> Table:
    """Return one row a calendar month, without holes: revenue by who brought it, orders, customers."""
    zero = {"new": ZERO, "returning": ZERO, "known": 0, "first": 0}
    people: dict[int, dict[str, Any]] = {}
    for cell in cells:
        month = people.setdefault(cell["month"], dict(zero))
        month["known"] += cell["customers"]
        if cell["cohort"] == cell["month"]:
            month["new"] += cell["net"]
            month["first"] += cell["customers"]
        elif cell["cohort"] is not None and cell["cohort"] < cell["month"]:
            month["returning"] += cell["net"]
    rows = []
    for number in range(number_of(period.overall[0]), number_of(period.as_of) + 1):
        sums, who = totals.get(number, Totals()), people.get(number, zero)
        rows.append(
            {
                "month": month_of(number),
                "net": sums.net,
                "net_new": who["new"],
                "net_returning": who["returning"],
                "net_unknown": sums.net - who["new"] - who["returning"],
                "orders": sums.orders,
                "customers": who["known"],
                "new_customers": who["first"],
                "aov": per(sums.net, sums.orders) if sums.orders else None,
                "refunded": sums.refunded,
                "discounted_share": share(sums.discounted, sums.orders) if sums.orders else None,
                "discount_share": share(sums.discount, sums.gross) if sums.gross > 0 else None,
                "unfinished": month_end(number) > period.as_of,
            }
        )
    return table(
        "months",
        mark("Months"),
        mark(
            "New is the revenue of customers in the month of their first order, returning in every later month; the "
            "rest names no customer or was taken back before a first order in the file."
        ),
        MONTHS_COLUMNS,
        rows,
        period.overall,
        empty=NO_CUSTOMERS,
    )


MONTHS_COLUMNS = (
    Column("month", mark("Month"), "month"),
    Column("net", mark("Net revenue"), "money"),
    Column("net_new", mark("From new customers"), "money"),
    Column("net_returning", mark("From returning customers"), "money"),
    Column("net_unknown", mark("Without a customer"), "money"),
    Column("orders", mark("Orders"), "orders"),
    Column("customers", mark("Customers"), "count"),
    Column("new_customers", mark("New customers"), "count"),
    Column("aov", mark("Average order value"), "money"),
    Column("refunded", mark("Refunds"), "money"),
    Column("discounted_share", mark("Discounted orders"), "share"),
    Column("discount_share", mark("Discount depth"), "share"),
    UNFINISHED,
)
