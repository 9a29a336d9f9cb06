"""Stream the answer to one query into Parquet: bounded memory, typed columns, no password in any message."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.sources.parts import (
    FILE_COLUMN,
    ROW_COLUMN,
    FileRead,
    Part,
    described,
    native_cell,
    unique_names,
)
from regulars.sources.quoting import column, text
from regulars.sources.sql import mysql, postgres, sqlite
from regulars.sources.sql.question import only_table, select_of
from regulars.sources.sql.urls import address_of

if TYPE_CHECKING:
    import duckdb

_SYSTEMS = {"sqlite": sqlite, "postgres": postgres, "mysql": mysql}


def read_database(url: str, query: str | None, con: duckdb.DuckDBPyConnection, target: Path) -> Part:
    """Ask a database one question, write the answer to ``target`` and return it as a relation.

    Raises ``source.unknown_scheme``, ``source.missing``, ``source.no_driver``, ``source.which_table``,
    ``source.not_a_query``, ``source.no_rows``, ``source.database`` (whatever the database itself objects to).
    """
    address = address_of(url)
    system = _SYSTEMS[address.system]
    try:
        with stage(mark("Reading {address}"), address=address.shown):
            tables = system.tables(address)
            asked = query or only_table(address, tables)
            select = select_of(asked, address, tables)
            rows = system.stream(address, select, target)
    except RegularsError:
        raise
    except ImportError:
        raise RegularsError(
            "source.no_driver",
            mark("Reading from {address} needs a database driver that is not installed."),
            hint=mark("Install it with: pip install 'regulars[sql]'"),
            kind=Kind.UNAVAILABLE,
            address=address.shown,
        ) from None
    except OSError as error:
        raise RegularsError(
            "source.database",
            mark("{address}: {error}"),
            kind=Kind.UNAVAILABLE,
            address=address.shown,
            error=address.conceal(error),
        ) from None
    except Exception as error:  # each driver has its own family of errors; their texts may hold the password
        raise RegularsError(
            "source.database",
            mark("{address} did not answer: {error}"),
            hint=mark("Check the address, the user's rights and the query."),
            kind=Kind.UNAVAILABLE,
            address=address.shown,
            error=address.conceal(error),
        ) from None
    if rows == 0:
        raise RegularsError(
            "source.no_rows",
            mark("The query on {address} found no rows."),
            hint=mark("Check its conditions."),
            address=address.shown,
        )
    return _part(con, target, name=asked if len(asked) <= 60 and " " not in asked else "query", rows=rows)


def _part(con: duckdb.DuckDBPyConnection, target: Path, *, name: str, rows: int) -> Part:
    import pyarrow.parquet as pq

    relation = f"read_parquet({text(str(target))})"
    shapes = described(con, f"SELECT * FROM {relation}", "The answer")
    notes = pq.read_schema(target).metadata or {}
    decimals = set(notes.get(b"decimals", b"").decode().split()) - {""}
    titles = unique_names(notes[b"names"].decode().split("\x1f"))
    cells = [
        _exact(con, relation, cell, title) if cell in decimals else _narrow(con, relation, cell, type_, title)
        for (cell, type_), title in zip(shapes.items(), titles, strict=True)
    ]
    return Part(
        query=(
            f"SELECT {', '.join(sql for sql, _ in cells)}, '' AS {FILE_COLUMN}, file_row_number + 1 AS {ROW_COLUMN} FROM {relation}"
        ),
        columns=titles,
        types={title: type_ for title, (_, type_) in zip(titles, cells, strict=True)},
        files=(FileRead(name=name, format="sql", bytes=target.stat().st_size, records=rows),),
    )


def _exact(con: duckdb.DuckDBPyConnection, relation: str, cell: str, title: str) -> tuple[str, str]:
    """Make decimals that a driver hands over as text decimals again, as wide as the widest of them; NaN is NULL."""
    found = con.execute(
        f"SELECT max(length(split_part({cell}, '.', 2))), max(length(ltrim(split_part({cell}, '.', 1), '-'))) "
        f"FROM {relation} WHERE {cell} != 'NaN'"
    ).fetchone() or (0, 0)
    scale, whole = found[0] or 0, found[1] or 1
    scale = min(scale, max(0, 38 - whole))
    type_ = f"DECIMAL({18 if whole + scale <= 18 else 38},{scale})"
    return f"TRY_CAST({cell} AS {type_}) AS {column(title)}", type_


def _narrow(
    con: duckdb.DuckDBPyConnection, relation: str, cell: str, type_: str, title: str
) -> tuple[str, str]:
    """Keep decimals no wider than their values need: a driver declares the widest, and wide ones are slow to sum."""
    wide = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", type_)
    if not wide or int(wide[1]) <= 18:
        return native_cell(cell, type_, title)
    largest = (con.execute(f"SELECT max(abs({cell})) FROM {relation}").fetchone() or (None,))[0] or 0
    scale = int(wide[2])
    if scale > 18 or largest >= 10 ** (18 - scale):
        return native_cell(cell, type_, title)
    narrow = "BIGINT" if scale == 0 else f"DECIMAL(18,{scale})"
    return f"{cell}::{narrow} AS {column(title)}", narrow
