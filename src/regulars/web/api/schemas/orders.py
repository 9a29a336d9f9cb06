"""Orders as they are told and shown. Amounts are text in the currency's own units, tax included unless it says otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from regulars.web.api.schemas.common import (
    DOCUMENTED,
    Amount,
    Currency,
    Email,
    Id,
    Moment,
    Short,
    Told,
    example,
)

Status = Literal["paid", "unpaid", "cancelled", "test"]
LARGEST = 10**10
Quantity = Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=4, allow_inf_nan=False)]


class Buyer(Told):
    """Whose order it is: the shop's own id, an e-mail, or both."""

    model_config = example(id="1001", email="ada@example.com")
    id: Id | None = None
    email: Email | None = None


class LineIn(Told):
    """One line: merchandise only. ``gross − discount`` is what was paid; ``tax`` and ``refunded`` are parts of it."""

    model_config = example(
        product_id="tea", title="Green tea", quantity="2", unit_price="5.00", discount="1.00", tax="1.68"
    )
    product_id: Id | None = None
    title: Annotated[str, Field(max_length=500)] = ""
    category: Annotated[str, Field(max_length=300)] = ""
    quantity: Quantity = Decimal(1)
    unit_price: Amount | None = None
    """Of one piece before discounts; this or ``gross``."""
    gross: Amount | None = None
    """Of the whole line before discounts; this or ``unit_price``."""
    discount: Amount = "0"
    tax: Amount = "0"
    refunded: Amount | None = None
    """What went back; left out, what is known of it stays."""

    @model_validator(mode="after")
    def one_price(self) -> LineIn:
        """Refuse a line with no price or with two."""
        if (self.unit_price is None) == (self.gross is None):
            msg = "needs either unit_price or gross"
            raise ValueError(msg)
        if Decimal(self.unit_price or 0) * self.quantity >= LARGEST:
            msg = "unit_price times quantity is too large"
            raise ValueError(msg)
        return self


class OrderIn(Told):
    """A whole order: what is told again takes the place of what was told before."""

    model_config = example(
        status="paid",
        customer={"id": "1001", "email": "ada@example.com"},
        ordered_at=DOCUMENTED,
        currency="EUR",
        shipping="4.90",
        lines=[{"product_id": "tea", "title": "Green tea", "quantity": "2", "unit_price": "5.00"}],
    )
    status: Status = "paid"
    customer: Buyer | None = None
    ordered_at: Moment
    """A moment without an offset is in the shop's own time zone."""
    currency: Currency
    shipping: Amount = "0"
    shipping_tax: Amount = "0"
    coupon_code: Short = ""
    channel: Short = ""
    country: Short = ""
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=1000)]


class StatusIn(Told):
    """An order's new status."""

    model_config = example(status="cancelled")
    status: Status


class RefundLine(Told):
    """What goes back for a line."""

    model_config = example(line=1, amount="5.00")
    line: Annotated[int, Field(ge=1, le=1_000_000)]
    amount: Amount


class RefundIn(Told):
    """Money that goes back: of lines, or an ``amount`` of all lines by what is left of them; and of delivery."""

    model_config = example(refund_id="R-17", lines=[{"line": 1, "amount": "5.00"}], shipping="0")
    refund_id: Id
    """The shop's own id of the refund: told twice, it takes back once."""
    amount: Amount | None = None
    lines: Annotated[tuple[RefundLine, ...], Field(max_length=1000)] = ()
    shipping: Amount = "0"
    refunded_at: Moment | None = None

    @model_validator(mode="after")
    def one_way(self) -> RefundIn:
        """Refuse a refund told in two ways."""
        if self.amount is not None and self.lines:
            msg = "needs either amount or lines"
            raise ValueError(msg)
        return self


class LineOut(Told):
    """A line as it is known."""

    line: int
    product_id: str | None
    title: str | None
    quantity: str
    gross: str
    discount: str
    tax: str
    refunded: str
    """What went back, tax included."""
    net: str
    """What the shop keeps: without tax and refunds."""


class RefundOut(Told):
    """A refund that was told by itself."""

    refund_id: str
    amount: str
    shipping: str
    refunded_at: str


class OrderOut(Told):
    """An order as it is known."""

    order_id: str
    key: int
    kind: str
    """``order``, or ``refund`` for a credit note."""
    status: str
    customer: str | None
    """As customers are asked for: the shop's own id, or ``key:123``."""
    ordered_at: str
    ordered_on: str
    currency: str
    shipping: str
    shipping_refunded: str
    coupon_code: str
    channel: str
    country: str
    paid: str
    """For merchandise and delivery, tax included."""
    refunded: str
    net: str
    """What the shop keeps of merchandise."""
    version: int
    lines: list[LineOut]


class Whole(OrderOut):
    """An order with the refunds that were told by themselves."""

    refunds: list[RefundOut]


class Taken(Told):
    """What became of what was told."""

    order_id: str
    state: Literal["added", "changed", "unchanged"]
    order: Whole
