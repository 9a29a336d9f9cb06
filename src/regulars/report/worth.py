"""What customers are worth: how value is spread, what is expected of them, and how well that was told before."""

from __future__ import annotations

import math
from datetime import date, timedelta

from regulars.report.model import Backtest, Forecast, ValueSpread
from regulars.report.speech import Speech
from regulars.report.view import Cell, Chart, Column, Table, texts, with_open_end


def spread(found: ValueSpread, speech: Speech) -> Chart:
    """Draw how many customers are worth how much; the open last bin is drawn as wide as its neighbour."""
    t = speech.t
    bins, is_open = with_open_end([(each.low, each.high, each.customers) for each in found.bins])
    floors = [tier.floor for tier in found.tiers[:-1]]
    edge = bins[-1][1] if bins else 0.0
    spec = {
        "kind": "histogram",
        "unit": "count",
        "xUnit": "money",
        "x": speech.say(found.measure),
        "name": t("Customers"),
        "bins": bins,
        "open": is_open,
        "marks": [
            {"at": floor, "name": speech.say(tier.title), "tone": "mute"}
            for floor, tier in zip(floors, found.tiers, strict=False)
            if floor < edge
        ],
    }
    total = sum(each.customers for each in found.bins) or 1
    rows = tuple(
        texts(
            f"{speech.money(each.low)} – {speech.money(each.high)}",
            speech.count(each.customers),
            speech.share(each.customers / total),
        )
        for each in found.bins
    )
    columns = (Column(speech.say(found.measure), False), Column(t("Customers")), Column(t("Share")))
    label = t("Histogram: number of customers by value, with the borders of the value tiers.")
    return Chart("spread", label, spec, Table(t("Customers by value"), columns, rows))


def tiers(found: ValueSpread, speech: Speech) -> Table:
    """Lay the tiers side by side: how many customers, how much of the value."""
    t = speech.t
    customers = sum(tier.customers for tier in found.tiers) or 1
    value = sum(tier.value for tier in found.tiers) or 1.0
    rows = tuple(
        (
            Cell(speech.say(tier.title)),
            Cell(speech.count(tier.customers)),
            Cell(speech.share(tier.customers / customers)),
            Cell(speech.money(tier.value)),
            Cell(speech.share(tier.value / value), bar=max(0.0, tier.value / value)),
            Cell(speech.money(tier.value / tier.customers) if tier.customers else "–"),
            Cell(speech.money(tier.floor)),
        )
        for tier in found.tiers
    )
    columns = (
        Column(t("Tier"), False),
        Column(t("Customers")),
        Column(t("Share")),
        Column(t("Value")),
        Column(t("Share of value")),
        Column(t("A customer")),
        Column(t("From")),
    )
    return Table(t("Value tiers"), columns, rows)


def forecast(found: Forecast, speech: Speech) -> Chart | None:
    """Draw the expected total as it builds up over the horizon, with its interval."""
    if len(found.path) < 2:
        return None
    t = speech.t
    start = found.path[0].on
    level = t("{level} interval", level=speech.percent(found.level))
    spec = {
        "kind": "lines",
        "unit": "money",
        "x": t("days from {day}", day=speech.day(start)),
        "lines": [
            {
                "name": speech.say(found.measure),
                "points": [[(p.on - start).days, round(p.expected, 2)] for p in found.path],
                "low": [round(p.low, 2) for p in found.path],
                "high": [round(p.high, 2) for p in found.path],
                "band": level,
            }
        ],
        "marks": [],
    }
    rows = tuple(
        texts(speech.day(p.on), speech.money(p.expected), f"{speech.money(p.low)} – {speech.money(p.high)}")
        for p in found.path
    )
    columns = (Column(t("By"), False), Column(t("Expected in total")), Column(level))
    label = t("Rising line: what today's customers are expected to bring, with its interval.")
    return Chart("forecast", label, spec, Table(t("Expected value by date"), columns, rows), 240)


def deciles(found: Backtest, speech: Speech) -> Chart:
    """Draw mean predicted beside mean actual value, by tenths of customers ordered by prediction."""
    t = speech.t
    said, happened = t("Predicted"), t("Happened")
    spec = {
        "kind": "bars",
        "stacked": False,
        "unit": "money",
        "x": t("tenths of customers, highest prediction first"),
        "labels": [speech.count(each.decile) for each in found.deciles],
        "series": [
            {"name": said, "tone": "soft", "values": [round(each.predicted, 4) for each in found.deciles]},
            {"name": happened, "tone": "accent", "values": [round(each.actual, 4) for each in found.deciles]},
        ],
    }
    rows = tuple(
        texts(
            speech.count(each.decile),
            speech.count(each.customers),
            speech.money(each.predicted),
            speech.money(each.actual),
        )
        for each in found.deciles
    )
    columns = (Column(t("Tenth"), False), Column(t("Customers")), Column(said), Column(happened))
    label = t("Paired columns: mean value a customer predicted and happened, by tenths of customers.")
    return Chart("deciles", label, spec, Table(t("Predicted and actual by tenth"), columns, rows), 260)


def earlier(found: Backtest, speech: Speech) -> Chart:
    """Draw predicted beside actual totals of the same forecast at earlier days."""
    t = speech.t
    said, happened = t("Predicted"), t("Happened")
    before = t("Same as the period before")
    spec = {
        "kind": "bars",
        "stacked": False,
        "unit": "money",
        "x": t("the {days} after each day", days=speech.days(found.earlier_days)),
        "labels": [speech.day(each.cutoff) for each in found.earlier],
        "series": [
            {"name": said, "tone": "soft", "values": [round(each.predicted, 2) for each in found.earlier]},
            {"name": happened, "tone": "accent", "values": [round(each.actual, 2) for each in found.earlier]},
            {"name": before, "tone": "mute", "values": [round(each.before, 2) for each in found.earlier]},
        ],
    }
    rows = tuple(
        texts(
            speech.day(each.cutoff),
            speech.money(each.predicted),
            speech.money(each.actual),
            _off(each.predicted, each.actual, speech),
            _off(each.before, each.actual, speech),
        )
        for each in found.earlier
    )
    columns = (
        Column(t("As of"), False),
        Column(said),
        Column(happened),
        Column(t("Off by")),
        Column(t("Off by, same as the period before")),
    )
    label = t("Columns: what was predicted, what happened and what the period before would have said.")
    return Chart("earlier", label, spec, Table(t("Forecasts at earlier days"), columns, rows), 240)


def reliability(found: Backtest, speech: Speech) -> Chart:
    """Draw what intervals of each level held beside what they should have held."""
    t = speech.t
    held, promised = t("Held"), t("As promised")
    ends = [(0.0, 0.0), *found.reliability, (1.0, 1.0)]
    spec = {
        "kind": "lines",
        "unit": "share",
        "x": t("% promised"),
        "top": 1,
        "lines": [
            {"name": held, "points": [[round(100 * level), round(share, 4)] for level, share in ends]},
            {"name": promised, "points": [[round(100 * level), level] for level, _ in ends]},
        ],
        "marks": [],
    }
    rows = tuple(texts(speech.percent(level), speech.percent(share)) for level, share in found.reliability)
    columns = (Column(t("Promised")), Column(held))
    label = t(
        "Line beside its diagonal: the share of customers whose actual value lay inside intervals of each level."
    )
    return Chart("reliability", label, spec, Table(t("Reliability of intervals"), columns, rows), 260)


def _off(said: float, happened: float, speech: Speech) -> str:
    return speech.signed(said / happened - 1, 0) if happened > 0 else "–"


def pace(found: Forecast, speech: Speech) -> Chart:
    """Draw how busy each month of the year is."""
    t = speech.t
    days = [date(2025, 1, 1) + timedelta(days=place) for place in range(len(found.pace))]
    months = [
        (speech.month_name(month), [p for p, day in zip(found.pace, days, strict=True) if day.month == month])
        for month in range(1, 13)
    ]
    means = [(name, sum(paces) / len(paces)) for name, paces in months if paces]
    spec = {
        "kind": "bars",
        "stacked": False,
        "unit": "number",
        "labels": [name for name, _ in means],
        "series": [{"name": t("Pace"), "tone": "accent", "values": [round(mean, 3) for _, mean in means]}],
    }
    rows = tuple(texts(name, speech.number(mean, 2)) for name, mean in means)
    columns = (Column(t("Month"), False), Column(t("Pace")))
    label = t("Columns: the pace at which customers come back in each month; 1 is an average month.")
    return Chart("pace", label, spec, Table(t("Pace by month"), columns, rows), 220)


def rivals(found: Backtest, speech: Speech) -> Table:
    """Lay our model beside plain baselines, error by error."""
    t = speech.t
    rows = []
    for each in found.rivals:
        bias = each.bias
        name = speech.say(each.title)
        rows.append(
            (
                Cell(name, note=t("in use") if each.ours else "", tone="ours" if each.ours else ""),
                Cell(speech.value(each.gini, "number")),
                Cell(
                    speech.signed(bias, 0) if isinstance(bias, float | int) and math.isfinite(bias) else "–"
                ),
                Cell(speech.value(each.mae, "money")),
                Cell(speech.value(each.rmse, "money")),
                Cell(speech.value(each.spearman, "number")),
                Cell(speech.value(each.capture, "share")),
            )
        )
    columns = (
        Column(t("Model"), False),
        Column(
            t("Ranking (Gini)"),
            help=t("1 orders customers perfectly by what they went on to spend, 0 not at all."),
        ),
        Column(
            t("Level (bias)"),
            help=t("Predicted total over the actual one, less 1: + says too much, − too little."),
        ),
        Column(t("Mean error"), help=t("Mean distance between predicted and actual value of a customer.")),
        Column(t("RMSE"), help=t("Root of the mean squared distance: large misses weigh more.")),
        Column(t("Spearman"), help=t("Rank correlation of predicted and actual value.")),
        Column(
            t("Caught by top tenth"),
            help=t("Share of the actual value brought by the tenth predicted highest."),
        ),
    )
    return Table(t("Forecast beside plain baselines"), columns, tuple(rows))
