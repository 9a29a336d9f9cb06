"""What a learner goes by, in the merchant's words."""

from __future__ import annotations

from regulars.kit.i18n import mark
from regulars.value.learning import engagement
from regulars.value.learning.features import WINDOWS_DAYS

_SPANS = (*map(str, WINDOWS_DAYS),)
THEMES: dict[str, tuple[str, ...]] = {
    mark("Days since the last order"): ("silent_days", "silent_share"),
    mark("How often they bought"): ("pace", "repeats"),
    mark("Purchases of the last weeks and months"): tuple(
        f"{kind}_{span}" for kind in ("bought", "share", "spent", "spend_share") for span in _SPANS
    ),
    mark("Purchases in the same weeks a year ago"): tuple(
        f"{kind}_same_weeks" for kind in ("bought", "share", "spent", "spend_share")
    ),
    mark("Gaps between orders and how regular they are"): (
        "gap",
        "gap_spread",
        "gap_longest",
        "gap_last",
        "overdue",
        "overdue_longest",
    ),
    mark("Time since the first order"): ("age_rank",),
    mark("What an order is worth"): ("mean_spend", "first_spend", "last_spend", "largest_spend"),
    mark("How much is in an order"): ("lines", "units"),
    mark("Variety of products and share of the favourite"): ("products", "top_product"),
    mark("Price level of what they buy"): ("price",),
    mark("Whether these products are bought again"): (
        "bought_again",
        "bought_again_by_others",
        "first_products_bring_back",
    ),
    mark("Categories"): ("categories", "top_category", "category"),
    mark("Channel of the first order"): ("channel",),
    mark("Country"): ("country",),
    mark("Discounts and coupons"): ("discounted", "discount_share", "coupons"),
    mark("Returns"): ("returned",),
    mark("What they looked at and put into carts"): engagement.COLUMNS,
    mark("The purchase model's own forecast"): (
        "p_alive",
        "expected_orders",
        "expected_spend",
        "expected_total",
    ),
}
"""Every column of the matrix belongs to one theme."""
