"""Refunds that were told one by one stay when a source that knows nothing of refunds tells their orders again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import pyarrow as pa

from regulars.orders.content import HEAD, LINE, QUANTUM, content
from regulars.store import bulk
from regulars.store.models import Order, OrderLine

_NUMBERS = ("customer_id", "shipping_minor", "shipping_net_minor", "content")
Lines = Callable[[Sequence[int]], Iterable[pa.Table]]
"""Given the places of some orders among those told, their lines in parts: :data:`LINES`."""
LINES = pa.schema(
    [("place", pa.int64()), *((name, pa.float64() if name == "quantity" else pa.int64()) for name in LINE)]
)
HEADS = pa.schema([(name, pa.int64() if name in _NUMBERS else pa.string()) for name in HEAD])
"""Orders as they are told."""
_NUMBER, _REFUNDED = LINE.index("line"), LINE.index("refunded_minor")
_SHIPPING, _SHIPPING_NET = HEAD.index("shipping_minor"), HEAD.index("shipping_net_minor")


def lines_of(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Return lines, each a row of :data:`LINES`, as columns."""
    return _table(rows, LINES)


def heads_of(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Return orders, each a row of :data:`HEADS`, as columns."""
    return _table(rows, HEADS)


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table(
        [pa.array(told, field.type) for told, field in zip(columns, schema, strict=True)], schema=schema
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """An order as it is told, with what was paid back of it before."""

    head: tuple[Any, ...]
    lines: list[tuple[Any, ...]]
    shipping: int
    """What was paid back of delivery."""
    back: dict[int, int | None]
    """What was paid back of each refunded line, by its number."""


class Keeping:
    """What a source tells, together with the refunds of some of its orders.

    ``suspects`` are the places of orders that have refunds, with the store's keys of them. An order keeps its refunds where each line that
    something went back of is told as it was, and delivery too if it was paid back; any other order is what the source says.
    """

    def __init__(self, heads: pa.Table, lines: Lines, suspects: Mapping[int, int]) -> None:
        self._lines = lines
        self._keys = dict(suspects)
        self._kept = _found(heads, lines, suspects) if suspects else {}
        self.heads = heads
        if self._kept:
            told = enumerate(bulk.tuples(heads))
            self.heads = heads_of(
                [self._kept[place].head if place in self._kept else head for place, head in told]
            )

    def lines(self, places: Sequence[int]) -> Iterator[pa.Table]:
        """Yield lines as :data:`Lines` does, with what went back of them."""
        yield from self._lines([place for place in places if place not in self._kept])
        kept = [(place, *line) for place in places if place in self._kept for line in self._kept[place].lines]
        if kept:
            yield lines_of(kept)

    def restore(self, places: Iterable[int]) -> None:
        """Write to the unit what was paid back of orders that were just replaced."""
        kept = [(self._keys[place], self._kept[place]) for place in places if place in self._kept]
        back = [(paid, key, number) for key, one in kept for number, paid in one.back.items()]
        bulk.execute_many(
            "UPDATE order_lines SET paid_back_minor = %s WHERE order_id = %s AND line = %s", back
        )
        shipping = [(one.shipping, key) for key, one in kept if one.shipping]
        bulk.execute_many("UPDATE orders SET shipping_refunded_minor = %s WHERE id = %s", shipping)


def _found(heads: pa.Table, lines: Lines, suspects: Mapping[int, int]) -> dict[int, _Kept]:
    """Return the orders that keep their refunds, by place."""
    said = dict(zip(suspects, bulk.tuples(heads.take(list(suspects))), strict=True))
    told: dict[int, list[tuple[Any, ...]]] = {place: [] for place in suspects}
    for part in lines(list(suspects)):
        for place, *line in zip(*(part[name].to_pylist() for name in LINES.names), strict=True):
            told[place].append(tuple(line))
    orders, refunded = _before(list(suspects.values()))
    found = {}
    for place, key in suspects.items():
        kept = _one(said[place], told[place], orders[key], refunded.get(key, []))
        if kept is not None:
            found[place] = kept
    return found


def _before(keys: list[int]) -> tuple[dict[int, Order], dict[int, list[OrderLine]]]:
    """Return orders, and the lines of each that something went back of."""
    orders: dict[int, Order] = {}
    refunded: dict[int, list[OrderLine]] = {}
    for start in range(0, len(keys), bulk.LOOKED_UP):
        some = keys[start : start + bulk.LOOKED_UP]
        orders |= Order.objects.in_bulk(some)
        for line in OrderLine.objects.filter(order_id__in=some).order_by("order_id", "line"):
            if line.refunded_minor or line.paid_back_minor:
                refunded.setdefault(line.order_id, []).append(line)
    return orders, refunded


def _one(
    head: tuple[Any, ...], told: Sequence[tuple[Any, ...]], order: Order, refunded: Sequence[OrderLine]
) -> _Kept | None:
    """Return an order with its refunds; None where what went back is no longer told as it was."""
    back = order.shipping_refunded_minor
    if order.kind != head[HEAD.index("kind")] or (back and order.shipping_minor != head[_SHIPPING]):
        return None
    lines = _lines_with(told, refunded)
    if lines is None:
        return None
    cells = list(head)
    if back:
        cells[_SHIPPING_NET] = order.shipping_net_minor
    cells[-1] = content(cells[:-1], lines)
    return _Kept(tuple(cells), lines, back, {line.line: line.paid_back_minor for line in refunded})


def _lines_with(
    told: Sequence[tuple[Any, ...]], refunded: Sequence[OrderLine]
) -> list[tuple[Any, ...]] | None:
    """Give lines that are told what went back of them, and the numbers that refunds know them by; None where one of those is gone."""
    rest = list(told)
    found = []
    for line in refunded:
        same = next((each for each in rest if _said(each) == _was(line)), None)
        if same is None:
            return None
        rest.remove(same)
        found.append((line.line, *same[1:_REFUNDED], line.refunded_minor))
    taken = {line[_NUMBER] for line in found}
    own = {line[_NUMBER] for line in rest} - taken
    free = (number for number in count(1) if number not in taken | own)
    found += [line if line[_NUMBER] in own else (next(free), *line[1:]) for line in rest]
    return sorted(found)


def _said(line: Sequence[Any]) -> tuple[Any, ...]:
    """What a line that is told sells."""
    _, product, quantity, gross, discount, tax, _ = line
    return product, Decimal(str(quantity)).quantize(QUANTUM), gross, discount, tax


def _was(line: OrderLine) -> tuple[Any, ...]:
    """What a line of the store sold."""
    return (
        line.product_id,
        line.quantity.quantize(QUANTUM),
        line.gross_minor,
        line.discount_minor,
        line.tax_minor,
    )


__all__ = ["HEADS", "LINES", "Keeping", "Lines", "heads_of", "lines_of"]
