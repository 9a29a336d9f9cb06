"""How a forecast is watched: cumulative tracking, the model over time, and an earlier run beside this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from regulars.kit.i18n import mark
from regulars.report.speech import Speech
from regulars.report.tracking import Drift, Since, TrackedWeek, Tracking
from regulars.report.view import Cell, Chart, Column, Table, texts

CHANGED = {
    "customers": mark("Customers"),
    "total": mark("Expected value"),
    "expected_orders": mark("Expected orders"),
    "customers_alive": mark("Customers still with you"),
}


FORECAST = ("total", "expected_orders")
"""The figures that a failed forecast has none of."""


def spend(found: Tracking, speech: Speech) -> Chart:
    """Draw cumulative spend beside what was expected of it."""
    label = speech.t(
        "Rising lines: what customers were expected to spend since that day, and what they spent."
    )
    return _chart("tracked-spend", found.spend, found, "money", speech.money, label, speech)


def orders(found: Tracking, speech: Speech) -> Chart:
    """Draw cumulative orders beside those expected."""
    label = speech.t("Rising lines: how many orders were expected since that day, and how many came.")
    return _chart("tracked-orders", found.orders, found, "count", speech.count, label, speech)


def _chart(
    name: str,
    weeks: tuple[TrackedWeek, ...],
    found: Tracking,
    unit: str,
    write: Callable[[float], str],
    label: str,
    speech: Speech,
) -> Chart:
    t = speech.t
    said, happened = t("Predicted"), t("Happened")
    level = t("{level} interval", level=speech.percent(found.level))
    places = [(week.ends - found.cutoff).days for week in weeks]
    spec = {
        "kind": "lines",
        "unit": unit,
        "x": t("days from {day}", day=speech.day(found.cutoff)),
        "lines": [
            {
                "name": said,
                "points": [[0, 0.0], *([day, round(week.expected, 2)] for day, week in zip(places, weeks, strict=True))],
                "low": [0.0, *(round(week.low, 2) for week in weeks)],
                "high": [0.0, *(round(week.high, 2) for week in weeks)],
                "band": level,
            },
            {
                "name": happened,
                "points": [[0, 0.0], *([day, round(week.actual, 2)] for day, week in zip(places, weeks, strict=True))],
            },
        ],
        "marks": [],
    }  # fmt: skip
    rows = tuple(
        (
            *texts(speech.day(week.ends), write(week.expected), f"{write(week.low)} – {write(week.high)}"),
            Cell(write(week.actual), tone="" if week.low <= week.actual <= week.high else "bad"),
        )
        for week in weeks
    )
    columns = (Column(t("By"), False), Column(said), Column(level), Column(happened))
    return Chart(name, label, spec, Table(t("Predicted and actual, week by week"), columns, rows), 240)


def levels(found: Drift, speech: Speech) -> Table:
    """Lay out what the model's parameters come to, as of each day."""
    t = speech.t
    rows = tuple(
        texts(
            speech.day(each.on),
            "–" if each.purchases is None else speech.number(each.purchases, 2),
            "–" if each.spend is None else speech.money(each.spend),
        )
        for each in found.levels
    )
    columns = (
        Column(t("As of"), False),
        Column(
            t("First year"),
            help=t("Repeat purchases that the model expects of a new customer in the first year."),
        ),
        Column(t("Mean order"), help=t("What the model takes customers to spend an order, before refunds.")),
    )
    return Table(t("The model as of earlier days"), columns, rows)


def parameters(found: Drift, speech: Speech) -> Table:
    """Lay the parameters out day by day, with how many standard errors each has moved since the day before."""
    days = [speech.day(each.on) for each in found.levels]
    rows = []
    for each in found.parameters:
        moves = ("", *("" if move is None else f"z = {speech.number(move, 1)}" for move in each.moves))
        cells = (
            Cell(f"{value:.4g}" if speech.language == "en" else f"{value:.4g}".replace(".", ","), note=move)
            for value, move in zip(each.values, moves, strict=True)
        )
        rows.append((Cell(each.name, note=each.layer), *cells))
    columns = (Column(speech.t("Parameter"), False), *(Column(day) for day in days))
    return Table(speech.t("Parameters of the model as of earlier days"), columns, tuple(rows))


def since(found: Since, speech: Speech, *, trusted: bool = True) -> Table:
    """Lay this run's figures beside the earlier one's; without those of a forecast that must not be trusted."""
    t = speech.t
    columns = (Column(t("Figure"), False), Column(t("Then")), Column(t("Now")), Column(t("Change")))
    rows = tuple(texts(*row) for row in since_rows(found.changes, speech, trusted=trusted))
    return Table(t("Since the run of {day}", day=speech.day(found.as_of)), columns, rows)


class Changed(Protocol):
    """A figure then and now."""

    @property
    def name(self) -> str:
        """Which figure."""

    @property
    def before(self) -> float:
        """Then."""

    @property
    def after(self) -> float:
        """Now."""


def since_rows(
    changes: Iterable[Changed], speech: Speech, *, trusted: bool = True
) -> list[tuple[str, str, str, str]]:
    """Return figure, then, now and change as texts; without those of a forecast that must not be trusted."""
    rows = []
    for each in changes:
        if not trusted and each.name in FORECAST:
            continue
        write = speech.money if each.name == "total" else speech.count
        moved = speech.signed(each.after / each.before - 1) if each.before > 0 else "–"
        rows.append((speech.t(CHANGED[each.name]), write(each.before), write(each.after), moved))
    return rows
