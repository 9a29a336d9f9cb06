"""What a new customer costs and when that is earned back, by the channel of the first order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import pyarrow as pa

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import joined, mark
from regulars.kit.unknown import Unknown
from regulars.lake import Capabilities
from regulars.metrics.figures import Column, Figure, Table, Value, Window
from regulars.metrics.money import NO_CUSTOMERS, ZERO
from regulars.metrics.period import CENT, Period, month_end, number_of, per, share
from regulars.metrics.shapes import table
from regulars.metrics.worth import Margin

NO_COSTS = Unknown.because(
    "no_costs",
    mark("Give a cost table (date, channel, spend): with --costs, or to a server with regulars costs."),
)
NO_MARGIN = Unknown.because("no_margin", mark("Give the margin with --margin, or product costs in the file."))
NO_SPEND = Unknown.because("no_spend", mark("The cost table has no spend on the days of the orders."))
NO_NEW = Unknown.because("no_new_customers", mark("No new customer was won on the days of the cost table."))
NOT_PAID_BACK = Unknown.because(
    "not_paid_back", mark("The margin of these customers has not reached their cost so far.")
)
NO_CHANNEL = Unknown.because("no_channel", mark("The file does not say where customers came from."))


@dataclass(slots=True)
class Costs:
    """Spend by channel (folded to compare; None where the table names none) over the days of the table."""

    window: Window
    spend: dict[str | None, Decimal] = field(default_factory=dict)
    written: dict[str | None, str | None] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """All spend."""
        return sum(self.spend.values(), ZERO)


def fold(channel: str | None) -> str | None:
    """Return a channel's name as it is compared: without case and outer space; empty means unknown."""
    folded = (channel or "").strip().casefold()
    return folded or None


def read_costs(costs: pa.Table | None, period: Period) -> Costs | Unknown:
    """Sum a cost table (``date``, ``channel``?, ``campaign``?, ``spend``) over the days that the orders cover.

    A row counts for its day, or for its whole month if all rows stand on the first of a month.
    Raises :class:`RegularsError` when a column is missing or a cell is not a day or an amount.
    """
    if costs is None:
        return NO_COSTS
    rows = spent(costs)
    # A table whose every row stands on the first of a month is taken to be monthly.
    monthly = all(row.on.day == 1 for row in rows)
    start, end = period.overall
    inside = [row for row in rows if row.on <= end and _last(row.on, monthly) >= start]
    if not inside:
        return NO_SPEND
    until = max(_last(row.on, monthly) for row in inside)
    found = Costs((max(min(row.on for row in inside), start), min(until, end)))
    for row in inside:
        key = fold(row.channel)
        found.spend[key] = found.spend.get(key, ZERO) + row.spend
        found.written.setdefault(key, row.channel.strip() if key and row.channel else None)
    return found


class Spent(NamedTuple):
    """A row of a cost table, with its cells read."""

    on: date
    channel: str | None
    campaign: str | None
    spend: Decimal


def spent(costs: pa.Table) -> list[Spent]:
    """Read every row of a cost table (``date``, ``channel``?, ``campaign``?, ``spend``).

    Raises :class:`RegularsError` when a column is missing or a cell is not a day or an amount.
    """
    missing = [name for name in ("date", "spend") if name not in costs.column_names]
    if missing:
        raise RegularsError(
            "costs.columns",
            mark("The cost table has no column {missing}; it has: {columns}."),
            hint=mark("It needs date, channel and spend."),
            missing=joined(missing, mark("{one} and no column {other}")),
            columns=", ".join(costs.column_names),
        )
    return [
        Spent(_day(row["date"], place), row.get("channel"), row.get("campaign"), _amount(row["spend"], place))
        for place, row in enumerate(costs.to_pylist(), start=1)
    ]


def _last(on: date, monthly: bool) -> date:
    return month_end(number_of(on)) if monthly else on


def _day(cell: object, place: int) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        return date.fromisoformat(str(cell).strip()[:10])
    except ValueError:
        raise RegularsError(
            "costs.date",
            mark("Row {place} of the cost table has {cell} as its date."),
            hint=mark("Write it as 2025-12-31."),
            place=place,
            cell=repr(cell),
        ) from None


def _amount(cell: object, place: int) -> Decimal:
    try:
        spend = Decimal(str(cell).strip())
    except InvalidOperation:
        spend = Decimal("NaN")
    if not spend.is_finite() or spend < 0:
        raise bad_spend(place, cell)
    return spend


def bad_spend(place: int, cell: object) -> RegularsError:
    """Return the error for a spend that is no amount, or one that nobody can have paid."""
    return RegularsError(
        "costs.spend",
        mark("Row {place} of the cost table has {cell} as its spend."),
        hint=mark("Write it as 12.50."),
        place=place,
        cell=repr(cell),
    )


@dataclass(slots=True)
class Won:
    """New customers of the cost window and the net they have brought, by age in days."""

    customers: int = 0
    net_by_age: dict[int, Decimal] = field(default_factory=dict)

    def add(self, other: Won) -> None:
        """Take another group's customers in."""
        self.customers += other.customers
        for age, net in other.net_by_age.items():
            self.net_by_age[age] = self.net_by_age.get(age, ZERO) + net

    @property
    def net(self) -> Decimal:
        """All net revenue to date."""
        return sum(self.net_by_age.values(), ZERO)

    def payback(self, spend: Decimal, margin: Decimal) -> int | None:
        """Return the first day since the first order on which the margin of these customers has reached their cost."""
        total = ZERO
        for age in sorted(self.net_by_age):
            total += self.net_by_age[age]
            if total * margin >= spend:
                return max(age, 0)
        return None


def groups(
    won: list[dict[str, Any]], ages: list[dict[str, Any]]
) -> tuple[dict[str | None, Won], dict[str | None, str]]:
    """Fold the engine's channels together; also return how each is written."""
    found: dict[str | None, Won] = {}
    written: dict[str | None, str] = {}
    for row in sorted(won, key=lambda row: row["group"] or ""):
        key = fold(row["group"])
        found.setdefault(key, Won()).customers += row["customers"]
        if key:
            written.setdefault(key, row["group"].strip())
    for row in ages:
        group = found.setdefault(fold(row["group"]), Won())
        group.net_by_age[row["age"]] = group.net_by_age.get(row["age"], ZERO) + row["net"]
    return found, written


def acquisition(
    costs: Costs | Unknown, won: Mapping[str | None, Won], margin: Margin, period: Period
) -> Iterator[Figure]:
    """Yield blended CAC, LTV:CAC and payback of the customers won on the days of the cost table."""
    window = period.overall if isinstance(costs, Unknown) else costs.window
    everyone = Won()
    for group in won.values():
        everyone.add(group)
    cac, ratio, payback = _worth(costs if isinstance(costs, Unknown) else costs.total, everyone, margin)
    yield Figure(
        "cac",
        mark("Customer acquisition cost"),
        cac,
        "money",
        mark(
            "All spend of the cost table divided by the new customers of the same days, whatever brought them."
        ),
        window,
    )
    yield Figure(
        "ltv_to_cac",
        mark("Customer value to acquisition cost"),
        ratio,
        "ratio",
        mark(
            "Margin to date of the customers won on the days of the cost table, divided by all spend of these days."
        ),
        window,
    )
    yield Figure(
        "payback_days",
        mark("Payback"),
        payback,
        "days",
        mark(
            "First day after the first order on which the margin to date of the customers won on the days of the cost "
            "table reaches their acquisition cost."
        ),
        window,
    )


def _worth(spend: Decimal | Unknown, won: Won, margin: Margin) -> tuple[Value, Value, Value]:
    """Return CAC, LTV:CAC and the payback day of one group of customers."""
    if isinstance(spend, Unknown):
        return spend, spend, spend
    if spend == 0:
        return NO_SPEND, NO_SPEND, NO_SPEND
    if not won.customers:
        return NO_NEW, NO_NEW, NO_NEW
    cac: Decimal = spend / won.customers
    if margin.rate is None:
        return cac.quantize(CENT), NO_MARGIN, NO_MARGIN
    day = won.payback(spend, margin.factor)
    return (
        cac.quantize(CENT),
        share(won.net * margin.factor, spend),
        NOT_PAID_BACK if day is None else day,
    )


def channels(
    ever: Sequence[Mapping[str, Any]],
    costs: Costs | Unknown,
    won: tuple[dict[str | None, Won], dict[str | None, str]],
    margin: Margin,
    told: Capabilities,
    period: Period,
) -> Table:
    """Return one row a first-touch channel: everything to date, and what winning its customers cost.

    ``ever`` are all customers by the channel of the first order; a null channel is "unknown" and stays visible.
    """
    written: dict[str | None, str | None] = {None: None, **won[1]}
    sums: dict[str | None, dict[str, Any]] = {}
    for row in sorted(ever, key=lambda row: row["group"] or ""):
        key = fold(row["group"])
        written.setdefault(key, row["group"].strip() if key else None)
        entry = sums.setdefault(key, {"customers": 0, "repeated": 0, "orders": 0, "net": ZERO})
        for name in entry:
            entry[name] += row[name]
    spends: dict[str | None, Decimal] = {} if isinstance(costs, Unknown) else costs.spend
    if not isinstance(costs, Unknown):
        written.update({key: name for key, name in costs.written.items() if key not in written})
    rows = []
    for key in sums.keys() | spends.keys():
        entry = sums.get(key, {"customers": 0, "repeated": 0, "orders": 0, "net": ZERO})
        spend = spends.get(key, ZERO)
        cac, ratio, payback = _worth(spend, won[0].get(key, Won()), margin)
        rows.append(
            {
                "channel": written.get(key),
                **entry,
                "repeat_share": share(entry["repeated"], entry["customers"]) if entry["customers"] else None,
                "net_per_customer": per(entry["net"], entry["customers"]) if entry["customers"] else None,
                "new_customers": won[0].get(key, Won()).customers if not isinstance(costs, Unknown) else None,
                "spend": None if isinstance(costs, Unknown) else spend,
                "cac": _known(cac),
                "ltv_to_cac": _known(ratio),
                "payback_days": _known(payback),
            }
        )
    rows.sort(key=lambda row: (-row["net"], row["channel"] or ""))
    return table(
        "channels",
        mark("Channels of the first order"),
        mark(
            "Customers by the channel of their first order, and everything they have brought since. Acquisition cost is "
            "the channel's spend divided by its new customers on the days of the cost table; its ratio and payback are of "
            "the same customers. Customers whose file names no channel are in the row without a name."
        ),
        COLUMNS,
        rows if told.channel or spends else (),
        period.overall,
        empty=NO_CUSTOMERS if told.channel else NO_CHANNEL,
    )


COLUMNS = (
    Column("channel", mark("Channel"), "text"),
    Column("customers", mark("Customers"), "count"),
    Column("orders", mark("Orders"), "orders"),
    Column("net", mark("Net revenue"), "money"),
    Column("net_per_customer", mark("Net revenue per customer"), "money"),
    Column("repeat_share", mark("With a second order"), "share"),
    Column("new_customers", mark("New customers on the days of the costs"), "count"),
    Column("spend", mark("Spend"), "money"),
    Column("cac", mark("Acquisition cost"), "money"),
    Column("ltv_to_cac", mark("Value to cost"), "ratio"),
    Column("payback_days", mark("Payback in days"), "days"),
)


def _known(value: Value) -> Value | None:
    return None if isinstance(value, Unknown) else value
