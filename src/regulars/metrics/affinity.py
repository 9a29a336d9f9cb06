"""What is bought together more often than by chance, among the products that sell most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.metrics.figures import Column, Table, Window
from regulars.metrics.shapes import table

Item = int | str
TOP_ITEMS = 200
FEWEST_ORDERS = 10
MOST_PAIRS = 100
MOST_LINES = 20_000_000
"""Beyond so many lines in the window, one order in several is counted."""
NO_PAIRS = Unknown.because(
    "no_pairs", mark("No two of them are in at least {needed} orders together."), needed=FEWEST_ORDERS
)


def every(lines: int) -> int:
    """Return which part of the orders is counted: one in so many."""
    return max(1, -(-lines // MOST_LINES))


def pairs(baskets: pa.Table, number: int, titles: Mapping[Item, tuple[str, str]]) -> list[dict[str, Any]]:
    """Count pairs of items in the same order and test them against independence.

    ``baskets`` has one row an order and item (``order_key``, ``item``); ``number`` is how many orders there are;
    ``titles`` gives an item's own id and its name for people.
    Support is the share of orders with both, confidence of left → right is orders with both / orders with left, lift
    is support divided by the product of both shares. One-sided Fisher tests of all pairs with enough orders are
    adjusted together by Benjamini and Hochberg. Returns at most ``MOST_PAIRS`` rows, surest first.
    """
    from regulars.numeric.association import benjamini_hochberg, fisher_greater

    names, together = _count(baskets)
    left, right = np.nonzero(np.triu(together, 1) >= FEWEST_ORDERS)
    if not len(left):
        return []
    both, each = together[left, right], np.diag(together)
    p_values = fisher_greater(both, each[left], each[right], number)
    q_values = benjamini_hochberg(p_values)
    lift = both * number / (each[left] * each[right])
    order = np.lexsort((right, left, -both, -lift, q_values))[:MOST_PAIRS]
    said = [titles.get(name, (str(name), str(name))) for name in names]
    return [
        {
            "left_id": said[left[at]][0],
            "left": said[left[at]][1],
            "right_id": said[right[at]][0],
            "right": said[right[at]][1],
            "orders": int(both[at]),
            "support": float(both[at] / number),
            "confidence": float(both[at] / each[left[at]]),
            "confidence_back": float(both[at] / each[right[at]]),
            "lift": float(lift[at]),
            "p_value": float(p_values[at]),
            "q_value": float(q_values[at]),
        }
        for at in order
    ]


def _count(baskets: pa.Table) -> tuple[list[Item], NDArray[np.int64]]:
    """Return the most frequent items and in how many orders each two of them are (the diagonal: each one)."""
    counted = baskets.group_by("item").aggregate([("item", "count")])
    ranked = counted.sort_by([("item_count", "descending"), ("item", "ascending")]).slice(0, TOP_ITEMS)
    items = ranked["item"].combine_chunks().sort()
    if not len(items):
        return [], np.zeros((0, 0), np.int64)
    place = pc.index_in(baskets["item"], value_set=items)
    kept = pc.is_valid(place)
    column = place.filter(kept).to_numpy().astype(np.int64)
    _, row = np.unique(baskets["order_key"].filter(kept).to_numpy(), return_inverse=True)
    shape = (int(row.max()) + 1, len(items))
    matrix = sparse.csr_matrix((np.ones(len(column), np.int64), (row, column)), shape)
    return items.to_pylist(), np.asarray((matrix.T @ matrix).todense())


def affinity(
    name: str, rows: list[dict[str, Any]], window: Window, *, sample: int, empty: Unknown | None
) -> Table:
    """Return the pairs as a table; ``empty`` says why there are none, if the file has no such items."""
    title, definition = (
        (mark("Products bought together"), OF_PRODUCTS)
        if name == "product_pairs"
        else (mark("Categories bought together"), OF_CATEGORIES)
    )
    return table(
        name,
        title,
        definition,
        COLUMNS,
        rows,
        window,
        empty=NO_PAIRS if empty is None else empty,
        values=(("number", TOP_ITEMS), ("needed", FEWEST_ORDERS), ("sample", sample)),
    )


OF_PRODUCTS = mark(
    "Pairs among the {number} products in most order lines that are in at least {needed} orders together (one order in "
    "{sample} is counted). Support: orders with both / orders with a product. Confidence: orders with both / orders with "
    "the one. Lift: support / (share of the one × share of the other). One-sided Fisher test, adjusted by Benjamini and "
    "Hochberg."
)
OF_CATEGORIES = mark(
    "Pairs among the {number} largest categories that are in at least {needed} orders together (one order in {sample} is "
    "counted). Support: orders with both / orders with a product. Confidence: orders with both / orders with the one. "
    "Lift: support / (share of the one × share of the other). One-sided Fisher test, adjusted by Benjamini and Hochberg."
)
COLUMNS = (
    Column("left_id", mark("Number of the one"), "text"),
    Column("left", mark("One"), "text"),
    Column("right_id", mark("Number of the other"), "text"),
    Column("right", mark("Other"), "text"),
    Column("orders", mark("Orders with both"), "orders"),
    Column("support", mark("Support"), "share"),
    Column("confidence", mark("Confidence"), "share"),
    Column("confidence_back", mark("Confidence back"), "share"),
    Column("lift", mark("Lift"), "ratio"),
    Column("p_value", mark("p"), "ratio"),
    Column("q_value", mark("q (adjusted p)"), "ratio"),
)
