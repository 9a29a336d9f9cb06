"""Exactly what the report's page needs, as plain data: whoever fills it need not know the page, nor the page them.

Every section is its data, an ``Unknown`` (shown as its reason) or ``None`` (left out). Money is in major units of
``Page.shop.currency``; shares are 0..1; titles, definitions and reasons are English message ids (a string or a
:class:`Sentence`), translated where shown. The shop's own names are never translated and always escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from regulars.kit.unknown import Unknown
from regulars.report.forecasts import Backtest as Backtest
from regulars.report.forecasts import BestCustomer as BestCustomer
from regulars.report.forecasts import Decile as Decile
from regulars.report.forecasts import Earlier as Earlier
from regulars.report.forecasts import Forecast as Forecast
from regulars.report.forecasts import ForecastPoint as ForecastPoint
from regulars.report.forecasts import Rival as Rival
from regulars.report.groupings import Grouping as Grouping
from regulars.report.groupings import Groupings as Groupings
from regulars.report.groupings import GroupTotal as GroupTotal
from regulars.report.groupings import Referrals as Referrals
from regulars.report.recommended import Recommended as Recommended
from regulars.report.tracking import Watch as Watch
from regulars.report.words import Better as Better
from regulars.report.words import Number as Number
from regulars.report.words import Sentence as Sentence
from regulars.report.words import Unit as Unit
from regulars.report.words import Words as Words


@dataclass(frozen=True, slots=True)
class ShopLine:
    """Whose figures these are; without a ``margin`` (share of net left after costs) they are net revenue."""

    title: str
    currency: str | None = None
    time_zone: str = "UTC"
    delivery_counts: bool = False
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One figure with its change."""

    name: str
    title: Words
    value: Number
    unit: Unit
    definition: Words
    window: Words = ""
    previous: Number | None = None
    better: Better = "up"


@dataclass(frozen=True, slots=True)
class RevenueMonth:
    """Net revenue of one month; ``unnamed`` is what orders without a customer brought."""

    month: date
    new: float
    returning: float
    unnamed: float = 0.0
    orders: int = 0
    finished: bool = True


@dataclass(frozen=True, slots=True)
class CohortCell:
    """Share of a cohort that ordered in month ``k`` after its first; unfinished while the month still runs."""

    k: int
    share: float
    customers: int
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers whose first order fell in one month."""

    month: date
    customers: int
    cells: tuple[CohortCell, ...]


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Retention by month of first order; ``mean`` is weighted by cohort size over finished cells, in order of k."""

    rows: tuple[Cohort, ...]
    mean: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class LtvPoint:
    """Cumulative value a customer, ``day`` days after the first order, of cohorts that old."""

    day: int
    value: Number
    customers: int


@dataclass(frozen=True, slots=True)
class LtvLine:
    """One curve: all customers, or the cohort of a month."""

    title: Words | date
    points: tuple[LtvPoint, ...]


@dataclass(frozen=True, slots=True)
class Ltv:
    """Cumulative value since the first order, beside what a new customer costs."""

    lines: tuple[LtvLine, ...]
    cac: Number | None = None


@dataclass(frozen=True, slots=True)
class GapBin:
    """How many gaps between two orders of one customer lasted ``low`` ≤ days < ``high``."""

    low: int
    high: int
    gaps: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """Time between orders; ``churn_days`` is the P80 of the gaps, ``deciles`` pairs of share and days."""

    bins: tuple[GapBin, ...]
    churn_days: float
    median_days: float
    deciles: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SecondPoint:
    """Kaplan–Meier share with a second order by ``day``, its interval, and customers still watched."""

    day: int
    share: float
    low: float
    high: float
    watched: int


NOT_REACHED = Unknown("not_reached", "")


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """Time to the second order; customers without one count as long as watched."""

    points: tuple[SecondPoint, ...]
    customers: int
    median_days: Number = NOT_REACHED
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class ValueBin:
    """Customers whose value lies in ``low`` ≤ value < ``high``."""

    low: float
    high: float
    customers: int


@dataclass(frozen=True, slots=True)
class Tier:
    """One value tier, richest first; ``floor`` is the least value of its customers."""

    name: str
    title: Words
    customers: int
    value: float
    floor: float


@dataclass(frozen=True, slots=True)
class ValueSpread:
    """How value is spread over customers; ``measure`` names the value (predicted margin, net so far …)."""

    measure: Words
    bins: tuple[ValueBin, ...]
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One segment: ``rule`` says who is in it, ``share`` is of all customers, ``unknown`` why nobody can be told."""

    name: str
    title: Words
    rule: Words
    customers: int
    share: float
    net: float
    clv: Number | None = None
    orders_each: Number | None = None
    recency_days: Number | None = None
    unknown: Unknown | None = None


@dataclass(frozen=True, slots=True)
class RfmCell:
    """Customers of one recency score and one frequency score (1 to 5, 5 best), and their net revenue."""

    r: int
    f: int
    customers: int
    net: float


@dataclass(frozen=True, slots=True)
class Migration:
    """Customers by the RFM group in which they stood on ``since`` (rows) and stand now (columns).

    ``titles`` are the groups; rows are these and, last, who had not ordered by then.
    """

    since: date
    titles: tuple[Words, ...]
    customers: tuple[tuple[int, ...], ...]

    @property
    def moves(self) -> list[tuple[int, int, int]]:
        """How many moved from which group to which other, the most first; who came since has moved from nowhere."""
        found = [
            (count, then, now)
            for then, row in enumerate(self.customers[:-1])
            for now, count in enumerate(row)
            if count and then != now
        ]
        return sorted(found, key=lambda each: (-each[0], each[1], each[2]))


@dataclass(frozen=True, slots=True)
class Channel:
    """Customers won by one channel (``None``: the file does not say) and what they cost and bring."""

    name: str | None
    customers: int
    net: float
    spend: Number | None = None
    cac: Number | None = None
    ltv: Number | None = None
    ratio: Number | None = None
    payback_days: Number | None = None


@dataclass(frozen=True, slots=True)
class Channels:
    """First-touch channels; ``costs`` is unknown with its reason when no cost table was given."""

    rows: tuple[Channel, ...]
    costs: Unknown | None = None


@dataclass(frozen=True, slots=True)
class DiscountMonth:
    """Discounted orders / orders, and Σ discount / Σ gross, of one month."""

    month: date
    orders_share: float
    amount_share: float


@dataclass(frozen=True, slots=True)
class Discounts:
    """How far the shop leans on discounts."""

    orders_share: float
    amount_share: float
    months: tuple[DiscountMonth, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """One product's sales; ``buyers`` are distinct customers, ``again`` the share who bought it again."""

    title: str
    units: float
    net: float
    buyers: int
    again: Number | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two products in the same orders: in how many, confidence from left to right, lift."""

    left: str
    right: str
    orders: int
    confidence: float
    lift: float


@dataclass(frozen=True, slots=True)
class Rule:
    """What one reading rule did, with an example as the file has it."""

    title: Words
    outcome: Literal["repaired", "rejected", "noted"]
    rows: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """One line of the reconciliation: what the input holds, what the figures and the rejects account for."""

    title: Words
    read: float
    accounted: float
    unit: Unit = "money"


@dataclass(frozen=True, slots=True)
class Intake:
    """What was read and what became of it. ``columns`` pairs our field with the file's own header."""

    read: int
    accepted: int
    repaired: int
    rejected: int
    rules: tuple[Rule, ...] = ()
    balances: tuple[Balance, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Words, ...] = ()
    files: tuple[str, ...] = ()
    records: int | None = None
    """Rows of the file where each holds several lines (``read`` counts those)."""

    @property
    def unpacked(self) -> bool:
        """Whether rows of the file were taken apart into lines."""
        return self.records is not None and self.records != self.read


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report."""

    shop: ShopLine
    first_on: date
    as_of: date
    orders: int
    customers: int
    cards: tuple[Card, ...] = ()
    revenue: tuple[RevenueMonth, ...] | Unknown | None = None
    cohorts: Cohorts | Unknown | None = None
    ltv: Ltv | Unknown | None = None
    gaps: Gaps | Unknown | None = None
    second: SecondOrder | Unknown | None = None
    spread: ValueSpread | Unknown | None = None
    forecast: Forecast | Unknown | None = None
    backtest: Backtest | Unknown | None = None
    best: tuple[BestCustomer, ...] = ()
    referrals: Referrals | None = None
    totals: Groupings | Unknown | None = None
    watch: Watch | None = None
    rfm: tuple[Group, ...] | Unknown | None = None
    rfm_cells: tuple[RfmCell, ...] = ()
    migration: Migration | Unknown | None = None
    segments: tuple[Group, ...] | Unknown | None = None
    channels: Channels | Unknown | None = None
    discounts: Discounts | Unknown | None = None
    products: tuple[Product, ...] | Unknown | None = None
    pairs: tuple[Pair, ...] | Unknown | None = None
    recommended: Recommended | Unknown | None = None
    intake: Intake | None = None
    version: str = ""
