"""Which amounts belong to a line and which to its order: the rows that share an order's id tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from regulars.sources.recognise import Recognised, blank

CONSTANT = 0.9
ORDER_TO_LINE = {"order_discount": "discount", "order_tax": "tax", "order_refunded": "refunded"}


@dataclass(frozen=True, slots=True)
class Habits:
    """How this source writes what belongs to a whole order."""

    shipping_repeats: bool = False


def settled(found: Recognised, sample: Sequence[Mapping[str, Any]]) -> tuple[Recognised, Habits]:
    """Give order-level and line-level money their right names, by looking at orders of several rows."""
    groups = _groups(found, sample)
    columns = dict(found.columns)
    if not (found.profile and (found.profile.sparse or found.packed)):
        _settle_total(columns, found, groups, sample)
        _settle_rest(columns, found, groups)
    return replace(found, columns=columns), Habits(_repeats(columns.get("shipping"), groups))


def _groups(found: Recognised, sample: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Rows of the sample by order, only orders of several rows; the last order may be cut, so it is left out."""
    source = found.get("order_id")
    if not source or not sample:
        return []
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in sample:
        if not blank(row[source]):
            groups.setdefault(str(row[source]), []).append(row)
    groups.pop(str(sample[-1][source]), None)
    return [rows for rows in groups.values() if len(rows) > 1]


def _settle_total(
    columns: dict[str, str],
    found: Recognised,
    groups: list[list[Mapping[str, Any]]],
    sample: Sequence[Mapping[str, Any]],
) -> None:
    """Tell whether ``total`` is the order's, written once or on every row, or each row's own."""
    source = columns.get("order_total")
    if source is None or "order_total" in found.forced:
        return
    own = "unit_price" in columns or "amount" in columns
    per_row = "order_id" not in columns or (bool(groups) and _constant(source, groups) < CONSTANT)
    if not groups and own and "order_id" in columns:
        per_row = _agrees(columns, sample)
    if per_row:
        del columns["order_total"]
        columns.pop("subtotal", None)
        if not own:
            columns["amount"] = source


def _settle_rest(columns: dict[str, str], found: Recognised, groups: list[list[Mapping[str, Any]]]) -> None:
    """Discount, tax and refund follow the total: of the order beside an order's total, else of the line."""
    own = "unit_price" in columns or "amount" in columns
    if "order_total" not in columns and own and "subtotal" in columns and "subtotal" not in found.forced:
        del columns["subtotal"]
    whole = bool(columns.keys() & {"order_total", "subtotal"})
    for order, line in ORDER_TO_LINE.items():
        if whole and not own and line in columns and order not in columns:
            columns[order] = columns.pop(line)
        elif not whole and order in columns and order not in found.forced:
            repeated = bool(groups) and _repeats(columns[order], groups)
            if not repeated and line not in columns:
                columns[line] = columns.pop(order)


def _constant(source: str, groups: list[list[Mapping[str, Any]]]) -> float:
    """Share of orders whose rows agree on a cell (blank cells agree with anything)."""
    agree = sum(len({str(row[source]) for row in rows if not blank(row[source])}) <= 1 for rows in groups)
    return agree / len(groups)


def _repeats(source: str | None, groups: list[list[Mapping[str, Any]]]) -> bool:
    """Tell whether a cell that says something is written alike on every row of most orders."""
    if source is None:
        return False
    telling = [rows for rows in groups if any(_number(row[source]) for row in rows)]
    alike = [rows for rows in telling if len({str(row[source]) for row in rows}) == 1]
    return bool(telling) and len(alike) > len(telling) / 2


def _agrees(columns: Mapping[str, str], sample: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a total is mostly just what its own row says (quantity × price, or an amount)."""
    hits = checked = 0
    for row in sample:
        total = _number(row[columns["order_total"]])
        own = _number(row[columns["amount"]]) if "amount" in columns else None
        if own is None and "unit_price" in columns:
            price = _number(row[columns["unit_price"]])
            quantity = _number(row[columns["quantity"]]) if "quantity" in columns else 1.0
            own = price * quantity if price is not None and quantity is not None else None
        if total is not None and own is not None:
            checked += 1
            hits += abs(total - own) <= 0.011
    return checked > 0 and hits >= CONSTANT * checked


def _number(cell: object) -> float | None:
    if blank(cell):
        return None
    try:
        return float(str(cell).replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except ValueError:
        return None
