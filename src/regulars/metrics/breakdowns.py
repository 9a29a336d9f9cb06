"""The shop's revenue laid out by country, weekday and hour, discount, and what came in with which quality."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.lake import Capabilities
from regulars.metrics.figures import Column, Table
from regulars.metrics.frames import BANDS
from regulars.metrics.money import NO_DISCOUNTS, NO_ORDERS, ZERO
from regulars.metrics.period import Period, per, share
from regulars.metrics.shapes import table

NO_COUNTRY = Unknown.because("no_country", mark("The file does not say where orders were sent."))
NO_CLOCK = Unknown.because("no_clock", mark("The file has days without a time of day."))
ORDERS = Column("orders", mark("Orders"), "orders")
NET = Column("net", mark("Net revenue"), "money")
AOV = Column("aov", mark("Average order value"), "money")


def countries(
    orders: list[dict[str, Any]], customers: list[dict[str, Any]], told: Capabilities, period: Period
) -> Table:
    """Return one row a country, richest first; a null country is what the file does not tell."""
    new = {row["group"]: row["customers"] for row in customers}
    rows = [
        {
            "country": row["group"],
            "customers": new.get(row["group"], 0),
            "orders": row["orders"],
            "net": row["net"],
            "aov": per(row["net"], row["orders"]) if row["orders"] else None,
        }
        for row in sorted(orders, key=lambda row: (-row["net"], row["group"] or ""))
    ]
    return table(
        "countries",
        mark("Countries"),
        mark(
            "Net revenue and orders by the country of the order; customers by the country of their first order."
        ),
        (
            Column("country", mark("Country"), "text"),
            Column("customers", mark("Customers"), "count"),
            ORDERS,
            NET,
            AOV,
        ),
        rows if told.country else (),
        period.overall,
        empty=NO_ORDERS if told.country else NO_COUNTRY,
    )


def weekdays(days: list[dict[str, Any]], period: Period) -> Table:
    """Return one row a weekday, Monday first, in the shop's own calendar."""
    rows = [
        {"weekday": number, "orders": 0, "net": ZERO, "days": 0} for number in range(1, 8) if len(days) > 0
    ]
    for day in days:
        row = rows[day["ordered_on"].isoweekday() - 1]
        row["orders"] += day["orders"]
        row["net"] += day["net"]
    return table(
        "weekdays",
        mark("Weekdays"),
        mark("Orders and net revenue by weekday in the shop's time zone."),
        (Column("weekday", mark("Weekday"), "weekday"), ORDERS, NET),
        rows,
        period.overall,
        empty=NO_ORDERS,
    )


def hours(moments: list[dict[str, Any]], time_zone: str, told: Capabilities, period: Period) -> Table:
    """Return orders by weekday and hour on the shop's clock; hours without an order are left out.

    ``moments`` are quarters of an hour since 1970 UTC: every zone's offset is a multiple of them.
    """
    sums: dict[tuple[int, int], dict[str, Any]] = {}
    for moment, weekday, hour in zip(moments, *_local(moments, time_zone), strict=True):
        row = sums.setdefault((weekday, hour), {"weekday": weekday, "hour": hour, "orders": 0, "net": ZERO})
        row["orders"] += moment["orders"]
        row["net"] += moment["net"]
    return table(
        "hours",
        mark("Weekdays and hours"),
        mark("Orders, and their net revenue, by weekday and hour in the shop's time zone."),
        (Column("weekday", mark("Weekday"), "weekday"), Column("hour", mark("Hour"), "hour"), ORDERS, NET),
        [sums[key] for key in sorted(sums)] if told.clock else (),
        period.overall,
        empty=NO_ORDERS if told.clock else NO_CLOCK,
    )


def _local(moments: list[dict[str, Any]], time_zone: str) -> tuple[list[int], list[int]]:
    seconds = np.asarray([row["quarter"] for row in moments], dtype=np.int64) * 900
    local = pd.to_datetime(seconds, unit="s", utc=True).tz_convert(ZoneInfo(time_zone))
    return (local.day_of_week + 1).tolist(), local.hour.tolist()


def discount_bands(bands: list[dict[str, Any]], told: Capabilities, period: Period) -> Table:
    """Return one row a band of discount depth; without an order in it a band is a row of zeros."""
    found = {row["band"]: row for row in bands}
    total = sum(row["orders"] for row in bands)
    rows = []
    for band in range(len(BANDS) + 1):
        row = found.get(band, {"orders": 0, "gross": ZERO, "discount": ZERO, "net": ZERO})
        rows.append(
            {
                **row,
                "above": BANDS[band - 1] / 100 if band else None,
                "up_to": BANDS[band] / 100 if band < len(BANDS) else None,
                "share": share(row["orders"], total) if total else None,
                "aov": per(row["net"], row["orders"]) if row["orders"] else None,
            }
        )
    return table(
        "discount_bands",
        mark("Orders by discount"),
        mark("Orders whose discount, as a share of gross, is above the first and at most the second bound."),
        (
            Column("above", mark("Discount above"), "share"),
            Column("up_to", mark("Discount up to"), "share"),
            ORDERS,
            Column("share", mark("Share of orders"), "share"),
            Column("gross", mark("Gross revenue"), "money"),
            Column("discount", mark("Discounts"), "money"),
            NET,
            AOV,
        ),
        rows if told.discounts and total else (),
        period.overall,
        empty=NO_ORDERS if told.discounts else NO_DISCOUNTS,
    )


def data_quality(intake: dict[str, Any], period: Period) -> Iterator[Table]:
    """Yield what the reader counted: every number of the intake, by its path."""
    yield table(
        "data_quality",
        mark("What was read"),
        mark("Counts of the reader: rows read, accepted, repaired and rejected, rule by rule."),
        (Column("what", mark("What"), "text"), Column("number", mark("Number"), "count")),
        [{"what": path, "number": number} for path, number in _numbers(intake)],
        period.overall,
        empty=Unknown.because("no_intake", mark("The orders did not come through a reader.")),
    )


def _numbers(found: Any, path: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(found, dict):
        for name, entry in found.items():
            yield from _numbers(entry, f"{path}.{name}" if path else str(name))
    elif isinstance(found, int) and not isinstance(found, bool):
        yield path, found
