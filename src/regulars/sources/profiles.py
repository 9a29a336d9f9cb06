"""Exports that say by their header which shop software wrote them; their columns need no guessing."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.sources.headers import fold


@dataclass(frozen=True, slots=True)
class Profile:
    """One known export: the headers that give it away, what each column means, and its habits with money."""

    name: str
    signature: frozenset[str]
    columns: dict[str, tuple[str, ...]]
    """Canonical name → folded headers, the first present wins; an empty tuple means "never guess this one"."""
    sparse: bool = False
    """Order cells only on the first line of an order."""
    packed: str | None = None
    """Folded beginning of the columns that hold one packed line each."""
    subtotal_is_discounted: bool = False
    zero_is_guest: bool = False
    refunded_words: frozenset[str] = frozenset()
    """Status words which mean, in this export only, that everything was paid back."""


def _profile(name: str, signature: str, columns: dict[str, str], **habits: object) -> Profile:
    return Profile(
        name,
        frozenset(fold(header) for header in signature.split(",")),
        {
            key: tuple(fold(header) for header in headers.split(",") if header)
            for key, headers in columns.items()
        },
        **habits,  # type: ignore[arg-type]
    )


PROFILES: tuple[Profile, ...] = (
    _profile(
        "shopify",
        "Name,Created at,Lineitem quantity,Lineitem price",
        {
            "order_id": "Name",
            "customer_id": "Customer ID",
            "email": "Email",
            "ordered_at": "Created at",
            "order_total": "Total",
            "subtotal": "Subtotal",
            "shipping": "Shipping",
            "order_tax": "Taxes",
            "order_discount": "Discount Amount",
            "coupon_code": "Discount Code",
            "order_refunded": "Refunded Amount",
            "status": "Financial Status",
            "cancelled_at": "Cancelled at",
            "currency": "Currency",
            "quantity": "Lineitem quantity",
            "unit_price": "Lineitem price",
            "discount": "Lineitem discount",
            "product_id": "Lineitem sku",
            "title": "Lineitem name",
            "channel": "Source",
            "country": "Shipping Country,Billing Country",
            "amount": "",
            "tax": "",
            "refunded": "",
            "category": "",
            "test": "",
            "cost": "",
        },
        sparse=True,
        subtotal_is_discounted=True,
    ),
    _profile(
        "woocommerce",
        "order_id,order_date,order_total,line_item_1",
        {
            "order_id": "order_id,order_number",
            "customer_id": "customer_id,customer_user",
            "email": "billing_email,customer_email",
            "ordered_at": "order_date",
            "order_total": "order_total",
            "subtotal": "order_subtotal",
            "shipping": "shipping_total",
            "shipping_tax": "shipping_tax_total",
            "order_tax": "tax_total",
            "order_discount": "discount_total",
            "currency": "order_currency",
            "status": "status",
            "country": "billing_country",
            "coupon_code": "coupon_items",
        },
        packed="lineitem",
        zero_is_guest=True,
    ),
    _profile(
        "woocommerce",
        "order_id,order_date,order_total,order_currency,billing_email",
        {"ordered_at": "order_date", "order_total": "order_total", "country": "billing_country"},
        zero_is_guest=True,
    ),
    _profile(
        "magento",
        "ID,Purchase Point,Purchase Date,Grand Total (Base)",
        {
            "order_id": "ID",
            "email": "Customer Email",
            "ordered_at": "Purchase Date",
            "order_total": "Grand Total (Base)",
            "subtotal": "Subtotal",
            "shipping": "Shipping and Handling",
            "order_refunded": "Total Refunded",
            "status": "Status",
            "customer_id": "",
            "channel": "",
            "country": "",
            "amount": "",
        },
        refunded_words=frozenset({"closed"}),
    ),
    _profile(
        "bigcommerce",
        "Order ID,Order Date,Order Status,Order Total,Cart Base Amount",
        {
            "order_id": "Order ID",
            "customer_id": "Customer ID",
            "email": "Email Address",
            "ordered_at": "Order Date",
            "order_total": "Order Total",
            "subtotal": "Cart Base Amount",
            "shipping": "Shipping Total",
            "order_tax": "Tax Total",
            "order_refunded": "Refund Amount",
            "status": "Order Status",
            "country": "Shipping Country,Billing Country",
        },
    ),
    # Sales tax is collected and paid by the marketplace on top of the item's price: it never was the shop's.
    _profile(
        "etsy",
        "Sale Date,Item Name,Buyer,Quantity,Price,Item Total,Listing ID,Order ID",
        {
            "order_id": "Order ID",
            "customer_id": "Buyer",
            "ordered_at": "Sale Date",
            "product_id": "Listing ID,SKU",
            "title": "Item Name",
            "quantity": "Quantity",
            "unit_price": "Price",
            "discount": "Discount Amount",
            "shipping": "Order Shipping",
            "coupon_code": "Coupon Code",
            "currency": "Currency",
            "country": "Ship Country",
            "amount": "",
            "tax": "",
            "order_tax": "",
            "status": "",
            "channel": "",
        },
    ),
    # Tax stands on top of gross sales, so the merchandise is already net of it.
    _profile(
        "square",
        "Date,Time,Item,Qty,Gross Sales,Net Sales,Transaction ID",
        {
            "order_id": "Transaction ID",
            "customer_id": "Customer ID,Customer Reference ID",
            "ordered_at": "Date",
            "time": "Time",
            "product_id": "SKU,Item",
            "title": "Item",
            "category": "Category",
            "quantity": "Qty",
            "amount": "Gross Sales",
            "discount": "Discounts",
            "status": "Event Type",
            "channel": "Location",
            "unit_price": "",
            "tax": "",
            "order_total": "",
        },
    ),
    _profile(
        "gumroad",
        "Purchase ID,Item Name,Purchase Email,Purchase Date,Subtotal ($)",
        {
            "order_id": "Purchase ID",
            "email": "Purchase Email",
            "ordered_at": "Purchase Date",
            "time": "Purchase Time (UTC timezone)",
            "product_id": "Item Name",
            "title": "Item Name",
            "amount": "Subtotal ($)",
            "order_refunded": "Partial Refund ($)",
            "refunded_flag": "Fully Refunded?",
            "coupon_code": "Discount Code",
            "country": "Country",
            "quantity": "Quantity",
            "order_total": "",
            "unit_price": "",
            "tax": "",
            "order_tax": "",
            "shipping": "",
            "subtotal": "",
            "refunded": "",
            "customer_id": "",
        },
    ),
    _profile(
        "prestashop",
        "id_order,id_customer,total_paid_tax_incl,date_add",
        {
            "order_id": "id_order",
            "customer_id": "id_customer",
            "ordered_at": "date_add",
            "order_total": "total_paid_tax_incl,total_paid",
            "subtotal": "total_products_wt,total_products",
            "shipping": "total_shipping_tax_incl,total_shipping",
            "order_discount": "total_discounts_tax_incl,total_discounts",
            "status": "order_state,current_state_name",
        },
        zero_is_guest=True,
    ),
)


def known_export(columns: tuple[str, ...]) -> Profile | None:
    """Return the profile whose signature the header satisfies, the most telling one first."""
    folded = {fold(column) for column in columns}
    fitting = [profile for profile in PROFILES if profile.signature <= folded]
    return max(fitting, key=lambda profile: len(profile.columns), default=None)
