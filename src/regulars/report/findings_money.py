"""Findings about money: growth, the forecast, discounts, channels that do not pay back, and data that hides answers."""

from __future__ import annotations

from regulars.report.findings_people import Answer, Rule
from regulars.report.model import Backtest, Channel, Channels, Discounts, Forecast, Page, RevenueMonth
from regulars.report.speech import Speech
from regulars.report.tracking import Since
from regulars.report.view import Said


def growth(page: Page, speech: Speech) -> Answer:
    """The last three finished months beside the same three of the year before (or the three before them)."""
    if not isinstance(page.revenue, tuple):
        return None
    done = [month for month in page.revenue if month.finished]
    season = len(done) >= 15
    if len(done) < 6:
        return None
    now, before = _sum(done[-3:]), _sum(done[-15:-12] if season else done[-6:-3])
    if before <= 0:
        return None
    change = now / before - 1
    if abs(change) < 0.05:
        return None
    t = speech.t
    new_now, new_before = _new(done[-3:]), _new(done[-15:-12] if season else done[-6:-3])
    fresh = new_now - new_before
    came = abs(fresh) > abs(now - before - fresh)
    values = {"change": speech.share(abs(change), 0)}
    if season:
        up, down = (
            t("Revenue is {change} above the same months last year.", **values),
            t("Revenue is {change} below the same months last year.", **values),
        )
    else:
        up, down = (
            t("Revenue is {change} above the three months before.", **values),
            t("Revenue is {change} below the three months before.", **values),
        )
    if change > 0:
        act = (
            t(
                "Growth rests on new customers: see whether they come back before spending more on winning them."
            )
            if came
            else t("Growth rests on returning customers: do more of what brings them back.")
        )
    else:
        act = (
            t("Fewer new customers explain most of it: look at the channels first.")
            if came
            else t("Returning customers explain most of it: start with those who are slipping away.")
        )
    why = t(
        "The last three whole months brought {now}, against {before}.",
        now=speech.money(now),
        before=speech.money(before),
    )
    weight = min(0.85, 0.35 + abs(change) * (0.8 if change < 0 else 0.45))
    return weight, Said(
        "growth", "growth", speech.signed(change, 0), up if change > 0 else down, why, act, "sales"
    )


def _sum(months: list[RevenueMonth]) -> float:
    return sum(month.new + month.returning + month.unnamed for month in months)


def _new(months: list[RevenueMonth]) -> float:
    return sum(month.new for month in months)


def forecast(page: Page, speech: Speech) -> Answer:
    """What today's customers will bring without a single new one."""
    found = page.forecast
    failed = isinstance(page.backtest, Backtest) and page.backtest.failure is not None
    if failed or not isinstance(found, Forecast) or found.total <= 0:
        return None
    t = speech.t
    certain = t(
        "With {level} certainty it lies between {low} and {high}, counting no one who has yet to come.",
        level=speech.percent(found.level),
        low=speech.money(found.low),
        high=speech.money(found.high),
    )
    return 0.5, Said(
        "forecast",
        "forecast",
        speech.money(found.total),
        t(
            "Today's customers will bring about {total} in the next {days}.",
            total=speech.money(found.total),
            days=speech.days(found.horizon_days),
        ),
        f"{certain} {track_record(page, speech)}".strip(),
        t("Plan stock and budgets on the lower end; treat the rest as what good work can add."),
        "forecast",
    )


def track_record(page: Page, speech: Speech) -> str:
    """Say by how much the same forecast was off before, where it was off by much."""
    test = page.backtest
    if not isinstance(test, Backtest) or test.actual <= 0:
        return ""
    bias = test.predicted / test.actual - 1
    if abs(bias) < 0.1:
        return ""
    values = {"share": speech.share(abs(bias), 0), "cutoff": speech.day(test.cutoff)}
    if bias > 0:
        return speech.t("The same forecast, made on {cutoff}, said {share} too much.", **values)
    return speech.t("The same forecast, made on {cutoff}, said {share} too little.", **values)


def off_the_forecast(page: Page, speech: Speech) -> Answer:
    """What customers have brought since an earlier run lies outside what it allowed for."""
    since = page.watch.since if page.watch is not None else None
    if not isinstance(since, Since) or since.said is None or since.held is not False:
        return None
    t = speech.t
    return 0.88, Said(
        "off_the_forecast",
        "watch",
        speech.day(since.as_of),
        t("The shop has left the forecast of {day}.", day=speech.day(since.as_of)),
        speech.say(since.said),
        t(
            "Find out what has changed before trusting plans made on it: prices, stock, advertising, a season."
        ),
        "watch",
    )


def leaning_on_discounts(page: Page, speech: Speech) -> Answer:
    """Too many orders wait for a discount."""
    found = page.discounts
    if not isinstance(found, Discounts) or found.orders_share < 0.3:
        return None
    t = speech.t
    return min(0.82, 0.25 + found.orders_share * 0.8), Said(
        "discounts",
        "discounts",
        speech.percent(found.orders_share),
        t("{share} of orders carry a discount.", share=speech.percent(found.orders_share)),
        t(
            "They give away {amount} of gross sales, part of it to people who would have bought anyway.",
            amount=speech.share(found.amount_share),
        ),
        t("Keep discounts for those who need one: first orders and win-backs, not regulars."),
        "discounts",
    )


def channel_below_cost(page: Page, speech: Speech) -> Answer:
    """The channel with the largest spend whose customers bring less than they cost."""
    if not isinstance(page.channels, Channels):
        return None
    losing = [
        row
        for row in page.channels.rows
        if _ratio(row) is not None and (_ratio(row) or 0) < 1 and _spend(row) > 0
    ]
    if not losing:
        return None
    worst = max(losing, key=_spend)
    ratio, total = _ratio(worst) or 0.0, sum(map(_spend, page.channels.rows))
    t = speech.t
    return min(0.92, 0.5 + 0.6 * _spend(worst) / total), Said(
        "channel",
        "channels",
        speech.ratio(ratio),
        t("The channel “{channel}” does not earn back what it costs.", channel=worst.name or t("unknown")),
        t(
            "Each {spent} spent there has brought back {back} so far; {spend} went into it.",
            spent=speech.money(1),
            back=speech.money(ratio),
            spend=speech.money(_spend(worst)),
        ),
        t("Lower the bid or move the budget to a channel above 1× before buying more."),
        "channels",
    )


def _ratio(row: Channel) -> float | None:
    return float(row.ratio) if isinstance(row.ratio, float | int) else None


def _spend(row: Channel) -> float:
    return float(row.spend) if isinstance(row.spend, float | int) else 0.0


def nameless(page: Page, speech: Speech) -> Answer:
    """Revenue that cannot be tied to anyone."""
    if not isinstance(page.revenue, tuple):
        return None
    total, unnamed = _sum(list(page.revenue)), sum(month.unnamed for month in page.revenue)
    if total <= 0 or unnamed / total < 0.1:
        return None
    t = speech.t
    share = unnamed / total
    return min(0.75, 0.35 + share), Said(
        "nameless",
        "data",
        speech.percent(share),
        t("{share} of revenue belongs to nobody you can name.", share=speech.percent(share)),
        t("Those orders carry no customer, so no one can be thanked, reminded or won back for them."),
        t("Ask for an e-mail at the till and at guest checkout."),
        "quality",
    )


def rejected(page: Page, speech: Speech) -> Answer:
    """So many rows were rejected that the other figures suffer."""
    found = page.intake
    if found is None or found.read == 0 or found.rejected / found.read < 0.05:
        return None
    t = speech.t
    share = found.rejected / found.read
    return min(0.95, 0.6 + share), Said(
        "rejected",
        "data",
        speech.percent(share),
        t("{share} of the rows could not be read.", share=speech.percent(share)),
        t("Every figure on this page is without them."),
        t("Look into rejects.parquet: each row stands there with its line and its reason."),
        "quality",
    )


def best_month(page: Page, speech: Speech) -> Answer:
    """The best month so far: nearly always there to be said."""
    if not isinstance(page.revenue, tuple) or not page.revenue:
        return None
    best = max(
        [month for month in page.revenue if month.finished] or page.revenue, key=lambda month: _sum([month])
    )
    if _sum([best]) <= 0:
        return None
    t = speech.t
    return 0.08, Said(
        "best_month",
        "season",
        speech.money(_sum([best])),
        t("The best month so far was {month}.", month=speech.month(best.month)),
        t(
            "It brought {net} net, {new} of it from new customers.",
            net=speech.money(_sum([best])),
            new=speech.money(best.new),
        ),
        t("Look back at what was different then, and plan the next one early."),
        "sales",
    )


def order_value(page: Page, speech: Speech) -> Answer:
    """What an order brings on average: said when there is little else to say."""
    if not isinstance(page.revenue, tuple) or page.orders <= 0:
        return None
    each = _sum(list(page.revenue)) / page.orders
    if each <= 0:
        return None
    t = speech.t
    return 0.06, Said(
        "order_value",
        "order",
        speech.money(each),
        t("An order brings {net} on average.", net=speech.money(each)),
        t("It is the measure for every offer: a gift or free delivery must be paid out of it."),
        t("Set the free-delivery threshold a little above it."),
        "sales",
    )


RULES: tuple[Rule, ...] = (
    channel_below_cost,
    rejected,
    leaning_on_discounts,
    growth,
    off_the_forecast,
    forecast,
    nameless,
    best_month,
    order_value,
)
