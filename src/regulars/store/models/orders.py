"""What was bought: orders and credit notes with their lines, and which of them the lake has not seen yet."""

from __future__ import annotations

from django.db import models

from regulars.store.models.customers import Customer
from regulars.store.models.products import Product


class Order(models.Model):
    """An order, or a credit note (``kind`` ``refund``: no purchase, it only takes back)."""

    id = models.BigIntegerField(primary_key=True)
    order_id = models.CharField(max_length=200, unique=True)
    """The shop's own id, as it writes it."""
    kind = models.CharField(max_length=10, default="order")
    status = models.CharField(max_length=10, default="paid")
    """``paid``, ``unpaid``, ``cancelled`` or ``test``."""
    # The index below begins with the customer.
    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    visitor_id = models.CharField(max_length=200, blank=True, default="")
    ordered_at = models.DateTimeField()
    ordered_on = models.DateField()
    """The day in the shop's own calendar."""
    currency = models.CharField(max_length=3)
    shipping_minor = models.BigIntegerField(default=0)
    shipping_net_minor = models.BigIntegerField(default=0)
    """Delivery before tax."""
    shipping_refunded_minor = models.BigIntegerField(default=0, db_default=0)
    """Of delivery as it was paid; an order that is told anew begins with none."""
    coupon_code = models.CharField(max_length=100, blank=True, default="")
    channel = models.CharField(max_length=100, blank=True, default="")
    country = models.CharField(max_length=100, blank=True, default="")
    content = models.BigIntegerField()
    """A hash of all that a source said about the order, lines included: equal means that nothing changed."""
    version = models.IntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "orders"
        indexes = [models.Index(fields=["customer", "ordered_at"], name="orders_of_customer")]


class OrderLine(models.Model):
    """One line of an order: merchandise only. ``gross − discount − tax − refunded`` is what the shop keeps."""

    pk = models.CompositePrimaryKey("order_id", "line")
    # Lines are written with their order in one transaction and by nobody else: the database need not ask for each again.
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="lines", db_constraint=False, db_index=False
    )
    line = models.IntegerField()
    product = models.ForeignKey(
        Product, null=True, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    quantity = models.DecimalField(max_digits=18, decimal_places=4)
    gross_minor = models.BigIntegerField()
    """At list price, as the customer pays it before discounts."""
    discount_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    """Merchandise share net of tax."""
    paid_back_minor = models.BigIntegerField(null=True)
    """What was paid back, tax included, where refunds were told one by one; a source tells only its share net of tax."""

    class Meta:
        db_table = "order_lines"


class Refund(models.Model):
    """Money given back for an order, told by itself: so that being told twice takes back once."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="refunds")
    refund_id = models.CharField(max_length=200)
    """The shop's own id of it."""
    amount_minor = models.BigIntegerField()
    """All of it, tax and delivery included."""
    shipping_minor = models.BigIntegerField(default=0)
    lines = models.JSONField(default=list)
    """What each line bears: ``[line, amount]``."""
    asked = models.CharField(max_length=64)
    """A hash of what was asked, so that another refund under the same id is noticed."""
    refunded_at = models.DateTimeField()

    class Meta:
        db_table = "refunds"
        constraints = [models.UniqueConstraint(fields=["order", "refund_id"], name="refunds_once")]


class Unprojected(models.Model):
    """An order whose present version the lake has not got yet; written in the order's own transaction."""

    order = models.OneToOneField(
        Order, primary_key=True, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    version = models.IntegerField()

    class Meta:
        db_table = "unprojected"
