"""What the shop sells, as its pages show it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from regulars.kit.i18n import mark
from regulars.store.models import Product

CATEGORIES = (
    mark("Coffee beans"), mark("Ground coffee"), mark("Black tea"), mark("Green and white tea"),
    mark("Herbs and fruit"), mark("Chocolate and biscuits"), mark("Filters and care"), mark("Brewers and cups"),
)  # fmt: skip
LEADS = {
    "Coffee beans": mark("Roasted on Tuesdays, sent on Wednesdays."),
    "Ground coffee": mark("Ground for the way you brew."),
    "Black tea": mark("From brisk breakfast leaves to quiet second flushes."),
    "Green and white tea": mark("Fresh, grassy and gentle."),
    "Herbs and fruit": mark("From gardens and meadows, without caffeine."),
    "Chocolate and biscuits": mark("Something small beside the cup."),
    "Filters and care": mark("What keeps a brewer happy."),
    "Brewers and cups": mark("Tools that last, cups that feel right."),
}


@dataclass(frozen=True, slots=True)
class Good:
    """One product."""

    id: str
    title: str
    category: str
    price: int
    """Minor units, tax included."""

    @property
    def name(self) -> str:
        """The title without the pack."""
        return self.title.split(",")[0]

    @property
    def kind(self) -> str:
        """What the title says after the name."""
        return self.title.partition(",")[2].strip()


def slug(category: str) -> str:
    """Return a category as addresses write it."""
    return re.sub(r"[^a-z]+", "-", category.lower()).strip("-")


def category_of(told: str) -> str | None:
    """Return the category of an address."""
    return next((each for each in CATEGORIES if slug(each) == told), None)


def _goods(some: Iterable[Product]) -> list[Good]:
    return [Good(each.product_id, each.title, each.category, each.price_minor or 0) for each in some]


def on_sale() -> list[Good]:
    """Return everything that can be bought."""
    return _goods(Product.objects.filter(listed=True, available=True).order_by("id"))


def some(ids: Iterable[str]) -> dict[str, Good]:
    """Return goods by id; those that cannot be bought are left out."""
    found = Product.objects.filter(product_id__in=list(ids), listed=True, available=True)
    return {each.id: each for each in _goods(found)}


def found(text: str) -> list[Good]:
    """Return goods whose title or category has every word."""
    words = text.casefold().split()
    return [each for each in on_sale() if all(word in f"{each.title} {each.category}".casefold() for word in words)] if words else []  # fmt: skip
