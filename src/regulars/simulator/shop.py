"""The shop we simulate unless told otherwise: Imbryk & Ziarno (teapot and bean), coffee and tea by the hundred grams.

Every name, price and habit is invented.
"""

from __future__ import annotations

from regulars.simulator.parts import Category, Channel, Promotion

NAME = "Imbryk & Ziarno"

CHANNELS = (
    Channel("organic search", 0.27),
    Channel("direct", 0.14, rate=1.15, dropout=0.85),
    Channel("referral", 0.08, cac=6.0, campaigns=("bring-a-friend",), rate=1.2, dropout=0.7, spend=1.08),
    Channel(
        "google ads",
        0.22,
        cac=14.0,
        campaigns=("brand", "coffee-generic", "shopping"),
        cac_growth_yearly=0.18,
    ),
    Channel(
        "instagram ads",
        0.15,
        cac=17.0,
        campaigns=("morning-ritual", "gift-sets"),
        cac_growth_yearly=0.25,
        dropout=1.15,
        deal_share=0.12,
    ),
    # The one worth finding: dear customers who come for the coupon and do not come back.
    Channel(
        "coupon portal",
        0.14,
        cac=27.0,
        campaigns=("first-order-deal",),
        rate=0.45,
        dropout=2.6,
        spend=0.78,
        deal_share=0.75,
    ),
)

_ORIGINS = (
    "Ethiopia Sidamo",
    "Kenya Nyeri",
    "Brazil Cerrado",
    "Colombia Huila",
    "Guatemala Antigua",
    "Rwanda Kivu",
    "Peru Cajamarca",
    "India Malabar",
    "Sumatra Mandheling",
    "Honduras Marcala",
    "House Blend Poranek",
    "House Blend Wieczór",
)

CATEGORIES = (
    Category(
        "Coffee beans",
        1.5,
        2.6,
        5.4,
        24,
        0.62,
        unit="100 g",
        first_words=_ORIGINS,
        second_words=("light roast beans", "medium roast beans", "dark roast beans", "decaf beans"),
        companion="Filters and care",
    ),
    Category(
        "Ground coffee",
        0.7,
        2.5,
        4.9,
        24,
        0.6,
        unit="100 g",
        first_words=_ORIGINS,
        second_words=("for the moka pot", "for the filter", "for the French press"),
        companion="Chocolate and biscuits",
    ),
    Category(
        "Black tea",
        0.8,
        1.9,
        4.6,
        38,
        0.5,
        tax_percent=23,
        unit="50 g",
        first_words=("Assam", "Darjeeling", "Ceylon", "Keemun", "Earl Grey", "Lapsang", "Nilgiri", "Yunnan"),
        second_words=("Śniadanie", "first flush", "second flush", "garden leaf", "with orange peel"),
        companion="Chocolate and biscuits",
    ),
    Category(
        "Green and white tea",
        0.55,
        2.2,
        5.9,
        42,
        0.5,
        unit="50 g",
        first_words=("Sencha", "Genmaicha", "Gunpowder", "Lung Ching", "Bai Mu Dan", "Jasmine", "Matcha"),
        second_words=("Łąka", "spring leaf", "with mint", "with quince", "with sunflower"),
        companion="Brewers and cups",
    ),
    Category(
        "Herbs and fruit",
        0.5,
        1.6,
        3.6,
        45,
        0.4,
        tax_percent=8,
        unit="50 g",
        first_words=("Mięta", "Lipa", "Rumianek", "Rooibos", "Hibiscus", "Malina", "Ginger", "Rosehip"),
        second_words=("Babcia's garden", "evening", "with honeybush", "with apple", "winter mix"),
        companion="Chocolate and biscuits",
    ),
    Category(
        "Chocolate and biscuits",
        0.55,
        2.1,
        5.2,
        18,
        0.3,
        tax_percent=8,
        unit="",
        first_words=(
            "Dark chocolate 72%",
            "Milk chocolate",
            "Piernik",
            "Oat biscuits",
            "Almond cantuccini",
            "Krówka",
        ),
        second_words=("plain", "with sea salt", "with coffee nibs", "with plum", "with orange"),
    ),
    Category(
        "Filters and care",
        0.3,
        2.9,
        8.5,
        75,
        0.7,
        unit="",
        first_words=("Paper filters", "Descaler", "Cleaning tablets", "Water filter"),
        second_words=("small", "large", "home", "bar", "refill"),
    ),
    Category(
        "Brewers and cups",
        0.16,
        6.5,
        24.0,
        420,
        0.05,
        refund_share=0.09,
        unit="",
        first_words=("Glass dripper", "Moka pot", "French press", "Stoneware cup", "Tea strainer", "Kubek"),
        second_words=("Biała", "Granat", "Miedź", "for one", "for four"),
        companion="Coffee beans",
    ),
)

PROMOTIONS = (
    Promotion("Name-day weekend", "IMIENINY10", (2, 10), 5, 10, 1.25, 2.2),
    Promotion("Spring tasting", "SPRING15", (4, 8), 7, 15, 1.35, 2.6),
    Promotion("Cold brew week", "COLDBREW15", (7, 1), 7, 15, 1.3, 2.4),
    Promotion("Back to school mornings", "PORANEK10", (9, 1), 6, 10, 1.2, 2.0),
    Promotion("Black Week", "BLACK25", (11, 21), 9, 25, 1.9, 4.5),
    Promotion("Gift days", "GIFT10", (12, 6), 9, 10, 1.3, 1.8),
)

COUNTRIES = (("PL", 0.62), ("DE", 0.17), ("CZ", 0.09), ("SK", 0.05), ("LT", 0.04), ("AT", 0.03))
WELCOME = ("WELCOME10", 10)
CLUB = ("CLUB8", 8)
