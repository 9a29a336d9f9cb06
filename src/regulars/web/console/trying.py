"""What a question to the recommender starts from, as an address says it: a slot, a customer, products; with examples where it says none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.conf import settings
from django.http import QueryDict

from regulars.catalog import searching as catalogue
from regulars.customers import searching as customers
from regulars.kit.i18n import mark
from regulars.recommend.ask import SLOTS
from regulars.runtime import serving
from regulars.store.models import Customer, Order, Product

TITLES = {
    "for_you": mark("For you"),
    "next_basket": mark("Next order"),
    "buy_again": mark("Buy again"),
    "discover": mark("Something new"),
    "similar": mark("Similar products"),
    "because_viewed": mark("Because it was viewed"),
    "session": mark("This visit"),
    "bought_together": mark("Bought together"),
    "cart": mark("Beside the cart"),
    "cross_sell": mark("From other categories"),
    "up_sell": mark("A step up"),
    "trending": mark("Popular now"),
    "new_arrivals": mark("New in the shop"),
}
ABOUT = {
    "for_you": mark("What a customer sees on the home page or in an e-mail: things to buy again and new ones."),
    "next_basket": mark("What the customer's next order will hold, what is due first."),
    "buy_again": mark("Only what the customer bought before."),
    "discover": mark("Only what the customer never bought."),
    "similar": mark("On a product's page: what people buy who buy this product."),
    "because_viewed": mark("What follows from products that were viewed, the latest heaviest."),
    "session": mark("What follows in a running visit, whoever it is."),
    "bought_together": mark("On a product's page: what is in the same order."),
    "cart": mark("In the cart: what completes it."),
    "cross_sell": mark("In the cart: what completes it from other categories."),
    "up_sell": mark("On a product's page: what costs a little more in the same category."),
    "trending": mark("What most people bought in the last two weeks."),
    "new_arrivals": mark("What was sold for the first time in the last four weeks, then what nobody bought yet."),
}  # fmt: skip
SHOWN = 10
MOST_PRODUCTS = 10


@dataclass(frozen=True)
class Wanted:
    """A question, with what was found where somebody typed words instead of choosing."""

    slot: str
    customer: Customer | None = None
    products: tuple[str, ...] = ()
    example: bool = False
    """Whether customer or product were not asked for."""
    people: Sequence[Customer] = ()
    """Whom the words for a customer may mean."""
    goods: Sequence[Product] = ()
    """What the words for a product may mean."""
    nobody: bool = False
    nothing: bool = False
    """Whether words were found to mean nobody, or no product."""

    @property
    def needs(self) -> str:
        """What the slot starts from: customer, product, products or nothing."""
        return SLOTS[self.slot]

    def address(self, path: str = "/recommendations", **more: Any) -> str:
        """Return the address of this question with something else in it."""
        told = {"slot": self.slot, "customer": self.customer and self.customer.id, "product": self.products}
        kept = {name: value for name, value in (told | more).items() if value}
        return f"{path}?{urlencode(kept, doseq=True)}"

    def without(self, product: str) -> str:
        """Return the address without a product."""
        return self.address(product=[each for each in self.products if each != product])

    def beside(self, product: str) -> str:
        """Return the address with a product more, the last one; of a slot that starts from one, that one."""
        return self.address(product=self.with_product(product))

    def with_product(self, product: str) -> tuple[str, ...]:
        """Return the products with one more at the end."""
        if self.needs == "product":
            return (product,)
        return (*(each for each in self.products if each != product), product)[-MOST_PRODUCTS:]


def wanted(told: QueryDict) -> Wanted:
    """Read a question; what cannot be in it does not count. Without what its slot needs, it is asked for an example."""
    slot = told.get("slot", "")
    slot = slot if slot in SLOTS else next(iter(SLOTS))
    words = told.get("who", "").strip()[: customers.LONGEST]
    person, people, nobody = _who(words) if words else (_keyed(told.get("customer", "")), (), False)
    chosen = [each[: catalogue.LONGEST] for each in told.getlist("product")[-MOST_PRODUCTS:]]
    known = catalogue.known(each for each in chosen if each.isprintable())
    products = tuple(dict.fromkeys(each for each in chosen if each in known))
    asked = Wanted(slot, person, products, people=people, nobody=nobody)
    asked = _found(asked, told.get("find", "").strip()[: catalogue.LONGEST])
    return _exemplary(asked)


def _keyed(told: str) -> Customer | None:
    key = int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0
    person = _people().filter(id=key).first() if key else None
    return person.merged_into if person is not None and person.merged_into_id else person


def _who(words: str) -> tuple[Customer | None, Sequence[Customer], bool]:
    """Return whom words mean, or whom they may mean, or that they mean nobody."""
    one = customers.exactly(words)
    keys = customers.found(words)[:8] if one is None else [one]
    found = _people().in_bulk(keys)
    people = [found[each] for each in keys if each in found]
    return (people[0], (), False) if len(people) == 1 else (None, people, not people)


def _people() -> Any:
    return Customer.objects.prefetch_related("identifiers")


def _found(asked: Wanted, text: str) -> Wanted:
    """Take up the product that words mean, or those that they may mean."""
    if not text:
        return asked
    one = catalogue.exactly(text)
    some = [one] if one is not None else catalogue.found(text)
    if len(some) != 1:
        return replace(asked, goods=some, nothing=not some)
    return replace(asked, products=asked.with_product(some[0].product_id))


def _exemplary(asked: Wanted) -> Wanted:
    """Take an example for what is missing: who ordered last, and what sells most."""
    words = asked.people or asked.goods or asked.nobody or asked.nothing
    if words or (asked.needs == "customer" and asked.customer) or not asked.needs:
        return asked
    if asked.needs == "customer":
        last = Order.objects.filter(customer__isnull=False, customer__merged_into=None)
        newest = last.order_by("-ordered_at").values_list("customer_id", flat=True).first()
        person = _people().filter(id=newest).first()
        return replace(asked, customer=person, example=person is not None)
    if asked.products:
        return asked
    best = _best_seller()
    return replace(asked, products=(best,) if best else (), example=bool(best))


def _best_seller() -> str:
    found = serving.served(settings.REGULARS).slots
    now = found.serving.trending.now
    return found.catalogue.product_ids[int(np.argmax(now))] if len(now) and now.max() > 0 else ""
