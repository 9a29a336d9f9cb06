"""What may be asked of a database: one table, or one SELECT; never anything that writes."""

from __future__ import annotations

import re

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import Phrase, mark
from regulars.sources.sql.urls import Address

_TABLE = re.compile(r'[^\W\d][\w$]*(?:\.[^\W\d][\w$]*){0,2}|"[^"]+"(?:\."[^"]+")?')


def select_of(asked: str, address: Address, tables: list[str]) -> str:
    """Return a SELECT for a table's name or a query. Raises ``source.not_a_query``."""
    asked = asked.strip().rstrip(";").strip()
    if asked in tables or _TABLE.fullmatch(asked):
        return f"SELECT * FROM {_quoted(asked, address, tables)}"
    import sqlglot
    from sqlglot import exp

    refusal = RegularsError(
        "source.not_a_query",
        mark(
            "Only a table's name or one SELECT is accepted, so that nothing in the shop's database can change."
        ),
        hint=mark("For example: SELECT * FROM orders WHERE created_at >= '2024-01-01'."),
        kind=Kind.FORBIDDEN,
    )
    if not re.match(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(?:select|with)\b", asked, re.IGNORECASE | re.DOTALL):
        raise refusal
    try:
        trees = sqlglot.parse(asked, read=address.system)
    except sqlglot.errors.SqlglotError as error:
        said = " ".join(re.sub(r"\x1b\[\d+m", "", str(error)).split())[:160]
        raise RegularsError(
            "source.not_a_query",
            mark("The query cannot be understood: {said}"),
            hint=mark("Check its spelling."),
            said=said,
        ) from None
    writes = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Set)
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise refusal
    for node in trees[0].walk():
        if isinstance(node, writes) and not isinstance(node, exp.Query):
            raise refusal
    return asked


def only_table(address: Address, tables: list[str]) -> str:
    """Return the only table there is, or say which there are (``source.which_table``)."""
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise RegularsError(
            "source.no_rows",
            mark("{address} has no tables."),
            hint=mark("Check the database's name."),
            address=address.shown,
        )
    shown, more = ", ".join(tables[:20]), len(tables) - 20
    raise RegularsError(
        "source.which_table",
        mark("{address} has {count} tables: {listed}."),
        hint=mark("Name one with --query, or give a SELECT."),
        address=address.shown,
        count=len(tables),
        listed=Phrase.of(mark("{shown} and {more} more"), shown=shown, more=more) if more > 0 else shown,
    )


def _quoted(table: str, address: Address, tables: list[str]) -> str:
    mark = "`" if address.system == "mysql" else '"'
    if table.startswith('"'):
        return table.replace('"', mark)
    known = next((each for each in tables if each.casefold() == table.casefold()), table)
    parts = [known] if known in tables and "." not in known else known.split(".")
    return ".".join(f"{mark}{part.replace(mark, mark * 2)}{mark}" for part in parts)
