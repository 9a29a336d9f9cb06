"""What an order says, as one number: equal numbers mean that nothing changed, whoever told it, a file or a request.

The same hash twice: as SQL for loads of millions of orders, and as Python for one. A test keeps them equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

HEAD = (
    "order_id", "kind", "status", "customer_id", "ordered_at", "ordered_on", "currency", "shipping_minor", "shipping_net_minor",
    "coupon_code", "channel", "country", "content",
)  # fmt: skip
"""What is told of an order, in the order of a row; ``content`` is a hash of it and of the lines."""
LINE = ("line", "product_id", "quantity", "gross_minor", "discount_minor", "tax_minor", "refunded_minor")
"""What is told of each line."""
APART = ("customer_id", "content")
"""Of a head, what is compared by itself: whose order it is may change without any source, when a guest turns out to be known."""
QUANTUM = Decimal("0.0001")
_DIGITS = 15


def _text(name: str) -> str:
    cell = f"CAST({name} AS DECIMAL(18, 4))" if name == "quantity" else name
    return f"coalesce(CAST({cell} AS VARCHAR), '')"


# What an order says does not depend on the order of its lines, nor on their numbers.
LINE_SQL = f"concat_ws(':', {', '.join(_text(name) for name in LINE[1:])})"
"""What a line says, of columns :data:`LINE`."""
LINES_SQL = f"array_to_string(list_sort(list({LINE_SQL})), ';')"
"""What all lines of an order say."""


def sql(lines: str) -> str:
    """Return the SQL of the number, of columns :data:`HEAD` without the last; ``lines`` names the column of :data:`LINES_SQL`."""
    said = ", ".join(_text(name) for name in HEAD if name not in APART)
    return f"CAST('0x' || md5(concat_ws('|', {said}, {lines}))[:{_DIGITS}] AS BIGINT)"


def content(head: Sequence[Any], lines: Iterable[Sequence[Any]]) -> int:
    """Return the number, of a row of :data:`HEAD` without the last, and of rows of :data:`LINE`."""
    said = sorted(":".join(map(_said, _exact(line))) for line in lines)
    heads = [_said(value) for name, value in zip(HEAD[:-1], head, strict=True) if name not in APART]
    text = "|".join([*heads, ";".join(said)])
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:_DIGITS], 16)


def _exact(line: Sequence[Any]) -> list[Any]:
    _, product, quantity, *money = line
    return [product, Decimal(str(quantity)).quantize(QUANTUM), *money]


def _said(value: Any) -> str:
    return "" if value is None else str(value)
