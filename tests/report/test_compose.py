"""The page is filled from one real analysis: what it shows must be what the rooms below computed, to the last customer."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from tests.shops import make_orders

from regulars import report
from regulars.kit.i18n import LANGUAGES
from regulars.kit.unknown import Unknown
from regulars.runtime.journey import analyse
from regulars.runtime.reading import read_orders
from regulars.simulator import World, simulate


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop") / "shop"
    simulate(World(customers=1_500, seed=5), folder)
    with read_orders(folder / "order_lines") as orders:
        found = analyse(orders, margin=0.4, costs=folder / "costs.parquet", title="A <b>simulated</b> shop")
        yield found, found.page


def test_every_part_is_there(analysis):
    _, page = analysis
    parts = (
        page.revenue,
        page.cohorts,
        page.ltv,
        page.gaps,
        page.second,
        page.spread,
        page.backtest,
        page.channels,
    )
    assert all(part is not None and not isinstance(part, Unknown) for part in parts)
    assert page.cards
    assert page.rfm
    assert page.segments
    assert page.intake is not None


def test_months_add_up_to_all_revenue(analysis):
    found, page = analysis
    total = sum(month.new + month.returning + month.unnamed for month in page.revenue)
    assert total == pytest.approx(float(found.figures["net_overall"].value), abs=0.01)
    assert sum(month.orders for month in page.revenue) == page.orders


def test_bins_hold_everything_they_were_made_from(analysis):
    found, page = analysis
    gaps = found.figures.tables["gap_histogram"].records()
    assert sum(each.gaps for each in page.gaps.bins) == sum(row["gaps"] for row in gaps)
    assert sum(each.customers for each in page.spread.bins) == page.customers
    for bins in (page.gaps.bins, page.spread.bins):
        assert all(left.high == pytest.approx(right.low) for left, right in pairwise(bins))


def test_gaps_are_cut_in_equal_steps(analysis):
    _, page = analysis
    widths = {each.high - each.low for each in page.gaps.bins[:-1]}
    assert len(widths) == 1


def test_rfm_groups_tiers_and_cells_part_all_customers(analysis):
    _, page = analysis
    assert sum(group.customers for group in page.rfm) == page.customers
    assert sum(tier.customers for tier in page.spread.tiers) == page.customers
    assert sum(cell.customers for cell in page.rfm_cells) == page.customers
    assert sum(map(sum, page.migration.customers)) == page.customers
    assert [sum(now) for now in zip(*page.migration.customers, strict=True)] == [
        group.customers for group in page.rfm
    ]
    assert sum(cell.net for cell in page.rfm_cells) == pytest.approx(sum(group.net for group in page.rfm))


def test_a_channels_ratio_is_its_value_over_its_cost(analysis):
    _, page = analysis
    told = [row for row in page.channels.rows if isinstance(row.ratio, float)]
    assert told
    assert all(row.ltv / row.cac == pytest.approx(row.ratio) for row in told)
    assert sum(row.customers for row in page.channels.rows) == page.customers


def test_the_forecast_is_the_sum_of_its_customers(analysis):
    found, page = analysis
    if isinstance(page.forecast, Unknown):
        assert found.value.unknown is not None or page.backtest.failure is not None
        return
    clv = [value for value in found.value.customers["clv"].to_pylist() if value is not None]
    assert page.forecast.total == pytest.approx(math.fsum(clv))
    assert page.forecast.low < page.forecast.total < page.forecast.high
    assert sum(tier.value for tier in page.spread.tiers) == pytest.approx(page.forecast.total)


def test_groups_that_part_all_customers_add_up_to_the_forecast(analysis):
    found, page = analysis
    assert [each.name for each in page.totals.each] == ["cohort", "channel", "first_product", "country", "lifecycle", "segments"]  # fmt: skip
    for each in page.totals.each:
        if each.name != "segments":
            assert sum(row.customers for row in each.rows) == page.customers
            assert math.fsum(row.expected for row in each.rows) == pytest.approx(found.value.total.expected)
    months = [row.title for row in page.totals.each[0].rows if row.groups == 1]
    assert len(set(map(str, months))) == len(months)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_renders_with_three_findings(analysis, language):
    found, page = analysis
    html = report.render(page, language=language)
    assert "A &lt;b&gt;simulated&lt;/b&gt; shop" in html
    assert html.count('<li class="finding">') == 3
    assert len(found.findings) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_smallest_shops_render_too(language):
    from datetime import date

    for rows in (
        [("ada", date(2025, 3, 1), 10)],
        [("ada", date(2025, 3, 1), 10), ("ada", date(2025, 3, 1), 5)],
        [(None, date(2025, 3, 1), 10), (None, date(2025, 5, 1), 7)],
        [("ada", date(2025, 1, 1), 10), ("ben", date(2025, 6, 1), 0), ("ada", date(2025, 6, 2), 12)],
    ):
        with make_orders(rows) as orders:
            page = analyse(orders, title="Tiny").page
            html = report.render(page, language=language)
        assert "Tiny" in html
        assert ">nan" not in html.lower()
