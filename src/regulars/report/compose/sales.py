"""Figures and tables of ``metrics`` as sections of the page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.report import model as m
from regulars.report.model import Number, Sentence

if TYPE_CHECKING:
    from regulars.metrics import Figures
    from regulars.metrics.figures import Figure
    from regulars.value import Value

CARDS: tuple[tuple[str, str | None], ...] = (
    ("net", "up"),
    ("orders", "up"),
    ("buyers", "up"),
    ("aov", "up"),
    ("new_customers", "up"),
    ("returning_rate", "up"),
    ("repeat_rate_365", None),
    ("gap_median", None),
    ("churn_rate", None),
    ("refund_share", "down"),
    ("discounted_orders_share", None),
    ("cac", "down"),
    ("ltv_to_cac", "up"),
    ("payback_days", None),
)
"""Which figures open the report, and which direction of each is good news."""
YOUNG_COHORTS = 3
"""How many cohorts have a line of their own among the curves of cumulative value."""
GAP_BINS = 32
"""How many bins of equal width the histogram of gaps has at most, before the last one for all that is longer."""


def number(value: Any) -> Number:
    """Return a figure's value as the page wants it."""
    return value if isinstance(value, Unknown) else float(value)


def whole(value: Any) -> int:
    """Return a count; zero where there is nothing to count."""
    return 0 if isinstance(value, Unknown) or value is None else int(value)


def maybe(value: Any) -> Number | None:
    """Return a cell of a table; None where it cannot be told."""
    return None if value is None else float(value)


def card(figure: Figure, better: Any) -> m.Card:
    """Return a figure as a card."""
    return m.Card(
        name=figure.name,
        title=Sentence(figure.title, figure.values),
        value=number(figure.value),
        unit="count" if isinstance(figure.value, int) and figure.unit == "orders" else figure.unit,  # type: ignore[arg-type]  # both rooms know the same units
        definition=Sentence(figure.definition, figure.values),
        window=Sentence.of(mark("{first} to {last}"), first=figure.window[0], last=figure.window[1]),
        previous=None if figure.previous is None else number(figure.previous),
        better=better,
    )


def cards(figures: Figures, value: Value) -> tuple[m.Card, ...]:
    """Return the cards that open the report; what needs a cost table appears only with one."""
    shown = [
        card(figures.figures[name], better)
        for name, better in CARDS
        if name in figures.figures and not _needs_costs(figures.figures[name])
    ]
    alive = value.customers["p_alive"]
    if value.unknown is None and len(alive):
        import pyarrow.compute as pc

        shown.append(
            m.Card(
                "alive",
                mark("Customers still active"),
                float(pc.sum(alive).as_py()),
                "count",
                mark(
                    "The sum over all customers of the probability that they are still customers, by the forecast's model."
                ),
                Sentence.of(mark("on {day}"), day=value.as_of),
                better=None,
            )
        )
    return tuple(shown)


def _needs_costs(figure: Figure) -> bool:
    return figure.name in {"cac", "ltv_to_cac", "payback_days"} and isinstance(figure.value, Unknown)


def _rows(figures: Figures, name: str) -> list[dict[str, Any]] | Unknown:
    table = figures.tables.get(name)
    if table is None:
        return Unknown.because("not_computed", mark("This was not computed."))
    return table.rows if isinstance(table.rows, Unknown) else table.records()


def revenue(figures: Figures) -> tuple[m.RevenueMonth, ...] | Unknown:
    """Net revenue by month, new and returning."""
    rows = _rows(figures, "months")
    if isinstance(rows, Unknown):
        return rows
    return tuple(
        m.RevenueMonth(
            row["month"], float(row["net_new"]), float(row["net_returning"]), float(row["net_unknown"]),
            int(row["orders"]), finished=not row["unfinished"],
        )
        for row in rows
    )  # fmt: skip


def cohorts(figures: Figures) -> m.Cohorts | Unknown:
    """Retention by month of the first order."""
    rows, mean = _rows(figures, "retention"), _rows(figures, "retention_mean")
    if isinstance(rows, Unknown):
        return rows
    found = []
    for month, group in groupby(rows, key=lambda row: row["cohort"]):
        cells = list(group)
        found.append(
            m.Cohort(
                month,
                int(cells[0]["size"]),
                tuple(
                    m.CohortCell(
                        int(c["month_index"]), float(c["share"]), int(c["customers"]), not c["unfinished"]
                    )
                    for c in cells
                    if c["month_index"] > 0
                ),
            )
        )
    means = () if isinstance(mean, Unknown) else tuple(
        (int(row["month_index"]), float(row["share"])) for row in mean if row["month_index"] > 0
    )  # fmt: skip
    return m.Cohorts(tuple(found), means)


def ltv(figures: Figures) -> m.Ltv | Unknown:
    """Cumulative value since the first order: all customers by day, and what winning one costs."""
    rows = _rows(figures, "ltv_days")
    if isinstance(rows, Unknown):
        return rows
    points = tuple(
        m.LtvPoint(int(row["days"]), float(row["ltv"]), int(row["size"]))
        for row in rows
        if row["ltv"] is not None
    )
    if not points:
        return Unknown.because(
            "cohort_too_young", mark("No customer's first order is at least {days} days old yet."), days=30
        )
    lines = [m.LtvLine(mark("All customers"), (m.LtvPoint(0, 0.0, points[0].customers), *points))]
    lines.extend(_cohort_lines(figures))
    cac = figures.figures.get("cac")
    return m.Ltv(tuple(lines), None if cac is None or isinstance(cac.value, Unknown) else number(cac.value))


def _cohort_lines(figures: Figures) -> list[m.LtvLine]:
    """Return a few cohorts, spread over the shop's life, each at least four finished months long."""
    rows = _rows(figures, "cohort_ltv")
    if isinstance(rows, Unknown):
        return []
    by_month: dict[date, list[dict[str, Any]]] = {}
    for row in rows:
        if not row["unfinished"]:
            by_month.setdefault(row["cohort"], []).append(row)
    old = [month for month, cells in sorted(by_month.items()) if len(cells) >= 5]
    step = max(1, -(-len(old) // YOUNG_COHORTS))
    return [
        m.LtvLine(
            month,
            tuple(
                m.LtvPoint(round((int(c["month_index"]) + 1) * 30.4), float(c["ltv"]), int(c["size"]))
                for c in by_month[month]
            ),
        )
        for month in old[::step]
    ]


def gaps(figures: Figures) -> m.Gaps | Unknown:
    """Days between orders, in bins that widen, with the churn line."""
    rows, deciles = _rows(figures, "gap_histogram"), _rows(figures, "gap_deciles")
    median, line = figures["gap_median"].value, figures["gap_p80"].value
    if isinstance(rows, Unknown):
        return rows
    for value in (median, line):
        if isinstance(value, Unknown):
            return value
    bins = _bins([(int(row["days"]), int(row["gaps"])) for row in rows], float(line))  # type: ignore[arg-type]
    return m.Gaps(
        bins,
        float(line),  # type: ignore[arg-type]  # unknowns returned above
        float(median),  # type: ignore[arg-type]
        ()
        if isinstance(deciles, Unknown)
        else tuple((row["percent"] / 100, float(row["days"])) for row in deciles),
    )


def _bins(days: list[tuple[int, int]], line: float) -> tuple[m.GapBin, ...]:
    """Gather gaps into bins of one width, well past the churn line; everything longer is one last bin."""
    width = next((step for step in (1, 2, 3, 5, 7, 14, 28, 56) if step * GAP_BINS >= 2.5 * line), 91)
    longest = max(day for day, _ in days) + 1
    edge = min(-(-longest // width), GAP_BINS) * width
    counts: dict[int, int] = {}
    for day, gaps in days:
        low = min(day // width * width, edge)
        counts[low] = counts.get(low, 0) + gaps
    bins = [m.GapBin(low, low + width, counts.get(low, 0)) for low in range(0, edge, width)]
    return (*bins, m.GapBin(edge, longest, counts[edge])) if edge in counts else tuple(bins)


def second_order(figures: Figures) -> m.SecondOrder | Unknown:
    """Kaplan–Meier time to the second order."""
    rows = _rows(figures, "second_order")
    if isinstance(rows, Unknown):
        return rows
    if not rows:
        return Unknown.because(
            "no_customers", mark("Nobody has been watched long enough for a second order.")
        )
    points = tuple(
        m.SecondPoint(
            int(row["day"]), float(row["share"]), float(row["low"]), float(row["high"]), int(row["at_risk"])
        )
        for row in _thinned(rows)
    )
    return m.SecondOrder(points, points[0].watched, number(figures["second_order_median_days"].value))


def _thinned(rows: list[dict[str, Any]], most: int = 240) -> list[dict[str, Any]]:
    """Keep a curve's shape with at most so many points; the last one always stays."""
    step = max(1, -(-len(rows) // most))
    kept = rows[::step]
    return kept if kept[-1] is rows[-1] else [*kept, rows[-1]]


def channels(figures: Figures) -> m.Channels | Unknown | None:
    """Channels of the first order; left out when the file names none."""
    rows = _rows(figures, "channels")
    if isinstance(rows, Unknown):
        return None
    cost, ratio = figures["cac"].value, figures["ltv_to_cac"].value
    missing = cost if isinstance(cost, Unknown) else ratio if isinstance(ratio, Unknown) else None
    return m.Channels(tuple(_channel(row) for row in rows), missing)


def _channel(row: dict[str, Any]) -> m.Channel:
    """Return a channel; LTV is the margin so far of the very customers whose cost is known, so that it fits the ratio."""
    cac, ratio, payback = maybe(row["cac"]), maybe(row["ltv_to_cac"]), maybe(row["payback_days"])
    ltv = cac * ratio if isinstance(cac, float) and isinstance(ratio, float) else None
    if payback is None and isinstance(ratio, float):
        payback = Unknown("not_paid_back", mark("not yet"))
    return m.Channel(
        row["channel"],
        int(row["customers"]),
        float(row["net"]),
        maybe(row["spend"]),
        cac,
        ltv,
        ratio,
        payback,
    )


def discounts(figures: Figures) -> m.Discounts | Unknown | None:
    """How far the shop leans on discounts; left out when the file tells of none."""
    share, depth = figures["discounted_orders_share_overall"].value, figures["discount_share_overall"].value
    rows = _rows(figures, "months")
    if isinstance(share, Unknown) or isinstance(depth, Unknown) or isinstance(rows, Unknown):
        return None
    months = tuple(
        m.DiscountMonth(row["month"], float(row["discounted_share"]), float(row["discount_share"]))
        for row in rows
        if row["discounted_share"] is not None and row["discount_share"] is not None
    )
    return m.Discounts(_float(share), _float(depth), months)


def products(figures: Figures) -> tuple[m.Product, ...] | None:
    """Best-selling products; left out when the file names none."""
    rows = _rows(figures, "top_products")
    if isinstance(rows, Unknown):
        return None
    return tuple(
        m.Product(
            row["title"] or row["product_id"],
            float(row["units"]),
            float(row["net"]),
            int(row["buyers"]),
            maybe(row["again_share"]),
        )
        for row in rows[:20]
    )


def pairs(figures: Figures) -> tuple[m.Pair, ...] | None:
    """Products bought together; left out when there are none."""
    rows = _rows(figures, "product_pairs")
    if isinstance(rows, Unknown) or not rows:
        return None
    return tuple(
        m.Pair(row["left"], row["right"], int(row["orders"]), float(row["confidence"]), float(row["lift"]))
        for row in rows[:20]
    )


def _float(value: Any) -> float:
    return float(value) if isinstance(value, Decimal | int | float) else 0.0
