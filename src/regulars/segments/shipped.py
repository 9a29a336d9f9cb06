"""Who belongs to which behaviour segment: pure decisions over columns, thresholds in, memberships out.

Sources of the rules: ``docs/segments.md``. Each membership is a boolean array, one entry a customer, or an
``Unknown`` with its reason where the file or the model could not tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.segments.thresholds import Thresholds

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

Known = TypeVar("Known")

LIFECYCLE = ("prospect", "won_back", "new", "lapsed", "at_risk", "active")

NO_DISCOUNTS = Unknown.because("segments.no_discounts", mark("The file says nothing about discounts."))
NO_REFUNDS = Unknown.because("segments.no_refunds", mark("The file says nothing about refunds."))


@dataclass(frozen=True)
class Facts:
    """What the rules read, column by column; all arrays have one entry a customer, in the same order."""

    orders: Counts
    recency_days: Counts
    age_days: Counts
    net: Numbers
    aov: Numbers
    p_alive: Numbers | Unknown
    clv: Numbers | Unknown
    discounted: Counts | Unknown
    refunded: Numbers | Unknown
    paid: Numbers
    recent_net: Numbers
    buyer: Mask
    comeback_gap: Numbers
    """Days of silence that a purchase of the last days ended; NaN for none."""
    left_cart: Mask | Unknown
    """Put something into the cart lately and ordered nothing since."""
    left_product: Mask | Unknown
    """Viewed one product again and again lately, and went."""
    gap: float | Unknown
    """The shop's usual gap between orders, in days (P80)."""


def percentile(values: Numbers, percent: float) -> float | None:
    """Return the smallest value that at least ``percent`` per cent of ``values`` do not exceed; None without values."""
    values = values[np.isfinite(values)]
    return float(np.quantile(values, percent / 100, method="inverted_cdf")) if len(values) else None


def boundaries(facts: Facts, at: Thresholds) -> dict[str, float | None]:
    """Return the amounts that the shop's own percentiles stand for, in its currency."""
    aov = facts.aov[facts.orders > 0]
    return {
        "big_spender_net": percentile(facts.recent_net[facts.buyer], at.big_spender_percentile),
        "high_aov": percentile(aov, at.high_aov_percentile),
        "high_aov_single": percentile(aov, at.high_aov_single_percentile),
        "vip_clv": None if isinstance(facts.clv, Unknown) else percentile(facts.clv, at.vip_percentile),
    }


def behaviour(facts: Facts, at: Thresholds, amounts: dict[str, float | None]) -> dict[str, Mask | Unknown]:
    """Decide every behaviour segment, by name; a customer may be in several or in none."""
    once, repeat = facts.orders == 1, facts.orders >= at.repeat_orders
    net, aov, single = (
        _or_never(amounts[name]) for name in ("big_spender_net", "high_aov", "high_aov_single")
    )
    clv = _or_never(amounts["vip_clv"])
    several = facts.orders >= at.discount_orders
    return {
        "prospect": facts.orders == 0,
        "first_time": once & (facts.age_days <= at.first_time_days),
        "one_time_lapsed": _given(facts.gap, lambda gap: once & (facts.recency_days > gap)),
        "repeat": repeat,
        "loyal": _given(
            facts.gap, lambda gap: (facts.orders >= at.loyal_orders) & (facts.recency_days <= gap)
        ),
        "big_spender": facts.buyer & (facts.recent_net >= net),
        "high_aov": ((facts.orders >= 2) & (facts.aov >= aov)) | (once & (facts.aov >= single)),
        "vip": _given(
            facts.clv,
            lambda worth: _given(
                facts.p_alive,
                lambda alive: (worth >= clv) & (facts.orders >= at.vip_orders) & (alive >= at.vip_p_alive),
            ),
        ),
        "full_price": _given(
            facts.discounted, lambda some: several & (some <= at.full_price_share * facts.orders + 1e-9)
        ),
        "discount_buyer": _given(
            facts.discounted, lambda some: several & (some >= at.discount_share * facts.orders - 1e-9)
        ),
        "at_risk": _given(
            facts.p_alive,
            lambda alive: repeat & (alive >= at.lapsed_p_alive) & (alive < at.at_risk_p_alive),
        ),
        "lapsed": _given(facts.p_alive, lambda alive: repeat & (alive < at.lapsed_p_alive)),
        "won_back": _given(facts.gap, lambda gap: facts.comeback_gap > gap),
        "serial_returner": _given(
            facts.refunded,
            lambda back: (
                (facts.orders >= at.returner_orders)
                & (back > 0)
                & (back >= at.returner_share * facts.paid - 1e-9)
            ),
        ),
        "cart_abandoner": facts.left_cart,
        "browse_abandoner": facts.left_product,
    }


def lifecycle(facts: Facts, at: Thresholds) -> NDArray[np.int8]:
    """Return where each customer stands, as an index into :data:`LIFECYCLE`; everybody stands somewhere.

    The first that holds: no order (prospect), back after a long silence (won back), one recent order (new), gone
    (lapsed), going (at risk), else active. Repeat buyers are judged by P(alive), one-time buyers by the shop's usual gap;
    where P(alive) is unknown everybody is judged by the gap, and where that is unknown too by ``lapsed_days``.
    """
    gap: float = at.lapsed_days if isinstance(facts.gap, Unknown) else facts.gap
    once, silent = facts.orders == 1, facts.recency_days > gap
    if isinstance(facts.p_alive, Unknown):
        lapsed, at_risk = silent, np.zeros(len(silent), dtype=bool)
    else:
        alive = facts.p_alive
        judged = ~once & ~np.isnan(alive)
        lapsed = np.where(judged, alive < at.lapsed_p_alive, silent)
        at_risk = judged & (alive < at.at_risk_p_alive)
    states = (
        facts.orders == 0,
        facts.comeback_gap > gap,
        once & (facts.age_days <= at.first_time_days),
        lapsed,
        at_risk,
        np.ones(len(once), dtype=bool),
    )
    return np.select(states, [np.int8(index) for index in range(len(LIFECYCLE))]).astype(np.int8)


def _given(known: Known | Unknown, decide: Callable[[Known], Mask | Unknown]) -> Mask | Unknown:
    """Decide with a value that may be unknown; then so is the membership."""
    return known if isinstance(known, Unknown) else decide(known)


def _or_never(amount: float | None) -> float:
    return np.inf if amount is None else amount
