"""Products as they are told and shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from regulars.web.api.schemas.common import Amount, Currency, Id, Page, Told, example

Plain = str | int | float | bool | None
Attributes = Annotated[dict[Annotated[str, Field(max_length=100)], Plain], Field(max_length=100)]
TEA = {
    "title": "Green tea",
    "category": "Tea/Green",
    "brand": "Leaf",
    "price": "5.00",
    "cost": "2.10",
    "currency": "EUR",
    "available": True,
}


class ProductIn(Told):
    """All that a catalogue says of a product."""

    model_config = example(**TEA)
    title: Annotated[str, Field(max_length=500)] = ""
    category: Annotated[str, Field(max_length=300)] = ""
    brand: Annotated[str, Field(max_length=200)] = ""
    price: Amount | None = None
    cost: Amount | None = None
    currency: Currency | None = None
    """Of price and cost."""
    available: bool = True
    url: Annotated[str, Field(max_length=1000, pattern=r"^(https?://\S*)?$")] = ""
    image_url: Annotated[str, Field(max_length=1000, pattern=r"^(https?://\S*)?$")] = ""
    attributes: Attributes = Field(default_factory=dict)

    @model_validator(mode="after")
    def priced(self) -> ProductIn:
        """Refuse an amount of nobody's money."""
        if self.currency is None and (self.price is not None or self.cost is not None):
            msg = "price and cost need a currency"
            raise ValueError(msg)
        return self


class Named(ProductIn):
    """A product of many, with the shop's own id."""

    model_config = example(product_id="tea", **TEA)
    product_id: Id


class Bulk(Told):
    """Up to 1000 products; each is checked by itself."""

    model_config = example(products=[{"product_id": "tea", **TEA}])
    products: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]


class ProductOut(Told):
    """A product as it is known."""

    product_id: str
    key: int
    title: str
    category: str
    brand: str
    price: str | None
    cost: str | None
    currency: str
    available: bool
    url: str
    image_url: str
    attributes: dict[str, Any]
    listed: bool
    """Whether a catalogue names it; one that is only in orders is not."""
    updated_at: str


class Products(Page):
    """A part of all products."""

    products: list[ProductOut]


class Put(Told):
    """What became of a product."""

    state: Literal["added", "changed", "unchanged"]
    product: ProductOut


class One(Told):
    """What became of one product of many."""

    index: int
    product_id: str | None
    state: Literal["added", "changed", "unchanged", "rejected"]
    errors: tuple[dict[str, Any], ...] = ()


class Report(Told):
    """What became of many products, by their place."""

    added: int
    changed: int
    unchanged: int
    rejected: int
    products: list[One]
