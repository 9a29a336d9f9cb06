"""A realistic page made of nothing but arithmetic and a seed: what the report's tests and screenshots render."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import date, timedelta

from regulars.kit.i18n import plural
from regulars.kit.unknown import Unknown
from regulars.kit.words import Money
from regulars.report import model as m
from regulars.report import tracking
from regulars.report.model import Page, Sentence
from regulars.report.recommended import Example, Shown, Way

AS_OF = date(2026, 10, 31)


def months_back(count: int) -> list[date]:
    first = AS_OF.replace(day=1)
    found = []
    for back in range(count - 1, -1, -1):
        index = first.year * 12 + first.month - 1 - back
        found.append(date(index // 12, index % 12 + 1, 1))
    return found


def page() -> Page:
    """A shop of some 24,000 customers over two and a half years."""
    return Page(
        shop=m.ShopLine("Acme Store", "EUR", "Europe/Warsaw", delivery_counts=False, margin=0.35),
        first_on=date(2024, 4, 3),
        as_of=AS_OF,
        orders=68_214,
        customers=23_994,
        cards=cards(),
        revenue=revenue(),
        cohorts=cohorts(),
        ltv=ltv(),
        gaps=gaps(),
        second=second(),
        spread=spread(),
        forecast=forecast(),
        backtest=backtest(),
        best=best(),
        referrals=m.Referrals(412, 231, 14, 15_310.0),
        totals=totals(),
        watch=watch(),
        rfm=rfm(),
        rfm_cells=rfm_cells(),
        migration=migration(),
        segments=segments(),
        channels=channels(),
        discounts=discounts(),
        products=products(),
        pairs=pairs(),
        recommended=recommended(),
        intake=intake(),
        version="0.1.0",
    )


def bare() -> Page:
    """A shop that has just begun: nearly everything is unknown, and says why."""
    few = Unknown.because(
        "too_few_customers",
        "A forecast needs at least {needed} customers; these orders have {found}.",
        needed=500,
        found=41,
    )
    return replace(
        page(),
        shop=m.ShopLine("Tiny", None),
        orders=48,
        customers=41,
        first_on=date(2026, 9, 1),
        cards=tuple(
            replace(card, value=few, previous=None) if card.unit != "count" else card for card in cards()
        ),
        revenue=revenue()[-2:],
        cohorts=few,
        ltv=few,
        gaps=few,
        second=few,
        spread=few,
        forecast=few,
        backtest=few,
        best=(),
        referrals=m.Referrals(1, 1, 1),
        totals=None,
        watch=tracking.Watch(since=few),
        rfm=few,
        segments=segments()[:2],
        channels=None,
        discounts=None,
        products=None,
        pairs=None,
        recommended=few,
    )


def failed() -> Page:
    """A shop whose backtest failed: the reason stands where the forecast's number would."""
    why = Unknown("backtest_failed", "Its total was off by more than the total itself.")
    return replace(page(), forecast=why, backtest=replace(backtest(), failure=why))


def cards() -> tuple[m.Card, ...]:
    last = Sentence.of("{first} – {last}", first=date(2026, 10, 1), last=AS_OF)
    ever = Sentence.of("{first} – {last}", first=date(2024, 4, 3), last=AS_OF)
    within = Sentence.of("Second order within {days} days", days=90)
    why = Sentence.of(
        "Customers with a second order at most {days} days after the first, divided by customers whose first order was "
        "at least {days} days ago.",
        days=90,
    )
    gap = Sentence.of(
        "The smallest number of days that at least {percent} % of the gaps between consecutive order days of the same "
        "customer do not exceed.",
        percent=50,
    )
    returning = "Customers of the window who had already ordered before it, divided by all its customers."
    costs = Unknown("no_costs", "Give a cost table with --costs (date, channel, spend).")
    ratio = "Margin to date of the customers won on the days of the cost table, divided by all spend of these days."
    gross = "Gross minus discounts, tax and refunds of all paid orders; delivery only if it is counted."
    paid = "Paid orders, without cancelled and test orders; a credit note is not an order."
    return (
        m.Card("net", "Net revenue", 430_791.4, "money", gross, last, 398_144.0),
        m.Card("aov", "Average order value", 70.68, "money", "Net revenue divided by orders.", last, 69.7),
        m.Card("orders", "Orders", 6095, "count", paid, last, 5712),
        m.Card(
            "customers",
            "Customers",
            4866,
            "count",
            "Distinct customers with a paid order in the window.",
            last,
            4701,
        ),
        m.Card("repeat_rate_90", within, 0.524, "share", why, ever, 0.53),
        m.Card("returning_rate", "Returning customers", 0.61, "share", returning, last, 0.588),
        m.Card("gap_median", "Median days between orders", 41, "days", gap, ever, 44, "down"),
        m.Card("ltv_to_cac", "Customer value to acquisition cost", costs, "ratio", ratio),
    )


def revenue() -> tuple[m.RevenueMonth, ...]:
    rng = random.Random(7)
    found = []
    for index, month in enumerate(months_back(31)):
        season = 1 + 0.22 * math.cos((month.month - 12) / 12 * 2 * math.pi)
        new = (38_000 + 2_600 * index) * season * rng.uniform(0.94, 1.06)
        returning = 300_000 * (1 - math.exp(-index / 12)) * season * rng.uniform(0.95, 1.05)
        found.append(m.RevenueMonth(month, new, returning, 6_000 * season, round((new + returning) / 70)))
    return (*found[:-1], replace(found[-1], finished=False))


def cohorts() -> m.Cohorts:
    rng = random.Random(11)
    rows = []
    all_months = months_back(13)
    for index, month in enumerate(all_months):
        size = 1200 + 45 * index
        cells = []
        for k in range(1, len(all_months) - index):
            share = (0.25 * math.exp(-k / 9) + 0.02) * rng.uniform(0.93, 1.07)
            cells.append(
                m.CohortCell(k, share, round(share * size), finished=index + k < len(all_months) - 1)
            )
        rows.append(m.Cohort(month, size, tuple(cells)))
    mean = tuple((k, 0.25 * math.exp(-k / 9) + 0.02) for k in range(1, 12))
    return m.Cohorts(tuple(rows), mean)


def ltv() -> m.Ltv:
    days = (0, 30, 60, 90, 180, 360, 720)
    lines = []
    for title, level in (("All customers", 1.0), ("2024", 0.9), ("2025", 1.08)):
        points = tuple(
            m.LtvPoint(day, level * (21 + 62 * (1 - math.exp(-day / 260))), round(24_000 - day * 18))
            for day in days
        )
        lines.append(m.LtvLine(title, points if title != "2025" else points[:-1]))
    return m.Ltv(tuple(lines), cac=24.6)


def gaps() -> m.Gaps:
    bins = tuple(
        m.GapBin(low, low + 7, round(4200 * (low + 4) / 30 * math.exp(-(low + 4) / 34)) + 12)
        for low in range(0, 231, 7)
    )
    deciles = tuple(
        (share / 10, days)
        for share, days in zip(range(1, 10), (8, 15, 22, 31, 41, 54, 72, 97, 148), strict=True)
    )
    return m.Gaps(bins, churn_days=97, median_days=41, deciles=deciles)


def second() -> m.SecondOrder:
    points = []
    for day in (0, 7, 14, 21, 30, 45, 60, 75, 90, 120, 150, 180, 240, 300, 360, 480, 600, 720):
        share = 0.62 * (1 - math.exp(-day / 95))
        width = 0.004 + day / 720 * 0.02 if day else 0
        points.append(m.SecondPoint(day, share, max(0, share - width), share + width, 23_994 - day * 27))
    return m.SecondOrder(tuple(points), 23_994, median_days=156)


def spread() -> m.ValueSpread:
    bins, low = [], 0.0
    for index in range(16):
        high = low + 10
        bins.append(m.ValueBin(low, high, round(7600 * math.exp(-index / 3.1)) + 9))
        low = high
    bins.append(m.ValueBin(low, 940.0, 231))
    tiers = (
        m.Tier("top", "Top", 1_200, 268_000.0, 121.0),
        m.Tier("high", "High", 3_599, 243_000.0, 48.0),
        m.Tier("middle", "Middle", 7_198, 164_000.0, 12.0),
        m.Tier("low", "Low", 11_997, 41_000.0, 0.0),
    )
    return m.ValueSpread("Predicted margin", tuple(bins), tiers)


def forecast() -> m.Forecast:
    path = tuple(
        m.ForecastPoint(
            AS_OF + timedelta(days=30 * step),
            716_000 * (1 - math.exp(-step / 7)) / (1 - math.exp(-12 / 7)),
            (716_000 - 88_000 * step / 12) * (1 - math.exp(-step / 7)) / (1 - math.exp(-12 / 7)),
            (716_000 + 104_000 * step / 12) * (1 - math.exp(-step / 7)) / (1 - math.exp(-12 / 7)),
        )
        for step in range(13)
    )
    return m.Forecast(365, 716_000, 628_000, 820_000, 0.9, "Predicted margin", 31_400, 12_870, path)


def backtest() -> m.Backtest:
    rivals = (
        m.Rival("Regulars", True, 0.817, -0.06, 29.4, 71.2, 0.62, 0.41),
        m.Rival("Each customer's own pace so far", False, 0.781, 0.38, 36.8, 88.0, 0.55, 0.37),
        m.Rival("NBD + Gamma-Gamma (nobody ever leaves)", False, 0.779, 0.71, 44.1, 95.1, 0.58, 0.36),
        m.Rival(
            "Same as the period before",
            False,
            0.742,
            0.12,
            38.5,
            97.6,
            Unknown("ties", "Too many ties."),
            0.35,
        ),
    )
    deciles = tuple(
        m.Decile(d, 1980, 190 * math.exp(-d / 2.2) + 2, (196 + 14 * (-1) ** d) * math.exp(-d / 2.15) + 3)
        for d in range(1, 11)
    )
    reliability = tuple((step / 10, (step / 10) ** 1.1) for step in range(1, 10))
    return m.Backtest(
        date(2026, 5, 4),
        180,
        19_800,
        541_000,
        577_000,
        rivals,
        deciles,
        coverage=(0.8, 0.783),
        reliability=reliability,
    )


def best() -> tuple[m.BestCustomer, ...]:
    return tuple(
        m.BestCustomer(
            Sentence.of(
                "{orders}, {every}, the last one {ago}",
                orders=plural("{n} order", "{n} orders", 61 - 9 * place),
                every=plural("about every week", "about every {n} weeks", 1 + place),
                ago=plural("a day ago", "{n} days ago", 1 + 3 * place),
            ),
            0.99 - 0.03 * place,
            2900 / (1 + place),
            1800 / (1 + place),
            4100 / (1 + place),
        )
        for place in range(6)
    )


def watch() -> tracking.Watch:
    """A forecast that reality has left, a model that has changed, and an earlier run."""

    def weeks(total: float, low: float) -> tuple[tracking.TrackedWeek, ...]:
        return tuple(
            tracking.TrackedWeek(
                date(2026, 5, 4) + timedelta(days=7 * week),
                total * week / 26,
                total * week / 26 * 0.8,
                total * week / 26 * 1.25,
                total * week / 26 * (1 - (1 - low) * week / 26),
            )
            for week in range(1, 27)
        )

    return tracking.Watch(
        tracking.Tracking(
            date(2026, 5, 4),
            0.8,
            weeks(541_000, 0.7),
            weeks(8_120, 0.95),
            (
                Sentence.of(
                    "Since week {week} ({day}) customers have spent less than the forecast allows for: {actual} by {until}, "
                    "instead of {expected} ({low} – {high}).",
                    week=18,
                    day=date(2026, 9, 7),
                    until=AS_OF,
                    actual=Money(378_700.0, cents=False),
                    expected=Money(541_000.0, cents=False),
                    low=Money(432_800.0, cents=False),
                    high=Money(676_250.0, cents=False),
                ),
            ),
        ),
        tracking.Drift(
            (
                tracking.Level(date(2025, 11, 1), 2.31, 68.2),
                tracking.Level(date(2026, 5, 4), 2.28, 68.9),
                tracking.Level(AS_OF, 1.9, None),
            ),
            (
                tracking.Parameter("purchasing", "r", (0.55, 0.56, 0.49), (0.4, -3.6)),
                tracking.Parameter("purchasing", "alpha", (10.58, 10.61, 11.9), (None, 2.2)),
            ),
        ),
        tracking.Since(
            date(2026, 8, 31),
            (
                tracking.Change("customers", 22_100, 23_994),
                tracking.Change("total", 702_000, 716_000),
                tracking.Change("customers_alive", 0, 12_870),
            ),
            Sentence.of(
                "Customers have brought less than the earlier forecast allows for: {actual} by {until}, instead of {expected} ({low} – {high}).",
                until=AS_OF,
                actual=Money(91_000.0, cents=False),
                expected=Money(120_000.0, cents=False),
                low=Money(99_000.0, cents=False),
                high=Money(151_000.0, cents=False),
            ),
            held=False,
        ),
    )


def totals() -> m.Groupings:
    """Two groupings: quarters, and products with a fold and customers of whom nothing is told."""

    def row(customers: int, each: float, **who: object) -> m.GroupTotal:
        worth = customers * each
        return m.GroupTotal(customers, worth, worth * 0.76, worth * 1.31, **who)

    quarters = tuple(
        row(2900 - 140 * back, 41 - 3.2 * back, title=Sentence.of("Q{quarter} {year}", quarter=f"{4 - back % 4}", year=f"{2026 - back // 4}"))
        for back in range(9)
    )  # fmt: skip
    products = (
        row(1480, 44.2, name="Ethiopia Guji, 250 g"),
        row(1210, 38.1, name="House espresso, 1 kg <b>bold</b>"),
        row(840, 12.0),
        row(20_464, 28.9, groups=311),
    )
    return m.Groupings(
        "Predicted margin",
        0.8,
        365,
        (
            m.Grouping("cohort", "By first order", "When customers bought for the first time.", quarters),
            m.Grouping("first_product", "By first product", "What cost most in the first order.", products),
        ),
    )


GROUPS = (
    ("champions", "Champions", 2439, 1_200_902, 6.6, 13),
    ("loyal", "Loyal", 2673, 927_447, 4.8, 53),
    ("previously_loyal", "Previously loyal", 2508, 859_554, 4.3, 282),
    ("needs_attention", "Needs attention", 3095, 824_275, 3.5, 132),
    ("at_risk", "At risk", 2883, 329_635, 1.6, 310),
    ("active", "Active", 3010, 263_830, 1.4, 35),
    ("dormant", "Dormant", 4203, 213_402, 1.0, 323),
    ("almost_lost", "Almost lost", 1705, 86_761, 1.0, 133),
    ("promising", "Promising", 815, 31_131, 1.0, 58),
    ("new", "New", 663, 24_673, 1.0, 16),
)


def rfm() -> tuple[m.Group, ...]:
    return tuple(
        m.Group(
            name,
            title,
            "Bought very recently (R 5), often and for much (FM 4 or more).",
            count,
            count / 23_994,
            net,
            net * 0.11,
            orders,
            recency,
        )
        for name, title, count, net, orders, recency in GROUPS
    )


def rfm_cells() -> tuple[m.RfmCell, ...]:
    return tuple(
        m.RfmCell(
            r, f, count := round(2600 * math.exp(-abs(r - f) / 2.2) / (1 + f / 2.5)), count * 30.0 * f**1.4
        )
        for r in range(1, 6)
        for f in range(1, 6)
    )


def migration() -> m.Migration:
    """Everybody drifts one group on but for a few; some came since."""
    sizes = [count for _, _, count, *_ in GROUPS]
    rows = [
        [
            round(size * share)
            for share in (
                0.5 if now == then else 0.3 if now == then + 1 else 0.025 for now in range(len(sizes))
            )
        ]
        for then, size in enumerate(sizes)
    ]
    new = [310, 120, 900, 240, 410, 60, 90, 0, 0, 0]
    return m.Migration(
        AS_OF - timedelta(days=90),
        tuple(title for _, title, *_ in GROUPS),
        tuple(map(tuple, [*rows, new[: len(sizes)]])),
    )


def segments() -> tuple[m.Group, ...]:
    rows = (
        ("first_time", "First-time buyer", 1478, 55_804, 1.0, 28),
        ("one_time_lapsed", "One-time, lapsed", 6911, 380_163, 1.0, 301),
        ("repeat", "Repeat buyer", 14_210, 3_900_201, 4.1, 96),
        ("loyal", "Loyal", 4120, 2_100_300, 7.2, 31),
        ("vip", "VIP", 812, 690_412, 11.8, 12),
        ("big_spender", "Big spender", 2399, 1_750_221, 8.3, 40),
        ("discount", "Discount buyer", 2204, 390_112, 3.4, 88),
        ("full_price", "Full-price buyer", 5310, 1_630_005, 3.9, 81),
        ("at_risk", "At risk", 2507, 640_118, 3.6, 118),
        ("lapsed", "Lapsed", 3390, 702_551, 3.1, 290),
        ("won_back", "Won back", 244, 60_113, 4.4, 11),
        ("serial_returner", "Serial returner", 131, 20_116, 5.0, 64),
    )
    return tuple(
        m.Group(
            name,
            title,
            Sentence.of(
                "At least {loyal_orders} orders, the last within the usual gap between orders ({gap} days).",
                loyal_orders=4,
                gap=97,
            ),
            count,
            count / 23_994,
            net,
            net * 0.12,
            orders,
            recency,
        )
        for name, title, count, net, orders, recency in rows
    )


def channels() -> m.Channels:
    return m.Channels(
        (
            m.Channel("Search ads", 6210, 1_400_300, 149_040, 24.0, 79.3, 3.3, 46),
            m.Channel("Social ads", 4875, 690_118, 204_750, 42.0, 33.5, 0.8, Unknown("never", "Not yet.")),
            m.Channel("Newsletter", 3302, 905_227, 9_906, 3.0, 88.0, 29.3, 1),
            m.Channel("Direct", 5107, 1_290_440, 0.0, 0.0, 84.0, None, None),
            m.Channel(None, 4500, 475_000),
        )
    )


def discounts() -> m.Discounts:
    rows = tuple(
        m.DiscountMonth(
            month, 0.26 + 0.007 * index + (0.14 if month.month == 11 else 0), 0.061 + 0.002 * index
        )
        for index, month in enumerate(months_back(31))
    )
    return m.Discounts(0.41, 0.092, rows)


def products() -> tuple[m.Product, ...]:
    names = ("Ethiopia Guji, 250 g", "House espresso, 1 kg", "Paper filters, 100", "Pour-over kettle", "Hand grinder",
             "Decaf Colombia, 250 g", "Cold brew bottle", "Descaler", "Gift box for two", "Cup & saucer")  # fmt: skip
    return tuple(
        m.Product(name, 9000 - 780 * i, 190_000 - 17_500 * i, 5100 - 460 * i, max(0.03, 0.42 - 0.05 * i))
        for i, name in enumerate(names)
    )


def pairs() -> tuple[m.Pair, ...]:
    return (
        m.Pair("Pour-over kettle", "Paper filters, 100", 612, 0.46, 4.2),
        m.Pair("Hand grinder", "Ethiopia Guji, 250 g", 540, 0.38, 2.6),
        m.Pair("House espresso, 1 kg", "Descaler", 498, 0.09, 1.9),
        m.Pair("Gift box for two", "Cup & saucer", 117, 0.22, 5.8),
    )


def recommended() -> m.Recommended:
    names = ("Ethiopia Guji, 250 g", "House espresso, 1 kg", "Paper filters, 100", "Descaler", "Cup & saucer")
    return m.Recommended(
        cutoff=date(2026, 5, 4),
        days=28,
        customers=842,
        listed=10,
        ways=(
            Way("For you", 0.61, 0.27, 1.42, ours=True),
            Way("What sold most in the last 14 days", 0.38, 0.16, 0.61),
            Way("What each bought most often", 0.55, None, 1.17),
        ),
        products=tuple(Shown(name, 612 - 97 * i, 231 - 44 * i) for i, name in enumerate(names)),
        examples=(
            Example("C-1007", tuple((name, i in (0, 3)) for i, name in enumerate(names))),
            Example("C-2210", tuple((name, False) for name in names)),
        ),
    )


def intake() -> m.Intake:
    return m.Intake(
        read=173_922,
        accepted=172_880,
        repaired=410,
        rejected=1042,
        rules=(
            m.Rule("Rows without a customer: in the figures, not in customer values", "noted", 6210),
            m.Rule("Amounts with more than four decimals, rounded", "repaired", 410, "1234.56789"),
            m.Rule(Sentence.of("{column}: not a number", column="price"), "rejected", 12, "n/a"),
            m.Rule("Lines that repeat another one exactly, counted once", "rejected", 1030, "10023 · 2"),
        ),
        balances=(
            m.Balance("Money: accepted and rejected", 5_301_422.18, 5_301_422.18),
            m.Balance("Rows: accepted and rejected", 173_922, 173_922, "count"),
        ),
        columns=(
            ("customer", "Customer ID"),
            ("moment", "InvoiceDate"),
            ("price", "Price"),
            ("quantity", "Quantity"),
        ),
        warnings=(
            Sentence.of(
                "{lines} lines repeat another line of their order in everything, worth {amount}. If exports overlap, use --drop-repeats.",
                lines=18,
                amount="€211.40",
            ),
        ),
        files=("orders-2024.csv", "orders-2025.csv", "orders-2026.csv"),
    )
