"""The results of a refresh in the store: written beside what is shown, then shown instead of it in one step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from regulars.customers import stretches
from regulars.kit import currencies
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.privacy import queries as privacy
from regulars.privacy.actions import obey
from regulars.privacy.rules import PROFILING
from regulars.report import kept
from regulars.runtime import alarms, history, segmenting
from regulars.segments import actions as segments
from regulars.segments.rules import Clock
from regulars.store import bulk, database, outbox
from regulars.store.models import Run

if TYPE_CHECKING:
    from regulars.lake.folder import Lake
    from regulars.runtime.journey import Analysis

ROWS = 50_000
COLUMNS = (
    "customer_id", "orders", "net_minor", "aov_minor", "first_on", "last_on", "p_alive", "expected_orders", "clv_minor", "clv_low_minor",
    "clv_high_minor", "clv_lifetime_minor", "next_order_from", "next_order_until", "tier", "rfm", "rfm_group", "lifecycle", "reason",
)  # fmt: skip
"""Of a score, in the order of a row, after its run."""
MONEY = ("net", "aov", "clv", "clv_low", "clv_high", "clv_lifetime")


def publish(run: Run, found: Analysis, lake: Lake, now: Callable[[], datetime]) -> int:
    """Write every customer's score and segments, keep them in the lake, show them instead of the last ones, and forget those; return how many customers."""
    objecting = privacy.refusing(PROFILING)
    rows = _without(scores(found), objecting)
    watched = alarms.watch(found.value)
    with stage(mark("Publishing")):
        history.keep(lake, run.id, found.value.as_of, rows)
        for part in _parts(rows):
            with database.writing():
                bulk.insert("scores", ("run", *COLUMNS), ((run.id, *row) for row in part))
        for some in _memberships(found, objecting):
            with database.writing():
                bulk.insert(
                    "memberships", ("run", "segment", "customer_id"), ((run.id, *row) for row in some)
                )
        clock = Clock(now(), found.orders.shop.time_zone)
        own = segmenting.everybody(found.orders, lake, run.id, clock)
        for known in _batches(own.rows()):
            with database.writing():
                bulk.insert(
                    "memberships", ("run", "segment", "customer_id"), ((run.id, *row) for row in known)
                )
        stretches.build(run.id)
        unit = 10 ** currencies.digits(found.orders.shop.currency or "")
        told = summary(found) | {"watch": watched}
        told["segments"]["families"][segmenting.FAMILY] = own.summary(rows, unit)
        with database.writing("customers"), database.writing("segments"):
            segments.drop_others(run.id, own.rules)
            # Who objected while this was written is not shown either.
            for late in privacy.refusing(PROFILING) - objecting:
                obey(late)
            run.state, run.step, run.ended_at = Run.PUBLISHED, "", now()
            run.as_of, run.summary = found.value.as_of, told
            run.page = kept.written(found.page)
            run.sizes = {
                family: {row.name: {"title": row.title, "customers": row.customers} for row in rows}
                for family, rows in found.segments.families.items()
            } | {segmenting.FAMILY: own.sizes()}
            before = published()
            run.save()
            outbox.tell(
                outbox.SCORES_PUBLISHED, str(run.id), now(), run=run.id, as_of=run.as_of.isoformat(), customers=len(rows),
            )  # fmt: skip
            alarms.raised(run, before, now())
    _forget("run < %s", run.id)
    return len(rows)


def discard(run: int) -> None:
    """Forget the scores of a run."""
    _forget("run = %s", run)


def _batches(rows: Iterable[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    """Parts of rows, each written in a transaction of its own."""
    left = iter(rows)
    while part := list(islice(left, ROWS)):
        yield part


def _forget(where: str, run: int) -> None:
    for table in ("scores", "memberships", "stretches"):
        with database.writing(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE {where}", [run])


def published() -> Run | None:
    """Return the run whose results are shown; its summary and its page, which are large, are read when they are asked for."""
    return Run.objects.filter(state=Run.PUBLISHED).defer("summary", "page").order_by("-id").first()


def summary(found: Analysis) -> dict[str, Any]:
    """Return what a run says of the whole shop, JSON-ready."""
    return {
        "as_of": found.value.as_of.isoformat(),
        "currency": found.orders.shop.currency,
        "findings": [finding.text("en") for finding in found.findings],
        "figures": found.figures.to_json(),
        "value": found.value.to_json(),
        "segments": found.segments.to_json(),
    }


def scores(found: Analysis) -> pa.Table:
    """Return one row a customer with :data:`COLUMNS`, money in minor units."""
    told, groups = found.value.customers, found.segments.customers
    unit = 10 ** currencies.digits(found.orders.shop.currency or "")
    where = pc.index_in(told["customer_key"], value_set=groups["customer_key"].combine_chunks())
    columns: dict[str, Any] = {"customer_id": told["customer_key"]}
    for name in (
        "orders",
        "first_on",
        "last_on",
        "p_alive",
        "expected_orders",
        "next_order_from",
        "next_order_until",
    ):
        columns[name] = told[name]
    for name in MONEY:
        columns[f"{name}_minor"] = pc.round(pc.multiply(told[name].cast(pa.float64()), unit)).cast(pa.int64())
    for name in ("tier", "rfm", "rfm_group", "lifecycle"):
        columns[name] = pc.fill_null(groups[name].take(where).cast(pa.string()), "")
    columns["reason"] = found.value.reasons.texts("en")
    return pa.table({name: columns[name] for name in COLUMNS})


def _parts(rows: pa.Table) -> Iterator[list[tuple[Any, ...]]]:
    """Rows as both databases take them; days as text."""
    for part in rows.to_batches(max_chunksize=ROWS):
        columns = [
            pc.cast(column, pa.string()) if pa.types.is_date(column.type) else column
            for column in part.columns
        ]
        yield list(zip(*(column.to_pylist() for column in columns), strict=True))


def _without(rows: pa.Table, objecting: Collection[int], name: str = "customer_id") -> pa.Table:
    """Leave out who objects to profiling: they count in the shop's figures, and nothing is said of them alone."""
    if not objecting:
        return rows
    return rows.filter(pc.invert(pc.is_in(rows[name], pa.array(sorted(objecting), pa.int64()))))


def _memberships(found: Analysis, objecting: Collection[int]) -> Iterator[list[tuple[str, int]]]:
    told = _without(found.segments.customers.select(["customer_key", "segments"]), objecting, "customer_key")
    for part in told.to_batches(max_chunksize=ROWS):
        lists = part["segments"]
        keys = part["customer_key"].take(pc.list_parent_indices(lists))
        yield list(zip(pc.list_flatten(lists).to_pylist(), keys.to_pylist(), strict=True))
