"""How long customers take to come back, and when silence means that they will not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import ceil
from typing import Any

import numpy as np

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.metrics.figures import Column, Figure, Table, Value
from regulars.metrics.money import NO_CUSTOMERS
from regulars.metrics.period import Period, share
from regulars.metrics.shapes import table
from regulars.numeric.survival import kaplan_meier

NOT_REACHED = Unknown.because(
    "not_reached", mark("Fewer than half of the customers have ordered a second time so far.")
)
NO_RETURN = Unknown.because("no_repeat", mark("No customer has come back on another day yet."))
REPEAT_DAYS = (30, 60, 90, 180, 365)
FEWEST_GAPS = 10
"""Below so many gaps a percentile of them says nothing about the shop."""


def quantile(histogram: Mapping[int, int], percent: int) -> int:
    """Return the smallest whole number of days that at least ``percent`` % of a non-empty histogram do not exceed.

    Integer arithmetic on counts, so every engine and every order of rows gives the same day.
    """
    needed = ceil(sum(histogram.values()) * percent / 100)
    seen = 0
    for days in sorted(histogram):
        seen += histogram[days]
        if seen >= needed:
            return days
    raise ValueError("a quantile of nothing")


def histogram(gaps: list[dict[str, Any]]) -> dict[int, int]:
    """Keep the gaps between different days: two orders on one day are one visit."""
    return {row["gap"]: row["number"] for row in gaps if row["gap"] > 0}


def percentile(found: Mapping[int, int], percent: int) -> int | Unknown:
    """Return a percentile of the gaps, or that there are too few."""
    number = sum(found.values())
    if number < FEWEST_GAPS:
        return Unknown.because(
            "too_few_gaps",
            mark("Customers came back only {gaps} times; at least {needed} are needed."),
            gaps=number,
            needed=FEWEST_GAPS,
        )
    return quantile(found, percent)


def repeat(firsts: list[dict[str, Any]], period: Period) -> Iterator[Figure]:
    """Yield repeat rates, each over the customers who were watched long enough, and the share of one-time buyers."""
    for days in REPEAT_DAYS:
        until = period.as_of - timedelta(days=days)
        old = [row for row in firsts if row["first_on"] <= until]
        customers = sum(row["customers"] for row in old)
        again = sum(row[f"within_{days}"] for row in old)
        yield Figure(
            f"repeat_rate_{days}",
            mark("Second order within {days} days"),
            share(again, customers) if customers else _too_young(days),
            "share",
            mark(
                "Customers with a second order at most {days} days after the first, divided by customers whose "
                "first order was at least {days} days ago."
            ),
            (period.overall[0], max(until, period.overall[0])),
            values=(("days", days),),
        )
    customers = sum(row["customers"] for row in firsts)
    seconds = sum(row["seconds"] for row in firsts)
    yield Figure(
        "one_time_share",
        mark("One-time buyers"),
        share(customers - seconds, customers) if customers else NO_CUSTOMERS,
        "share",
        mark("Customers with exactly one order so far, divided by all customers with an order."),
        period.overall,
    )


def _too_young(days: int) -> Unknown:
    return Unknown.because(
        "cohort_too_young",
        mark("No customer's first order is at least {days} days old yet."),
        days=days,
    )


def between(found: Mapping[int, int], period: Period) -> Iterator[Figure | Table]:
    """Yield percentiles of the days between orders, the deciles and the histogram."""
    for name, title, percent in (
        ("gap_median", mark("Median days between orders"), 50),
        ("gap_p80", mark("Churn line: days between orders, 80th percentile"), 80),
        ("gap_p90", mark("Days between orders, 90th percentile"), 90),
    ):
        yield Figure(
            name,
            title,
            percentile(found, percent),
            "days",
            mark(
                "The smallest number of days that at least {percent} % of the gaps between consecutive order days "
                "of the same customer do not exceed."
            ),
            period.overall,
            values=(("percent", percent),),
        )
    median = percentile(found, 50)
    few = isinstance(median, Unknown)
    yield table(
        "gap_deciles",
        mark("Deciles of the days between orders"),
        mark("Days that so many percent of the gaps between consecutive order days do not exceed."),
        (Column("percent", mark("Percent of gaps"), "count"), Column("days", mark("Days"), "days")),
        [] if few else [{"percent": p, "days": quantile(found, p)} for p in range(10, 100, 10)],
        period.overall,
        empty=median if isinstance(median, Unknown) else NO_RETURN,
    )
    yield table(
        "gap_histogram",
        mark("Days between orders"),
        mark("How many times a customer came back after so many days; orders on one day are one visit."),
        (Column("days", mark("Days"), "days"), Column("gaps", mark("Times"), "count")),
        [{"days": days, "gaps": found[days]} for days in sorted(found)],
        period.overall,
        empty=NO_RETURN,
    )


def second_order(
    gaps: list[dict[str, Any]], firsts: list[dict[str, Any]], period: Period
) -> Iterator[Figure | Table]:
    """Yield the Kaplan–Meier curve of the time to the second order, and its median.

    Customers without a second order are censored after the days that they were watched.
    """
    durations, events, weights = _watched(gaps, firsts, period.as_of)
    title = mark("Customers with a second order by day since the first (Kaplan–Meier)")
    definition = mark(
        "Kaplan–Meier estimate of the share of customers who ordered again by a day after the first order; customers "
        "who have not are counted for as long as they were watched. Interval: {level} %."
    )
    columns = (
        Column("day", mark("Days since the first order"), "days"),
        Column("share", mark("With a second order"), "share"),
        Column("low", mark("Interval, low"), "share"),
        Column("high", mark("Interval, high"), "share"),
        Column("at_risk", mark("Customers watched"), "count"),
    )
    values = (("level", 95),)
    rows: list[dict[str, Any]] = []
    median: Value = NO_CUSTOMERS
    if durations:
        curve = kaplan_meier(np.asarray(durations), np.asarray(events), np.asarray(weights))
        for place, day in enumerate(curve.times):
            rows.append(
                {
                    "day": int(day),
                    "share": float(1 - curve.survival[place]),
                    "low": float(1 - curve.high[place]),
                    "high": float(1 - curve.low[place]),
                    "at_risk": int(curve.at_risk[place]),
                }
            )
        median = NOT_REACHED if curve.median is None else int(curve.median)
    yield table(
        "second_order", title, definition, columns, rows, period.overall, empty=NO_CUSTOMERS, values=values
    )
    yield _median(median, period)


def _median(value: Value, period: Period) -> Figure:
    return Figure(
        "second_order_median_days",
        mark("Median days to the second order"),
        value,
        "days",
        mark("First day by which at least half of the customers have ordered again (Kaplan–Meier)."),
        period.overall,
    )


def _watched(
    gaps: list[dict[str, Any]], firsts: list[dict[str, Any]], as_of: date
) -> tuple[list[int], list[bool], list[int]]:
    """Return durations, whether each ended in a second order, and how many customers had it."""
    again = [(row["gap"], True, row["seconds"]) for row in gaps]
    waiting = [((as_of - row["first_on"]).days, False, row["customers"] - row["seconds"]) for row in firsts]
    kept: Sequence[tuple[int, bool, int]] = sorted(one for one in again + waiting if one[2] > 0)
    return [one[0] for one in kept], [one[1] for one in kept], [one[2] for one in kept]


def churn(lapses: Mapping[str, Any] | None, gap_days: int | Unknown, period: Period) -> Iterator[Figure]:
    """Yield the churn rate of the recent window and the lifespan in years that follows from it."""
    rate = _rate(lapses, gap_days, period)
    yield Figure(
        "churn_rate",
        mark("Churn"),
        rate,
        "share",
        mark(
            "Customers who had ordered within the churn line before the window began and had not within the churn "
            "line before it ended, divided by the former; the churn line is the 80th percentile of the shop's own gaps."
        ),
        period.recent,
    )
    yield Figure(
        "lifespan_years",
        mark("Customer lifespan in years"),
        lifespan(rate, period.window_days),
        "years",
        mark("The length of the window in years (of 365 days) divided by the churn of the window."),
        period.recent,
    )


def lifespan(rate: float | Unknown, window_days: int) -> float | Unknown:
    """Return the years a customer stays on average if churn stays as it was."""
    if isinstance(rate, Unknown):
        return rate
    if rate == 0:
        return Unknown.because(
            "no_churn", mark("No active customer lapsed in the window, so the lifespan cannot be told.")
        )
    return window_days / 365 / rate


def _rate(lapses: Mapping[str, Any] | None, gap_days: int | Unknown, period: Period) -> float | Unknown:
    if isinstance(gap_days, Unknown):
        return gap_days
    if period.first_on >= period.recent[0] or lapses is None or not lapses["active"]:
        return Unknown.because(
            "nobody_active_before",
            mark(
                "Nobody is known to have been active {days} days before the end, so nobody can be seen to lapse."
            ),
            days=period.window_days,
        )
    return share(lapses["lapsed"], lapses["active"])
