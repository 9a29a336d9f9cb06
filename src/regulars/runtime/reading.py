"""A shop's orders from wherever they are: what a file's journey begins with, and all that a load needs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from regulars import sources
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.lake import Orders, open_workspace


def read_orders(
    origin: str | Path | Any,
    *,
    mapping: Mapping[str, str] | None = None,
    time_zone: str | None = None,
    currency: str | None = None,
    rates: Mapping[str, Decimal] | None = None,
    day_first: bool | None = None,
    delivery_counts: bool = False,
    drop_repeats: bool = False,
    query: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    engine: str = "duckdb",
    memory_limit: str | None = None,
    threads: int | None = None,
    scratch: Path | None = None,
    names: bool = False,
    corrected: Sequence[Path] = (),
) -> Orders:
    """Read a shop's orders from a file, a folder, a database URL, or a pandas, Polars or Arrow table.

    Columns are recognised, or named by ``mapping`` (our name → the file's column). ``engine`` is ``duckdb``, ``spark`` or a
    Spark master URL. What could not be used is in ``Orders.rejects``, what was done to the rest in ``Orders.intake``.

    With ``names`` the shop's own ids of orders and the e-mails of customers are kept beside the tables, for a store, and rejected rows as they are.
    ``corrected`` are files of rejected rows, corrected, which take the place of those of the origin.

    Raises :class:`~regulars.kit.errors.RegularsError` when the whole origin cannot be used. Close the result, or use
    it in a ``with`` statement: it owns a temporary folder.
    """
    workspace = open_workspace(engine=engine, memory_limit=memory_limit, threads=threads, folder=scratch)
    try:
        with stage(mark("Reading orders")):
            return sources.read(
                origin,
                workspace,
                mapping=mapping,
                time_zone=time_zone or "UTC",
                currency=currency,
                rates=rates,
                day_first=day_first,
                delivery_counts=delivery_counts,
                drop_repeats=drop_repeats,
                query=query,
                sheet=sheet,
                encoding=encoding,
                delimiter=delimiter,
                names=names,
                corrected=corrected,
            )
    except BaseException:
        workspace.close()
        raise
