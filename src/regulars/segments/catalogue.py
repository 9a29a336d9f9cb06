"""What each segment is called and how it is defined, in words; the thresholds in force are filled in where shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.segments.thresholds import Thresholds

FAMILIES = {
    "behaviour": mark("Behaviour"),
    "tier": mark("Value tiers"),
    "rfm": mark("RFM groups"),
    "lifecycle": mark("Lifecycle"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One segment: its stable name, and two message ids."""

    family: str
    name: str
    title: str
    definition: str


def _entries(family: str, *rows: tuple[str, str, str]) -> tuple[Entry, ...]:
    return tuple(Entry(family, *row) for row in rows)


BEHAVIOUR = _entries(
    "behaviour",
    ("prospect", mark("Prospect"), mark("No order yet.")),
    (
        "first_time",
        mark("First-time buyer"),
        mark("One order, not more than {first_time_days} days ago."),
    ),
    (
        "one_time_lapsed",
        mark("One-time, lapsed"),
        mark("One order, longer ago than the usual gap between orders ({gap} days)."),
    ),
    ("repeat", mark("Repeat buyer"), mark("At least {repeat_orders} orders.")),
    (
        "loyal",
        mark("Loyal"),
        mark("At least {loyal_orders} orders, the last within the usual gap between orders ({gap} days)."),
    ),
    (
        "big_spender",
        mark("Big spender"),
        mark(
            "Net spend of the last {big_spender_days} days is not below the {big_spender_percentile}th percentile of the"
            " buyers of these days."
        ),
    ),
    (
        "high_aov",
        mark("High order value"),
        mark(
            "Average order not below the {high_aov_percentile}th percentile of customers, or the"
            " {high_aov_single_percentile}th with a single order."
        ),
    ),
    (
        "vip",
        mark("VIP"),
        mark(
            "Predicted value not below the {vip_percentile}th percentile, at least {vip_orders} orders, and still a"
            " customer with a probability of at least {vip_p_alive}."
        ),
    ),
    (
        "full_price",
        mark("Full-price buyer"),
        mark("At least {discount_orders} orders, not more than {full_price_share} of them with a discount."),
    ),
    (
        "discount_buyer",
        mark("Discount buyer"),
        mark("At least {discount_orders} orders, {discount_share} of them or more with a discount."),
    ),
    (
        "at_risk",
        mark("At risk"),
        mark(
            "At least {repeat_orders} orders, and still a customer with a probability from {lapsed_p_alive} to below"
            " {at_risk_p_alive}."
        ),
    ),
    (
        "lapsed",
        mark("Lapsed"),
        mark(
            "At least {repeat_orders} orders, and still a customer with a probability below {lapsed_p_alive}."
        ),
    ),
    (
        "won_back",
        mark("Won back"),
        mark("Ordered in the last {won_back_days} days after a silence beyond the usual gap ({gap} days)."),
    ),
    (
        "serial_returner",
        mark("Serial returner"),
        mark(
            "At least {returner_orders} orders, and {returner_share} or more of what they paid was refunded."
        ),
    ),
    (
        "cart_abandoner",
        mark("Cart abandoner"),
        mark(
            "Put something into the cart between {abandoned_hours} h and {abandoned_days} days ago, and ordered nothing since."
        ),
    ),
    (
        "browse_abandoner",
        mark("Browse abandoner"),
        mark(
            "Viewed one product at least {browsed_views} times in the last {abandoned_days} days, put nothing into the cart, and ordered nothing since."
        ),
    ),
)

TIERS = _entries(
    "tier",
    ("top", mark("Top"), mark("The {tier_top}% of customers with the highest predicted value.")),
    ("high", mark("High"), mark("The next {tier_high}% by predicted value.")),
    ("middle", mark("Middle"), mark("The next {tier_middle}% by predicted value.")),
    ("low", mark("Low"), mark("The remaining {tier_low}% by predicted value.")),
)

TIERS_TO_DATE = _entries(
    "tier",
    (
        "top",
        mark("Top"),
        mark(
            "The {tier_top}% of customers with the highest net spend to date (their predicted value is unknown)."
        ),
    ),
    ("high", mark("High"), mark("The next {tier_high}% by net spend to date.")),
    ("middle", mark("Middle"), mark("The next {tier_middle}% by net spend to date.")),
    ("low", mark("Low"), mark("The remaining {tier_low}% by net spend to date.")),
)

RFM = _entries(
    "rfm",
    (
        "champions",
        mark("Champions"),
        mark("Bought very recently (R 5), often and for much (FM 4 or more)."),
    ),
    ("loyal", mark("Loyal customers"), mark("Bought recently (R 4 or 5), FM 3.5 or more.")),
    ("new", mark("New customers"), mark("Bought very recently (R 5), little so far (FM below 2).")),
    ("active", mark("Active"), mark("Bought recently (R 4 or 5), FM 2 or more.")),
    ("promising", mark("Promising"), mark("Bought recently (R 4), little so far (FM below 2).")),
    (
        "needs_attention",
        mark("Needs attention"),
        mark("Bought neither lately nor long ago (R 3), FM 2.5 or more."),
    ),
    (
        "almost_lost",
        mark("Almost lost"),
        mark("Bought neither lately nor long ago (R 3), little (FM below 2.5)."),
    ),
    (
        "previously_loyal",
        mark("Previously loyal"),
        mark("Silent for long (R 1 or 2), once among the best (FM 4 or more)."),
    ),
    ("at_risk", mark("At risk of leaving"), mark("Silent for long (R 1 or 2), FM 2.5 or more.")),
    ("dormant", mark("Dormant"), mark("Silent for long (R 1 or 2), little ever bought (FM below 2.5).")),
)

LIFECYCLE = _entries(
    "lifecycle",
    ("prospect", mark("Prospect"), mark("No order yet.")),
    (
        "won_back",
        mark("Back again"),
        mark("Ordered in the last {won_back_days} days after a silence beyond {lifecycle_gap} days."),
    ),
    ("new", mark("New"), mark("One order, not more than {first_time_days} days ago.")),
    (
        "lapsed",
        mark("Gone quiet"),
        mark(
            "One order, longer ago than {lifecycle_gap} days; or several, and still a customer with a probability below"
            " {lapsed_p_alive}."
        ),
    ),
    (
        "at_risk",
        mark("Slipping away"),
        mark(
            "Several orders, and still a customer with a probability from {lapsed_p_alive} to below {at_risk_p_alive}."
        ),
    ),
    ("active", mark("Active customer"), mark("Everybody else: most likely still a customer.")),
)

LIFECYCLE_BY_GAP = tuple(
    {
        "lapsed": Entry(
            "lifecycle",
            "lapsed",
            mark("Gone quiet"),
            mark("The last order is longer ago than {lifecycle_gap} days."),
        ),
        "at_risk": Entry(
            "lifecycle",
            "at_risk",
            mark("Slipping away"),
            mark("Nobody: the probability of still being a customer is unknown here."),
        ),
        "active": Entry(
            "lifecycle",
            "active",
            mark("Active customer"),
            mark("Everybody else: the last order is not longer ago than {lifecycle_gap} days."),
        ),
    }.get(entry.name, entry)
    for entry in LIFECYCLE
)


def wordings(at: Thresholds, gap: float | Unknown) -> dict[str, str]:
    """Return what fills the placeholders of the definitions: every threshold as a person would write it."""
    filled = {name: _written(name, value) for name, value in at.to_json().items()}
    filled |= {
        f"tier_{name}": f"{part:g}"
        for name, part in zip(("top", "high", "middle", "low"), at.tier_shares, strict=True)
    }
    filled["gap"] = "–" if isinstance(gap, Unknown) else f"{gap:.0f}"
    filled["lifecycle_gap"] = f"{at.lapsed_days}" if isinstance(gap, Unknown) else f"{gap:.0f}"
    return filled


def _written(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "/".join(f"{part:g}" for part in value)
    if value is None:
        return "–"
    return f"{100 * value:g}%" if name.endswith(("_share", "_p_alive")) else f"{value:g}"
