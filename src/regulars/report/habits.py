"""Whether and when customers come back: cohorts, lifetime value by age, gaps between orders, the second order."""

from __future__ import annotations

from datetime import date

from regulars.kit.unknown import Unknown
from regulars.report.model import Cohorts, Gaps, Ltv, LtvLine, SecondOrder
from regulars.report.speech import Speech
from regulars.report.view import Cell, Chart, Column, Heat, HeatCell, Table, texts, with_open_end


def cohorts(found: Cohorts, speech: Speech) -> Heat:
    """Lay retention out as a table: a row a month of first order, a column a month after it."""
    width = max((cell.k for row in found.rows for cell in row.cells), default=0)
    top = max((cell.share for row in found.rows for cell in row.cells), default=0.0) or 1.0
    rows = []
    for row in found.rows:
        at = {cell.k: cell for cell in row.cells}
        cells: list[HeatCell | None] = []
        for k in range(1, width + 1):
            cell = at.get(k)
            if cell is None:
                cells.append(None)
                continue
            note = speech.customers(cell.customers)
            if not cell.finished:
                note += " · " + speech.t("still running")
            cells.append(
                HeatCell(speech.number(cell.share * 100, 0), cell.share / top, not cell.finished, note)
            )
        rows.append((speech.month(row.month), speech.count(row.customers), tuple(cells)))
    if found.mean:
        mean = dict(found.mean)
        means = [
            HeatCell(speech.number(mean[k] * 100, 0), mean[k] / top) if k in mean else None
            for k in range(1, width + 1)
        ]
        size = speech.count(sum(row.customers for row in found.rows))
        rows.append((speech.t("Weighted mean"), size, tuple(means)))
    columns = tuple(speech.t("M{month}", month=k) for k in range(1, width + 1))
    return Heat(
        speech.t("Customers who ordered again, percent of each cohort"),
        speech.t("Cohort"),
        speech.t("Customers"),
        columns,
        tuple(rows),
        bool(found.mean),
    )


def ltv(found: Ltv, speech: Speech) -> Chart:
    """Draw cumulative value by days since the first order, with the cost of winning a customer as a line."""
    t = speech.t
    lines = [
        {
            "name": _titled(line, speech),
            "points": [[p.day, round(p.value, 4)] for p in line.points if not isinstance(p.value, Unknown)],
        }
        for line in found.lines
    ]
    days = sorted({point.day for line in found.lines for point in line.points})
    spec = {
        "kind": "lines",
        "unit": "money",
        "x": t("days since the first order"),
        "lines": lines,
        "marks": [],
    }
    cac = found.cac
    if isinstance(cac, float | int):
        spec["marks"] = [
            {"axis": "y", "at": cac, "name": t("Cost of a new customer {amount}", amount=speech.money(cac))}
        ]
    rows = []
    for day in days:
        cells = [Cell(speech.days(day))]
        for line in found.lines:
            point = next((p for p in line.points if p.day == day), None)
            cells.append(Cell(speech.value(point.value if point else None, "money")))
        watched = next((p.customers for p in found.lines[0].points if p.day == day), 0)
        rows.append((*cells, Cell(speech.count(watched))))
    columns = (
        Column(t("Days since the first order"), False),
        *(Column(_titled(line, speech)) for line in found.lines),
        Column(t("Customers old enough")),
    )
    label = t("Lines: cumulative value a customer by days since the first order.")
    return Chart("ltv", label, spec, Table(t("Cumulative value a customer"), columns, tuple(rows)))


def _titled(line: LtvLine, speech: Speech) -> str:
    return speech.month(line.title) if isinstance(line.title, date) else speech.say(line.title)


def gaps(found: Gaps, speech: Speech) -> Chart:
    """Draw the histogram of gaps with the churn line."""
    t = speech.t
    bins, is_open = with_open_end([(each.low, each.high, each.gaps) for each in found.bins])
    spec = {
        "kind": "histogram",
        "unit": "count",
        "xUnit": "number",
        "x": t("days between two orders of one customer"),
        "name": t("Gaps"),
        "bins": bins,
        "open": is_open,
        "marks": [
            {
                "at": found.median_days,
                "name": t("Median {days}", days=speech.days(found.median_days)),
                "tone": "mute",
            },
            {
                "at": found.churn_days,
                "name": t("Churn line {days}", days=speech.days(found.churn_days)),
                "tone": "bad",
            },
        ],
    }
    total = sum(each.gaps for each in found.bins) or 1
    rows = tuple(
        texts(
            f"{speech.count(each.low)}–{speech.count(each.high)}",
            speech.count(each.gaps),
            speech.share(each.gaps / total),
        )
        for each in found.bins
    )
    columns = (Column(t("Days"), False), Column(t("Gaps")), Column(t("Share")))
    label = t(
        "Histogram of days between two orders of one customer; four in five gaps are shorter than {days}.",
        days=speech.days(found.churn_days),
    )
    return Chart("gaps", label, spec, Table(t("Days between orders"), columns, rows))


def second(found: SecondOrder, speech: Speech) -> Chart:
    """Draw the Kaplan–Meier share of customers with a second order, with its interval."""
    t = speech.t
    spec = {
        "kind": "lines",
        "unit": "share",
        "step": True,
        "x": t("days since the first order"),
        "lines": [
            {
                "name": t("With a second order"),
                "points": [[p.day, p.share] for p in found.points],
                "low": [p.low for p in found.points],
                "high": [p.high for p in found.points],
                "band": t("{level} interval", level=speech.percent(found.level)),
            }
        ],
        "marks": [],
    }
    median = found.median_days
    if not isinstance(median, Unknown):
        spec["marks"] = [
            {"axis": "x", "at": median, "name": t("Half by day {day}", day=speech.count(median))}
        ]
    rows = tuple(
        texts(
            speech.days(p.day),
            speech.share(p.share),
            f"{speech.share(p.low)} – {speech.share(p.high)}",
            speech.count(p.watched),
        )
        for p in found.points
    )
    columns = (
        Column(t("Days since the first order"), False),
        Column(t("With a second order")),
        Column(t("{level} interval", level=speech.percent(found.level))),
        Column(t("Customers still watched")),
    )
    label = t(
        "Rising line: share of customers with a second order by days since the first, with its interval."
    )
    return Chart("second", label, spec, Table(t("Time to the second order"), columns, rows))
