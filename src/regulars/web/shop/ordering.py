"""A cart becomes an order: by the same action that the API takes orders with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings

from regulars.jobs.actions import enqueue
from regulars.runtime import taking
from regulars.runtime.demonstration import Demo
from regulars.runtime.taking import ToldLine, ToldOrder
from regulars.runtime.tasks import REFRESH
from regulars.simulator.shop import CATEGORIES
from regulars.store.models import Job, Order
from regulars.web.shop.goods import Good, some

_TAX = {each.name: each.tax_percent for each in CATEGORIES}


@dataclass(frozen=True, slots=True)
class Cart:
    """What would be bought now; money in minor units."""

    lines: tuple[tuple[Good, int], ...]
    goods: int
    delivery: int
    free_from: int

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.goods + self.delivery

    @property
    def pieces(self) -> int:
        """How many things there are."""
        return sum(number for _, number in self.lines)


def cart(pieces: dict[str, int], demo: Demo) -> Cart:
    """Return a cart as it stands today: what is not sold any more is not in it."""
    known = some(pieces)
    lines = tuple((known[each], number) for each, number in pieces.items() if each in known)
    goods = sum(good.price * number for good, number in lines)
    delivery = 0 if goods >= demo.free_delivery_minor or not lines else demo.delivery_minor
    return Cart(lines, goods, delivery, demo.free_delivery_minor)


def place(order_id: str, bought: Cart, demo: Demo, customer: str, email: str) -> bool:
    """Take an order in and ask for a refresh; the same order sent twice is one. Returns whether it is new."""
    if Order.objects.filter(order_id=order_id).exists():
        return False
    now = datetime.now(UTC)
    told = ToldOrder(
        order_id=order_id,
        status="paid",
        store_id=customer,
        email=email,
        ordered_at=now,
        currency=demo.currency,
        shipping=bought.delivery,
        shipping_tax=0,
        coupon_code="",
        channel="direct",
        country="PL",
        lines=tuple(_line(good, number) for good, number in bought.lines),
    )
    taking.take(told, settings.REGULARS, now)
    if not Job.objects.filter(kind=REFRESH, state=Job.WAITING).exists():
        enqueue(REFRESH, {}, now)
    return True


def _line(good: Good, number: int) -> ToldLine:
    gross, percent = good.price * number, Decimal(str(_TAX.get(good.category, 0)))
    tax = (gross * percent / (100 + percent)).to_integral_value(ROUND_HALF_UP)
    return ToldLine(good.id, good.title, good.category, Decimal(number), gross, 0, int(tax), 0)
