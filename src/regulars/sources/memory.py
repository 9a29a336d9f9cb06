"""Tables that are in memory already: pandas, Polars, Arrow, or anything that speaks Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.parts import (
    FILE_COLUMN,
    ROW_COLUMN,
    FileRead,
    Part,
    described,
    native_cell,
    unique_names,
)
from regulars.sources.quoting import column

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def read_table(origin: Any, con: duckdb.DuckDBPyConnection, relation: str) -> Part:
    """Register a table under ``relation``; numbers and text are not copied where Arrow can share them.

    A named pandas index becomes columns. Raises ``source.unknown_origin`` and ``source.no_rows``.
    """
    table = _arrow(origin)
    if table.num_rows == 0:
        raise RegularsError(
            "source.no_rows", mark("The table has no rows."), hint=mark("Check how it was made.")
        )
    titles = unique_names([str(name) for name in table.column_names])
    numbers = _numbers(table.num_rows)
    plain = table.rename_columns([f"c{i}" for i in range(table.num_columns)]).append_column("r", numbers)
    con.register(relation, plain)
    shapes = described(con, f"SELECT * EXCLUDE (r) FROM {relation}", "The table")
    cells = [
        native_cell(name, type_, title) for (name, type_), title in zip(shapes.items(), titles, strict=True)
    ]
    return Part(
        query=f"SELECT {', '.join(sql for sql, _ in cells)}, '' AS {column(FILE_COLUMN)}, r AS {ROW_COLUMN} FROM {relation}",
        columns=titles,
        types={title: type_ for title, (_, type_) in zip(titles, cells, strict=True)},
        files=(FileRead(name="", format="table", bytes=table.nbytes, records=table.num_rows),),
    )


def _arrow(origin: Any) -> pa.Table:
    import pyarrow as pa

    kind = f"{type(origin).__module__}.{type(origin).__qualname__}"
    try:
        if kind.startswith("pandas."):
            return _from_pandas(origin)
        if isinstance(origin, pa.Table):
            return origin
        if kind.startswith("polars."):
            frame = origin.collect() if hasattr(origin, "collect") else origin
            return frame.to_arrow()
        if hasattr(origin, "to_pyarrow"):
            return origin.to_pyarrow()
        if hasattr(origin, "__arrow_c_stream__"):
            return pa.table(origin)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise RegularsError(
            "source.unknown_origin",
            mark("The {type} cannot be turned into Arrow: {error}"),
            hint=mark("Make its columns plain."),
            type=kind,
            error=error,
        ) from error
    raise RegularsError(
        "source.unknown_origin",
        mark("Orders cannot be read from a {type}."),
        hint=mark("Give a path, a database URL, or a pandas, Polars or Arrow table."),
        type=kind,
    )


def _from_pandas(frame: Any) -> pa.Table:
    import pyarrow as pa

    if not hasattr(frame, "columns"):
        raise TypeError("a Series has no columns")
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    columns = []
    for place in range(frame.shape[1]):
        values = frame.iloc[:, place]
        try:
            columns.append(pa.chunked_array(pa.array(values, from_pandas=True)))
        except (
            pa.ArrowInvalid,
            pa.ArrowTypeError,
        ):  # a column of mixed kinds: each value in its own spelling
            texts = [None if _absent(value) else str(value) for value in values]
            columns.append(pa.chunked_array([pa.array(texts, pa.string())]))
    return pa.table(columns, names=[_flat(name) for name in frame.columns])


def _absent(value: Any) -> bool:
    return value is None or value != value or str(value) in {"NaT", "<NA>"}


def _flat(name: Any) -> str:
    return " ".join(str(part) for part in name if str(part)) if isinstance(name, tuple) else str(name)


def _numbers(rows: int) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    return pa.array(np.arange(1, rows + 1, dtype=np.int64))
