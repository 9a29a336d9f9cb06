"""One order with its lines, and a customer's orders."""

from __future__ import annotations

from datetime import datetime

from regulars.store.models import Order, OrderLine


def order(order_id: str) -> Order | None:
    """Return an order with its customer, lines and their products; None where there is none."""
    return Order.objects.filter(order_id=order_id).select_related("customer").first()


def lines(found: Order) -> list[OrderLine]:
    """Return an order's lines with their products."""
    return list(OrderLine.objects.filter(order=found).select_related("product").order_by("line"))


def of_customer(customer: int, before: tuple[datetime, int] | None, limit: int) -> list[Order]:
    """Return a customer's orders with their lines, newest first; ``before`` is moment and key of the last one seen."""
    from django.db.models import Q

    some = Order.objects.filter(customer=customer)
    if before is not None:
        at, key = before
        some = some.filter(Q(ordered_at__lt=at) | Q(ordered_at=at, id__lt=key))
    return list(some.order_by("-ordered_at", "-id").prefetch_related("lines__product")[:limit])
