"""A small shop with an index of recommendations: people with tastes, products with prices, and what a refresh keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.recommend.conftest import rows, taken
from tests.web.console import shop

HOSTILE = "<script>alert(1)</script>\"'&"


def made(settings: Any, customers: int = 12) -> None:
    """Fill the store and build an index in which customer 1 is person 1; product ``a1`` has a hostile name."""
    from regulars.recommend import fit_interactions, index
    from regulars.recommend.coverage import coverage
    from regulars.runtime.refresh import COVERAGE, INDEX
    from regulars.store.models import Identifier, Order, Product
    from regulars.store.state import remember

    shop.made(customers)
    found = fit_interactions(taken(rows()), tune=False)
    index.build(found, settings.home / INDEX)
    remember(COVERAGE, coverage(found).to_json())
    names = found.catalogue.product_ids
    Product.objects.bulk_create(
        Product(
            id=number, product_id=name, title=HOSTILE if name == "a1" else f"Thing {name}", category=name[0], brand="Acme", listed=True,
            available=name != "b3", price_minor=1000 + number, currency="PLN", updated_at=shop.AT,
        )
        for number, name in enumerate(names, 2)
    )  # fmt: skip
    for key in range(1, min(customers, 12) + 1):
        Identifier.objects.filter(customer_id=key, kind="store_id").update(value=f"person {key}")
    Order.objects.filter(id=3).update(ordered_at=shop.AT + timedelta(days=9))
