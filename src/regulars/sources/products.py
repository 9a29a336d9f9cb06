"""What a shop sells, from any table with a row a product: what orders do not say of it, and what nobody ordered yet."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

import pyarrow as pa

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.headers import BY_NAME, fold
from regulars.sources.quoting import column
from regulars.sources.raw import read_raw
from regulars.sources.reading import macros

if TYPE_CHECKING:
    import duckdb

    from regulars.lake import Workspace
    from regulars.sources.raw import Raw


def _words(text: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in text.split(","))


NAMES = {
    "product_id": (*BY_NAME["product_id"].synonyms, "id"),
    "title": (*_words("title,name"), *BY_NAME["title"].synonyms),
    "category": (*_words("category path"), *BY_NAME["category"].synonyms),
    "brand": _words("brand,brand name,vendor,manufacturer,producer,marka,producent"),
    "price": _words("price") + BY_NAME["unit_price"].synonyms,
    "cost": BY_NAME["cost"].synonyms,
    "available": _words(
        "available,availability,in stock,is in stock,stock,stock status,stock quantity,inventory,inventory quantity,"
        "quantity,dostępny,dostępność,na stanie,stan,stan magazynowy"
    ),
    "attributes": _words("attributes,attribute,features,properties,tags,atrybuty,cechy,właściwości,tagi"),
}
YES = {
    fold(word)
    for word in ("yes", "true", "t", "y", "available", "in stock", "tak", "prawda", "dostępny", "na stanie")
}
NO = {
    fold(word)
    for word in (
        "no",
        "false",
        "f",
        "n",
        "unavailable",
        "not available",
        "out of stock",
        "sold out",
        "hidden",
        "nie",
    )
} | {fold(word) for word in ("fałsz", "niedostępny", "brak", "brak na stanie")}
SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("product_id", pa.string()),
        ("title", pa.string()),
        ("category", pa.string()),
        ("brand", pa.string()),
        ("price", pa.float64()),
        ("cost", pa.float64()),
        ("available", pa.bool_()),
        ("attributes", pa.list_(pa.string())),
    ]
)


def read_products(origin: str | Path | Any, workspace: Workspace) -> pa.Table:
    """Read a catalogue: one row a product with the columns of :data:`SCHEMA`, null where a cell or a whole column is missing.

    ``available`` may be yes or no in words, or how many are left; ``attributes`` a JSON object, or ``colour: red; size: L``, and
    becomes ``colour=red``, ``size=L``. Raises ``RegularsError`` without a column of product ids, and for a row without an id, with an
    id that an earlier row has, or with a price, a cost or an availability that is none.
    """
    raw = read_raw(origin, workspace)
    seen = {fold(name): name for name in reversed(raw.columns)}
    found: dict[str, str] = {}
    for name, words in NAMES.items():
        told = next((seen[word] for word in words if word in seen and seen[word] not in found.values()), None)
        if told is not None:
            found[name] = told
    if "product_id" not in found:
        raise RegularsError(
            "catalogue.columns",
            mark("The catalogue has no column for the product id; its columns are: {columns}."),
            hint=mark(
                "It needs product_id, and may have title, category, brand, price, cost, available, attributes."
            ),
            columns=", ".join(raw.columns),
        )
    connection = workspace.door.connection
    macros(connection)
    cells = [_number(connection, raw, found[name], name) for name in ("price", "cost") if name in found]
    cells += [
        f"{column(source)} AS {name}" for name, source in found.items() if name not in ("price", "cost")
    ]
    query = f"SELECT line, {', '.join(cells)} FROM ({raw.with_lines(raw.relation)}) ORDER BY {raw.file_column}, line"
    with raw.guarded():
        rows = connection.execute(query).to_arrow_table().to_pylist()
    return pa.Table.from_pylist(_read(rows), schema=SCHEMA)


def _number(connection: duckdb.DuckDBPyConnection, raw: Raw, source: str, name: str) -> str:
    """SQL: a cell and the number in it, null where it is none."""
    cell = column(source)
    if raw.types[source] != "VARCHAR":
        return f"{cell}::VARCHAR AS {name}_cell, TRY_CAST({cell} AS DOUBLE) AS {name}"
    asked = f"SELECT count(*) FILTER (regulars_says_comma({cell})), count(*) FILTER (regulars_says_dot({cell})) FROM {raw.relation}"
    comma, dot = connection.execute(asked).fetchone() or (0, 0)
    told = f"regulars_text({cell})"
    # What has a sign before it or brackets around it is no price: let the row be named.
    sign = f"regexp_matches({told}, '^[-−(]|-$')"
    value = f"TRY_CAST(regulars_unified(regulars_digits({told}), {str(comma > dot).lower()}) AS DOUBLE)"
    return f"{told} AS {name}_cell, CASE WHEN NOT {sign} THEN {value} END AS {name}"


def _read(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first: dict[str, int] = {}
    found = []
    for row in rows:
        line, name = row["line"], _text(row["product_id"])
        if name is None:
            raise RegularsError(
                "catalogue.product",
                mark("Row {place} of the catalogue has no product id."),
                hint=mark("Give each product one row with the id that orders have."),
                place=line,
            )
        if first.setdefault(name, line) != line:
            raise RegularsError(
                "catalogue.repeated",
                mark("Row {place} of the catalogue has the product {product} of row {first} again."),
                hint=mark("Give each product one row with the id that orders have."),
                place=line,
                product=name,
                first=first[name],
            )
        told = {"row": line, "product_id": name, "attributes": attributes(row.get("attributes"))}
        told |= {part: _text(row.get(part)) for part in ("title", "category", "brand")}
        told |= {part: _amount(row, part) for part in ("price", "cost")}
        found.append(told | {"available": _available(row.get("available"), line)})
    return found


def _text(cell: object) -> str | None:
    if cell is None or cell != cell:
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split()) or None


def _amount(row: dict[str, Any], name: str) -> float | None:
    cell, value = _text(row.get(f"{name}_cell")), row.get(name)
    if cell is None or cell.casefold() == "nan":
        return None
    if value is None or not 0 <= value < float("inf"):
        _refuse(row["line"], cell, name)
    return float(value)


def _available(cell: object, line: int) -> bool | None:
    if isinstance(cell, bool):
        return cell
    told = _text(cell)
    if told is None:
        return None
    word = fold(told)
    if word in YES or word in NO:
        return word in YES
    try:
        return float(told.replace(",", ".")) > 0
    except ValueError:
        _refuse(line, told, "available")


def _refuse(line: int, cell: str, name: str) -> Never:
    raise RegularsError(
        "catalogue.value",
        mark("Row {place} of the catalogue has {cell} as its {column}."),
        hint=mark(
            "Prices and costs are amounts in the shop's currency; available is yes, no, or how many are left."
        ),
        place=line,
        cell=repr(cell),
        column=name,
    )


def attributes(cell: object) -> list[str]:
    """Return what a cell, a dictionary or a list says of a product as marks: ``colour=red``."""
    told = cell if isinstance(cell, dict | list) else _text(cell)
    if isinstance(told, str):
        with suppress(ValueError):
            told = json.loads(told) if told[0] in "[{" else told
    return sorted(set(_marks(told)))


def _marks(told: object) -> list[str]:
    if isinstance(told, dict):
        return [f"{name}={mark}" for name, value in told.items() for mark in _marks(value)]
    if isinstance(told, list):
        return [mark for value in told for mark in _marks(value)]
    if isinstance(told, str):
        parts = (part.partition(":") for part in told.replace("|", ";").replace(",", ";").split(";"))
        return [f"{a.strip()}={b.strip()}" if sign else a.strip() for a, sign, b in parts if a.strip()]
    return [] if told is None else [str(told)]
