"""The one door for every order: a file, a folder, a database or a table in memory becomes canonical facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.lake import Orders, Shop
from regulars.sources import (
    canonical,
    cells,
    corrections,
    facts,
    intake,
    packed,
    reading,
    referrals,
    settle,
    zones,
)
from regulars.sources import mapping as naming
from regulars.sources import names as identities
from regulars.sources.quoting import column
from regulars.sources.raw import read_raw
from regulars.sources.reading import Options
from regulars.sources.recognise import recognise

if TYPE_CHECKING:
    from regulars.lake import Workspace

SAMPLE_ROWS = 5000


def read(
    origin: str | Path | Any,
    workspace: Workspace,
    *,
    mapping: Mapping[str, str] | None = None,
    time_zone: str = "UTC",
    currency: str | None = None,
    rates: Mapping[str, Decimal] | None = None,
    day_first: bool | None = None,
    delivery_counts: bool = False,
    drop_repeats: bool = False,
    query: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    today: date | None = None,
    names: bool = False,
    corrected: Sequence[Path] = (),
) -> Orders:
    """Read orders from anywhere into ``workspace.folder / "orders"``.

    ``mapping`` gives canonical name → column where recognition needs help. ``time_zone`` is the shop's: moments without
    an offset are its wall clock, and days are its days; files whose moments carry offsets keep the calendar of those
    offsets unless a zone other than UTC is given. ``rates`` say what one unit of each currency is worth in ``currency``.
    ``today`` bounds moments from above (the clock's day by default). With ``names`` the shop's own ids of orders and the e-mails of customers
    are written beside the tables, for a store, and so are rejected rows as the source has them; ``corrected`` are files of such rows that take
    their place. Raises ``RegularsError`` with codes
    ``source.no_date``, ``source.no_customer``, ``source.no_amount``, ``source.several_currencies``,
    ``source.nothing_usable`` and those of reading the source itself.
    """
    zones.zone(time_zone)
    options = Options(
        time_zone,
        currency,
        rates,
        day_first,
        delivery_counts,
        drop_repeats,
        today or datetime.now(UTC).date(),
    )
    connection = workspace.door.connection
    with stage(mark("Reading")):
        raw = read_raw(origin, workspace, query=query, sheet=sheet, encoding=encoding, delimiter=delimiter)
    with raw.guarded():
        raw, mended = corrections.applied(raw, corrected, workspace)
        source = raw
        given = naming.checked(mapping, raw.columns)
        reading.macros(connection)
        sample = _sample(connection, raw.relation, raw.columns)
        found = recognise(raw.columns, raw.types, sample, given)
        naming.check_complete(found, raw.columns)
        found, habits = settle.settled(found, sample)
        if found.packed:
            raw, found = packed.unpacked(connection, raw, found)
        folder = workspace.folder / "orders"
        folder.mkdir(parents=True, exist_ok=True)
        with stage(mark("Reading every cell")):
            decided = reading.look(connection, raw, found, options)
            decided.shipping_repeats = habits.shipping_repeats
            cells.build(connection, raw, decided, workspace.folder)
            seen = intake.overview(connection, decided)
        intake.write_rejects(connection, raw, decided, seen, folder / "rejects.parquet")
        if names:
            corrections.write(source, decided.found.columns, folder)
        intake.check_usable(seen)
        decided.clock, decided.negative = bool(seen["clock"]), bool(seen["negative"])
        decided.nobody = bool(seen["lines_without_customer"])
        with stage(mark("Settling orders")):
            made = facts.build(connection, decided)
        canonical.write(connection, decided, made, folder)
        if names:
            identities.write(connection, decided, folder)
        referred = referrals.write(connection, decided, folder)
        made.counts |= referred
        account = intake.summary(connection, raw, decided, made, seen, folder)
        if mended:
            account["corrected"] = mended
        (workspace.folder / "cells.parquet").unlink(missing_ok=True)
    told = replace(canonical.capabilities(decided), referrals=bool(referred))
    shop = Shop(decided.currency, time_zone, delivery_counts)
    return Orders(workspace, folder, shop, told, account)


def _sample(connection: Any, relation: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    quoted = ", ".join(column(name) for name in columns)
    rows = connection.execute(f"SELECT {quoted} FROM {relation} LIMIT {SAMPLE_ROWS}").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]
