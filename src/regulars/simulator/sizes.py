"""Shops ready made: the one of the demonstration, and one of any number of order lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.simulator import tables
from regulars.simulator.world import BLOCK, World


def demo(**settings: Any) -> World:
    """Return the shop of the demonstration: 4,500 customers, two and a half years, one channel that does not pay.

    ``settings`` override any field of :class:`World`.
    """
    return World(**({"customers": 4_500, "seed": 20} | settings))


def sized(lines: int, **settings: Any) -> World:
    """Return a shop of about ``lines`` order lines (within 5% from a million up), some twenty a customer.

    The number of customers follows from a pilot of one block. ``settings`` override any field but ``customers``.
    Titles stay in the product table, to keep the lines light.
    """
    if lines < 1:
        raise RegularsError(
            "simulator.lines",
            mark("A simulated shop needs at least one order line; it was {lines}."),
            lines=lines,
        )
    defaults: dict[str, Any] = {"start": date(2022, 8, 1), "titles": False, "future_days": 90}
    pilot = World(**(defaults | settings | {"customers": BLOCK}))
    drawn = tables.block(tables.plan(pilot), 0)
    return replace(pilot, customers=max(1, round(lines * BLOCK / drawn.bought.past)))
