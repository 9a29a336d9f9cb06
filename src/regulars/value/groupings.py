"""Ready-made groupings of customers, and what each group is worth: cohort, channel, first product, country.

A grouping is one label a customer (or a list of labels, where groups overlap). What the file does not tell of a customer is
a null label, kept as a row of its own, so that the rows of a grouping that parts all customers add up to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.metrics.breakdowns import NO_COUNTRY
from regulars.metrics.channels import NO_CHANNEL, fold
from regulars.metrics.money import NO_CUSTOMERS
from regulars.metrics.products import NO_PRODUCTS
from regulars.value import total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from regulars.value.estimate import Value

NAMES = ("cohort", "channel", "first_product", "country", "referral")
"""The groupings that orders alone can tell."""
REFERRED, BY_THEMSELVES = "referred", "by_themselves"
"""The groups of ``referral``: customers whom another one brought, and all others."""
MONTHS_OF_MONTHS, MONTHS_OF_QUARTERS = 18, 72
"""Cohorts are months in a shop's first year and a half, quarters in its first six years, and years after that."""

NO_REFERRALS = Unknown.because(
    "no_referrals", mark("The file does not say which customer brought which (a column referred_by).")
)

Labels: TypeAlias = "pa.Array | pa.ChunkedArray"


def first_orders(orders: ir.Table, as_of: date) -> ir.Table:
    """One row a customer who bought by ``as_of``: customer_key, order_key, channel and country of the first order.

    Of several orders of the first day, the earliest; of one moment, the lowest key: as in :mod:`regulars.metrics.frames`.
    """
    bought = orders.filter(
        orders.valid
        & orders.customer_key.notnull()
        & (orders.kind == "order")
        & (orders.ordered_on <= ibis.date(as_of))
    ).select("customer_key", "order_key", "ordered_on", "ordered_at", "channel", "country")
    # The first day by an aggregate first: only its few orders need sorting.
    opening = bought.group_by("customer_key").agg(ordered_on=bought.ordered_on.min())
    first_day = bought.inner_join(opening, ["customer_key", "ordered_on"])
    in_order = ibis.window(group_by="customer_key", order_by=["ordered_at", "order_key"])
    placed = first_day.mutate(place=ibis.row_number().over(in_order))
    return placed.filter(placed.place == 0).select("customer_key", "order_key", "channel", "country")


def first_products(lines: ir.Table, products: ir.Table, firsts: ir.Table) -> ir.Table:
    """One row a customer whose first order names a product: customer_key, product_id of what cost most in it."""
    sold = lines.filter(lines.valid & (lines.kind == "order") & lines.product_key.notnull())
    sold = sold.select("order_key", "product_key", paid=sold.gross - sold.discount)
    opened = sold.inner_join(firsts.select("customer_key", "order_key"), "order_key")
    each = opened.group_by("customer_key", "product_key").agg(paid=opened.paid.sum())
    dearest = ibis.window(group_by="customer_key", order_by=[each.paid.desc(), each.product_key])
    placed = each.mutate(place=ibis.row_number().over(dearest))
    main = placed.filter(placed.place == 0).select("customer_key", "product_key")
    return main.inner_join(products.select("product_key", "product_id"), "product_key").select(
        "customer_key", "product_id"
    )


@dataclass(frozen=True)
class Groupings:
    """The labels of one value's customers, each read once."""

    value: Value

    def labels(self, name: str) -> Labels | Unknown:
        """Return one label a row of ``value.customers``, or why the orders cannot tell.

        Raises :class:`RegularsError` (``value.grouping``) for a name that is not among :data:`NAMES`.
        """
        told = self.value.orders.capabilities
        if name not in NAMES:
            raise RegularsError(
                "value.grouping",
                mark("There is no grouping named {name}."),
                hint=mark("There are: {names}. Labels of your own go to value.totals(labels)."),
                kind=Kind.MISSING,
                name=name,
                names=", ".join(NAMES),
            )
        if not len(self.value.summary):
            return NO_CUSTOMERS
        if name == "cohort":
            return _cohorts(self.value.summary.first_day)
        if name == "channel":
            return _folded(self._first["channel"]) if told.channel else NO_CHANNEL
        if name == "referral":
            return self._referral()
        if name == "country":
            return self._first["country"] if told.country else NO_COUNTRY
        return self._products["product_id"] if told.products else NO_PRODUCTS

    def _referral(self) -> Labels | Unknown:
        found = self.value.referrals
        if found is None:
            return NO_REFERRALS
        code = np.ones(len(self.value.summary), np.int32)
        code[found.referred] = 0
        return pa.DictionaryArray.from_arrays(code, [REFERRED, BY_THEMSELVES])

    @cached_property
    def available(self) -> dict[str, Labels]:
        """The labels of every grouping that the orders can tell, by name."""
        found = {name: self.labels(name) for name in NAMES}
        return {name: labels for name, labels in found.items() if not isinstance(labels, Unknown)}

    @cached_property
    def titles(self) -> dict[str, str]:
        """What people call the products, by product id; only where that is something else than the id."""
        products = self.value.orders.products
        named = self.value.orders.workspace.engine.arrow(products.select("product_id", "title"))
        pairs = zip(named["product_id"].to_pylist(), named["title"].to_pylist(), strict=True)
        return {key: title for key, title in pairs if title and title != key}

    @cached_property
    def _first(self) -> pa.Table:
        return self._aligned(first_orders(self.value.orders.orders, self.value.as_of))

    @cached_property
    def _products(self) -> pa.Table:
        orders = self.value.orders
        firsts = first_orders(orders.orders, self.value.as_of)
        return self._aligned(first_products(orders.lines, orders.products, firsts))

    def _aligned(self, found: ir.Table) -> pa.Table:
        """Bring a table with a row a customer into the customers' order; nulls where a customer has no row."""
        table = self.value.orders.workspace.engine.arrow(
            found, title=mark("Looking up the customers' first orders")
        )
        theirs = np.asarray(table["customer_key"]).astype(np.int64)
        order = np.argsort(theirs, kind="stable")
        ours = self.value.summary.key
        place = np.searchsorted(theirs, ours, sorter=order)
        known = place < len(theirs)
        row = order[np.where(known, place, 0)] if len(order) else np.zeros(len(ours), np.int64)
        known &= theirs[row] == ours if len(theirs) else False
        return table.take(pa.array(row, mask=~known))


def totals(value: Value, labels: Labels | Sequence[object], most: int | None = None) -> pa.Table | Unknown:
    """Sum ``clv`` by label as :func:`regulars.value.total.by_group` does, nobody left out.

    Columns: group, groups, customers, expected, low, high; the largest first. ``groups`` is 1, but 0 in the row of
    customers without a label (its group is null). With ``most``, all groups beyond the ``most`` largest are one last row
    that says in ``groups`` how many they are; its interval is that of their sum.
    """
    names, codes = _encoded(labels)
    sums = total.by_group(value, codes)
    if isinstance(sums, Unknown):
        return sums
    folded: set[int] = set()
    if most is not None and len(sums) > most + 1:
        ranked = [code for code in sums["group"].to_pylist() if names[code].is_valid]
        folded = set(ranked[most:])
    if len(folded) > 1:
        others = len(names)
        again = np.arange(others)
        again[list(folded)] = others
        sums = total.by_group(value, _recoded(codes, again))
        assert isinstance(sums, pa.Table)
    found = sums["group"].to_pylist()
    last = [place for place, code in enumerate(found) if code == len(names)]
    sums = sums.take([*(place for place in range(len(found)) if place not in last), *last])
    found = sums["group"].to_pylist()
    groups = [len(folded) if code == len(names) else int(names[code].is_valid) for code in found]
    titles = [None if code == len(names) else names[code].as_py() for code in found]
    return sums.set_column(0, "group", pa.array(titles, pa.string())).add_column(
        1, "groups", pa.array(groups, pa.int64())
    )


def table(value: Value, labels: Mapping[str, Labels]) -> pa.Table:
    """Return the totals of several groupings in one table: grouping, group, title, customers, expected, low, high.

    ``group`` is null for customers without a label, ``title`` where a group has no other name. No rows without a forecast.
    """
    parts = [SCHEMA.empty_table()]
    for name, each in labels.items():
        sums = totals(value, each)
        if isinstance(sums, Unknown):
            continue
        titles = value.groupings.titles if name == "first_product" else {}
        group = sums["group"].to_pylist()
        columns = {
            "grouping": pa.array([name] * len(group), pa.string()),
            "group": sums["group"],
            "title": pa.array([titles.get(key) for key in group], pa.string()),
            **{column: sums[column] for column in ("customers", "expected", "low", "high")},
        }
        parts.append(pa.table(columns).cast(SCHEMA))
    return pa.concat_tables(parts)


SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("grouping", "group", "title")),
        ("customers", pa.int64()),
        *((name, pa.float64()) for name in ("expected", "low", "high")),
    ]
)


def _cohorts(first_day: NDArray[np.int64]) -> pa.DictionaryArray:
    """Label customers by when they first bought: ``2024-07``, ``2024-Q3`` or ``2024``, as long as the shop is old."""
    months = first_day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    span = int(months.max() - months.min()) + 1
    step = 1 if span <= MONTHS_OF_MONTHS else 3 if span <= MONTHS_OF_QUARTERS else 12
    periods, code = np.unique(months // step, return_inverse=True)
    names = []
    for period in periods.tolist():
        year, month = 1970 + period * step // 12, period * step % 12
        names.append({1: f"{year}-{month + 1:02}", 3: f"{year}-Q{month // 3 + 1}", 12: f"{year}"}[step])
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), pa.array(names, pa.string()))


def _folded(channels: Labels) -> Labels:
    """Take channels that differ in case or outer space for one, as the figures do, in their first way of writing."""
    coded = pc.dictionary_encode(_whole(channels))
    written: dict[str, str] = {}
    for name in sorted(coded.dictionary.to_pylist()):
        key = fold(name)
        if key is not None:
            written.setdefault(key, name.strip())
    names = [written.get(fold(name) or "") for name in coded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(coded.indices)


def _encoded(labels: Labels | Sequence[object]) -> tuple[pa.Array, pa.Array]:
    """Return the distinct labels, and each customer's as its place among them (a list of places for a list of labels)."""
    whole = _whole(labels if isinstance(labels, pa.Array | pa.ChunkedArray) else pa.array(labels))
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    if pa.types.is_list(whole.type):
        coded = pc.dictionary_encode(pc.list_flatten(whole))
        ends = np.cumsum(np.asarray(pc.fill_null(pc.list_value_length(whole), 0)), dtype=np.int32)
        offsets = pa.array(np.concatenate([[0], ends]).astype(np.int32))
        return coded.dictionary, pa.ListArray.from_arrays(offsets, coded.indices)
    coded = pc.dictionary_encode(whole, null_encoding="encode")
    return coded.dictionary.cast(pa.string()), coded.indices


def _recoded(codes: pa.Array, again: NDArray[np.int64]) -> pa.Array:
    table = pa.array(again)
    if pa.types.is_list(codes.type):
        return pa.ListArray.from_arrays(codes.offsets, table.take(codes.values))
    return table.take(codes)


def _whole(labels: Labels) -> pa.Array:
    return labels.combine_chunks() if isinstance(labels, pa.ChunkedArray) else labels
