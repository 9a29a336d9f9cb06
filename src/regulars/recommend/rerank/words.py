"""What a re-ranker goes by, in the merchant's words."""

from __future__ import annotations

from regulars.kit.i18n import mark
from regulars.recommend.rerank.facts import SALES_DAYS

THEMES: dict[str, tuple[str, ...]] = {
    mark("The list without it"): ("blend", "place_blend"),
    mark("How often and how lately the person bought the product"): (
        "again",
        "place_again",
        "owned",
        "times",
        "share_of_visits",
        "days_since_bought",
        "days_between_first_and_last",
        "silence_in_own_gaps",
    ),
    mark("What goes with what the person bought"): (
        "nearness",
        "place_nearness",
        "nearness_unscaled",
        "nearness_of_last_visit",
        "nearness_of_all_visits",
        "speakers",
        "days_since_speakers",
        "together_with_last_visit",
        "together_with_all_visits",
    ),
    mark("How the product sells"): (
        *(f"buyers_{days}_days" for days in SALES_DAYS),
        "buyers_ever",
        "first_buyers_28_days",
        "place_of_sales",
        "days_on_sale",
        "trend",
        "repeat_rate",
    ),
    mark("How the product sold in the same weeks a year ago"): ("buyers_a_year_ago",),
    mark("How the person shops"): (
        "visits",
        "days_since_visit",
        "days_since_first_visit",
        "items_a_visit",
        "items_ever",
        "share_new",
        "sales_of_own",
    ),
}
"""Every column of a row belongs to one theme."""
