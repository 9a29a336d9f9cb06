"""All figures of a shop in a few passes: the engine counts, this file decides what to count, the rest divides."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.metrics import (
    affinity,
    breakdowns,
    channels,
    cohorts,
    frames,
    gaps,
    money,
    product_frames,
    products,
    worth,
)
from regulars.metrics.figures import Figure, Figures, Table
from regulars.metrics.period import Period, number_of

Found = Iterator[Figure | Table]


def compute(
    orders: Orders,
    *,
    as_of: date | None = None,
    margin: float | None = None,
    costs: pa.Table | None = None,
    window_days: int = 365,
) -> Figures:
    """Compute every figure and table that the orders can give, until the end of the day ``as_of``.

    ``as_of`` defaults to the last day with any order. ``margin`` is the share of net revenue left after the goods
    (default: from product costs, if the file has them). ``costs`` has the columns ``date``, ``spend`` and perhaps
    ``channel``. ``window_days`` is the length of the recent window and of the one before it.

    Raises :class:`RegularsError` for a margin outside (0, 1], a window below a day, an unusable cost table, and
    when there is no order at all and ``as_of`` is not given.
    """
    if margin is not None and not 0 < margin <= 1:
        raise RegularsError(
            "metrics.margin",
            mark(
                "The margin is {margin:g}; it is the share of net revenue left after the goods, above 0 and at most 1."
            ),
            hint=mark("For 35 percent give 0.35."),
            margin=margin,
        )
    if window_days < 1:
        raise RegularsError(
            "metrics.window",
            mark("The window has {window_days} days; it needs at least one."),
            window_days=window_days,
        )
    pass_ = _Pass(orders, _period(orders, as_of, window_days), margin)
    read = channels.read_costs(costs, pass_.period)
    figures: dict[str, Figure] = {}
    tables: dict[str, Table] = {}
    for part in (_revenue(pass_), _returning(pass_), _value(pass_), _channels(pass_, read), _products(pass_)):
        for found in part:
            if isinstance(found, Figure):
                figures[found.name] = found
            else:
                tables[found.name] = found
    shop = orders.shop
    return Figures(
        currency=shop.currency,
        time_zone=shop.time_zone,
        delivery_counts=shop.delivery_counts,
        as_of=pass_.period.as_of,
        margin=pass_.margin.rate,
        margin_from=pass_.margin.source,
        figures=figures,
        tables=tables,
    )


def churn_gap_days(figures: Figures) -> float | Unknown:
    """Return the days of silence after which a customer counts as lapsed: P80 of the shop's own gaps."""
    return _number(figures["gap_p80"])


def lifespan_years(figures: Figures) -> float | Unknown:
    """Return how long a customer stays on average, from the churn of the recent window."""
    return _number(figures["lifespan_years"])


def rhythm(orders: Orders, as_of: date | None = None) -> tuple[float | Unknown, float | Unknown]:
    """Return the churn gap in days and the lifespan in years as ``compute`` gives them, without the other figures."""
    pass_ = _Pass(orders, _period(orders, as_of, 365), None)
    gap = pass_.gap_days
    return gap if isinstance(gap, Unknown) else float(gap), pass_.lifespan


def members(
    orders: Orders, *, cohort: date, month_index: int | None = None, as_of: date | None = None
) -> pa.Table:
    """Return the customers (``customer_key``, ascending) behind a cell of the retention matrix.

    ``cohort`` is any day of the cohort's month; without ``month_index`` it is the whole cohort. The number of rows
    equals the cell's ``customers`` (the cohort's ``size``) in a ``compute`` with the same ``as_of``.
    """
    until = _period(orders, as_of, 1).as_of
    cell = frames.members(
        frames.steps(frames.facts(orders.orders, until)),
        cohort=number_of(cohort),
        month=None if month_index is None else number_of(cohort) + month_index,
    )
    return orders.workspace.engine.arrow(cell, title=mark("Looking up customers"))


def _number(figure: Figure) -> float | Unknown:
    value = figure.value
    if isinstance(value, Unknown):
        return value
    assert isinstance(value, int | float)
    return float(value)


def _period(orders: Orders, as_of: date | None, window_days: int) -> Period:
    found = orders.workspace.engine.arrow(
        frames.bounds(orders.orders), title=mark("Finding the first and last day")
    )
    row = found.to_pylist()[0]
    day = as_of or row["any_on"]
    if day is None:
        raise RegularsError(
            "metrics.no_orders",
            mark("There is no order to compute figures from."),
            hint=mark("Check that the file has rows, and what rejects.parquet says."),
            kind=Kind.MISSING,
        )
    return Period(row["first_on"] or day, day, window_days)


@dataclass
class _Pass:
    """What more than one part reads: each is counted once, when it is first asked for."""

    orders: Orders
    period: Period
    given_margin: float | None

    def rows(self, frame: ir.Table, title: str) -> list[dict[str, Any]]:
        return self.orders.workspace.engine.arrow(frame, title=title).to_pylist()

    def _save(self, frame: ir.Table, name: str, title: str) -> ir.Table:
        return self.orders.workspace.engine.save(frame, self._folder / f"{name}.parquet", title=title)

    @cached_property
    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="metrics-", dir=self.orders.workspace.folder))

    @cached_property
    def facts(self) -> ir.Table:
        return frames.facts(self.orders.orders, self.period.as_of)

    @cached_property
    def lines(self) -> ir.Table:
        return product_frames.facts(self.orders.lines, self.period.as_of)

    @cached_property
    def steps(self) -> ir.Table:
        return self._save(frames.steps(self.facts), "steps", "Putting orders into each customer's history")

    @cached_property
    def days(self) -> list[dict[str, Any]]:
        return self.rows(frames.daily(self.facts), mark("Adding up days"))

    @cached_property
    def firsts(self) -> list[dict[str, Any]]:
        return self.rows(
            frames.firsts(self.steps, gaps.REPEAT_DAYS), mark("Counting first and second orders")
        )

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        return self.rows(frames.cells(self.steps), mark("Counting cohorts"))

    @cached_property
    def cohorts(self) -> list[cohorts.Cohort]:
        return cohorts.cohorts(self.cells)

    @cached_property
    def gaps(self) -> list[dict[str, Any]]:
        return self.rows(frames.gaps(self.steps), mark("Counting days between orders"))

    @cached_property
    def gap_days(self) -> int | Unknown:
        return gaps.percentile(gaps.histogram(self.gaps), 80)

    @cached_property
    def buyers(self) -> ir.Table:
        frame = frames.buyers(
            self.steps,
            gap_days=1 if isinstance(self.gap_days, Unknown) else self.gap_days,
            start=self.period.recent[0] - timedelta(days=1),
            end=self.period.as_of,
        )
        return self._save(frame, "buyers", mark("Adding up customers"))

    @cached_property
    def by_product(self) -> ir.Table:
        frame = product_frames.by_product(self.lines, self.orders.products)
        return self._save(frame, "by_product", mark("Adding up products"))

    @cached_property
    def first_lines(self) -> ir.Table:
        frame = product_frames.first_lines(self.lines, self.buyers, self.orders.products)
        return self._save(frame, "first_lines", mark("Reading first baskets"))

    @cached_property
    def totals(self) -> dict[str, money.Totals]:
        windows = {
            "recent": self.period.recent,
            "previous": self.period.previous,
            "overall": self.period.overall,
        }
        people = self.rows(frames.buyers_in(self.steps, windows), mark("Counting customers"))[0]
        return {
            name: money.totals(
                self.days, window, customers=people[name], new=money.new_customers(self.firsts, window)
            )
            for name, window in windows.items()
        }

    @cached_property
    def margin(self) -> worth.Margin:
        asked = self.given_margin is None and self.orders.capabilities.cost
        cost = (
            self.rows(product_frames.costs(self.by_product), mark("Adding up product costs"))[0]
            if asked
            else None
        )
        return worth.margin_of(self.given_margin, cost)

    @cached_property
    def lifespan(self) -> float | Unknown:
        rate = {figure.name: figure for figure in self.churn}["churn_rate"].value
        assert isinstance(rate, float | Unknown)
        return gaps.lifespan(rate, self.period.window_days)

    @cached_property
    def churn(self) -> list[Figure]:
        lapses = self.rows(frames.lapses(self.buyers), mark("Counting lapsed customers"))[0]
        return list(gaps.churn(lapses, self.gap_days, self.period))


def _revenue(found: _Pass) -> Found:
    told, period = found.orders.capabilities, found.period
    totals = found.totals
    yield from money.figures(period, totals["recent"], totals["previous"], totals["overall"], told)
    yield cohorts.months(found.cells, money.by_month(found.days), period)
    yield breakdowns.weekdays(found.days, period)
    moments = found.rows(frames.moments(found.facts), mark("Reading the clock")) if told.clock else []
    yield breakdowns.hours(moments, found.orders.shop.time_zone, told, period)
    bands = found.rows(frames.bands(found.facts), mark("Counting discounts")) if told.discounts else []
    yield breakdowns.discount_bands(bands, told, period)
    lands = found.rows(frames.countries(found.facts), mark("Counting countries")) if told.country else []
    homes = (
        found.rows(frames.by_first(found.buyers, "first_country"), mark("Counting countries"))
        if told.country
        else []
    )
    yield breakdowns.countries(lands, homes, told, period)
    yield from breakdowns.data_quality(found.orders.intake, period)


def _returning(found: _Pass) -> Found:
    period = found.period
    yield from gaps.repeat(found.firsts, period)
    yield from cohorts.retention(found.cohorts, period)
    yield from gaps.between(gaps.histogram(found.gaps), period)
    yield from gaps.second_order(found.gaps, found.firsts, period)
    yield from found.churn


def _value(found: _Pass) -> Found:
    period, margin = found.period, found.margin
    yield from worth.figures(period, found.totals["recent"], found.cohorts, found.lifespan, margin)
    yield from cohorts.lifetime_value(found.cohorts, period, margin.factor)
    ages = found.rows(frames.ages(found.steps, cohorts.HORIZONS), mark("Adding up value by age"))
    yield from cohorts.by_days(ages, found.firsts, period, margin.factor)


def _channels(found: _Pass, costs: channels.Costs | Unknown) -> Found:
    won: tuple[dict[str | None, channels.Won], dict[str | None, str]] = ({}, {})
    if not isinstance(costs, Unknown):
        new = frames.won_by_channel(found.buyers, *costs.window)
        ages = frames.channel_ages(found.steps, found.buyers, *costs.window)
        won = channels.groups(
            found.rows(new, mark("Counting new customers")),
            found.rows(ages, mark("Adding up what they brought")),
        )
    yield from channels.acquisition(costs, won[0], found.margin, found.period)
    told = found.orders.capabilities
    asked = told.channel or not isinstance(costs, Unknown)
    ever = (
        found.rows(frames.by_first(found.buyers, "first_channel"), mark("Counting channels")) if asked else []
    )
    yield channels.channels(ever, costs, won, found.margin, told, found.period)


def _products(found: _Pass) -> Found:
    told, period = found.orders.capabilities, found.period
    best: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    first: dict[str, list[dict[str, Any]]] = {"product_key": [], "category": []}
    if told.products:
        leading = product_frames.top(found.by_product, products.TOP_PRODUCTS)
        best = found.rows(leading, mark("Finding the leading products"))
        again = found.rows(product_frames.repurchase(found.lines, leading), mark("Counting who bought again"))
        groups = found.rows(product_frames.by_category(found.by_product), mark("Adding up categories"))
        named = product_frames.first_products(
            product_frames.first_baskets(found.first_lines, "product_key"),
            found.orders.products,
            products.TOP_PRODUCTS,
        )
        first["product_key"] = found.rows(named, mark("Reading first baskets"))
        if told.categories:
            grouped = product_frames.first_baskets(found.first_lines, "category")
            first["category"] = found.rows(grouped, mark("Reading first baskets"))
    yield products.top_products(best, again, period)
    yield products.categories(groups, told, period)
    yield from products.first_baskets(first["product_key"], first["category"], told, period)
    yield from _affinity(found)


def _affinity(found: _Pass) -> Found:
    told, window = found.orders.capabilities, found.period.recent
    if not told.products:
        for name in ("product_pairs", "category_pairs"):
            yield affinity.affinity(name, [], window, sample=1, empty=products.NO_PRODUCTS)
        return
    lines = found.rows(product_frames.recent_lines(found.lines, window[0]), mark("Counting order lines"))
    sample = affinity.every(lines[0]["lines"])
    count = product_frames.basket_count(found.lines, window[0], sample)
    number = found.rows(count, mark("Counting baskets"))[0]["baskets"]
    items = product_frames.top(found.by_product, affinity.TOP_ITEMS, by="lines")
    titles: dict[affinity.Item, tuple[str, str]] = {
        row["product_key"]: (row["product_id"], row["title"] or row["product_id"])
        for row in found.rows(items.select("product_key", "product_id", "title"), mark("Naming products"))
    }
    for name, column, mapping in (
        ("product_pairs", "product_key", items),
        ("category_pairs", "category", found.by_product),
    ):
        if column == "category" and not told.categories:
            yield affinity.affinity(name, [], window, sample=sample, empty=products.NO_CATEGORIES)
            continue
        baskets = product_frames.baskets(found.lines, mapping, column, window[0], sample)
        read = found.orders.workspace.engine.arrow(baskets, title=mark("Reading baskets"))
        rows = affinity.pairs(read, number, titles if column == "product_key" else {})
        yield affinity.affinity(name, rows, window, sample=sample, empty=None)
