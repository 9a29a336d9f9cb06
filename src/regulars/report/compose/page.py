"""The whole page from an analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.kit.unknown import Unknown
from regulars.report.compose import reading, recommendations, sales, totals, watch, worth
from regulars.report.model import Page, ShopLine

if TYPE_CHECKING:
    from regulars.lake import Orders
    from regulars.metrics import Figures
    from regulars.recommend import Hindsight
    from regulars.segments import Segments
    from regulars.value import Backtest, Value
    from regulars.value.drift import Since


def compose(
    orders: Orders,
    figures: Figures,
    value: Value,
    segments: Segments,
    backtest: Backtest | Unknown,
    *,
    since: Since | Unknown | None = None,
    recommended: Hindsight | Unknown | None = None,
    title: str = "",
    version: str = "",
) -> Page:
    """Return the page of one analysis; sections without data carry their reason."""
    return Page(
        shop=ShopLine(
            title,
            orders.shop.currency,
            orders.shop.time_zone,
            orders.shop.delivery_counts,
            value.assumptions.margin,
        ),
        first_on=figures["net_overall"].window[0],
        as_of=figures.as_of,
        orders=sales.whole(figures["orders_overall"].value),
        customers=len(value.customers),
        cards=sales.cards(figures, value),
        revenue=sales.revenue(figures),
        cohorts=sales.cohorts(figures),
        ltv=sales.ltv(figures),
        gaps=sales.gaps(figures),
        second=sales.second_order(figures),
        spread=worth.spread(value, segments),
        forecast=worth.forecast(value, backtest),
        backtest=worth.track_record(backtest, value.rolling),
        best=worth.best(value, backtest),
        referrals=totals.referrals(value, backtest),
        totals=totals.totals(value, segments, backtest),
        watch=watch.watch(value, since),
        rfm=worth.groups(segments, "rfm"),
        rfm_cells=worth.rfm_cells(segments),
        migration=worth.migration(segments),
        segments=worth.groups(segments, "behaviour"),
        channels=sales.channels(figures),
        discounts=sales.discounts(figures),
        products=sales.products(figures),
        pairs=sales.pairs(figures),
        recommended=recommendations.recommended(recommended),
        intake=reading.intake(orders),
        version=version,
    )
