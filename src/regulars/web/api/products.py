"""Products, as the shop's catalogue tells them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import ValidationError

from regulars.catalog import listing, queries
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.web.api import cursors, money, shop, shown
from regulars.web.api.auth import Scope
from regulars.web.api.once import note, now, write
from regulars.web.api.schemas.common import Cursor, Limit
from regulars.web.api.schemas.products import (
    Bulk,
    Named,
    One,
    ProductIn,
    ProductOut,
    Products,
    Put,
    Report,
)

router = Router(tags=["Products"])


@router.get("", response=Products, auth=Scope("products:read"))
def list_products(request: HttpRequest, limit: Limit = 50, cursor: Cursor = None) -> Products:  # noqa: ARG001
    """List products in the order of their keys."""
    page, following = cursors.following(queries.listed(cursors.key(cursor), limit + 1), limit)
    currency = shop.currency()
    return Products(products=[shown.product(each, currency) for each in page], next=following)


@router.post("/bulk", response=Report, auth=Scope("products:write"))
@write
def put_products(request: HttpRequest, told: Bulk) -> tuple[int, Report]:
    """Tell up to 1000 products; one that cannot be is reported by its place, and the others are taken."""
    found: list[One | None] = [None] * len(told.products)
    rows: dict[int, dict[str, Any]] = {}
    seen: set[str] = set()
    for place, row in enumerate(told.products):
        name = row.get("product_id")
        try:
            checked = Named.model_validate(row)
            if checked.product_id in seen:
                raise _twice(checked.product_id)
            rows[place] = _fields(checked.product_id, checked)
            seen.add(checked.product_id)
        except (ValidationError, RegularsError) as error:
            known = name[:200] if isinstance(name, str) else None
            found[place] = One(index=place, product_id=known, state="rejected", errors=_why(error))
    for place, each in zip(rows, listing.listed(list(rows.values()), now()), strict=True):
        found[place] = One(index=place, product_id=each.product.product_id, state=each.state)
    report = [each for each in found if each is not None]
    counts = {
        state: sum(each.state == state for each in report)
        for state in ("added", "changed", "unchanged", "rejected")
    }
    if rows:
        note(request, "product.bulk", f"{len(rows)} products", **counts)
    return 200, Report(**counts, products=report)


@router.get("/{path:product_id}", response=ProductOut, auth=Scope("products:read"))
def read_product(request: HttpRequest, product_id: str) -> ProductOut:  # noqa: ARG001
    """Return one product."""
    found = queries.by_id(product_id)
    if found is None:
        raise RegularsError(
            "products.missing",
            mark("There is no product {product}."),
            hint=mark("GET /v1/products lists all there are."),
            kind=Kind.MISSING,
            product=repr(product_id),
        )
    return shown.product(found, shop.currency())


@router.put("/{path:product_id}", response={201: Put, 200: Put}, auth=Scope("products:write"))
@write
def put_product(request: HttpRequest, product_id: str, told: ProductIn) -> tuple[int, Put]:
    """Tell all that the catalogue says of a product."""
    (done,) = listing.listed([_fields(shop.checked_id(product_id), told)], now())
    if done.state != "unchanged":
        note(request, "product.put", product_id, state=done.state)
    answer = Put(state=done.state, product=shown.product(done.product, shop.currency()))
    return (201 if done.state == "added" else 200), answer


def _fields(product_id: str, told: ProductIn) -> dict[str, Any]:
    """Return a product as the fields of its record."""
    unit = told.currency or ""
    amounts = {"price": told.price, "cost": told.cost}
    return {
        "product_id": product_id,
        "title": told.title,
        "category": told.category,
        "brand": told.brand,
        "currency": unit,
        "available": told.available,
        "url": told.url,
        "image_url": told.image_url,
        "attributes": told.attributes,
        **{
            f"{name}_minor": None if amount is None else money.minor(amount, unit, name)
            for name, amount in amounts.items()
        },
    }


def _twice(product_id: str) -> RegularsError:
    return RegularsError(
        "products.twice",
        mark("The product {product} is told twice."),
        product=repr(product_id),
        location="product_id",
    )


def _why(error: ValidationError | RegularsError) -> list[dict[str, Any]]:
    if isinstance(error, RegularsError):
        return [{"location": error.values.get("location", ""), "detail": error.message}]
    return [
        {"location": ".".join(map(str, each["loc"])), "detail": each["msg"]}
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
