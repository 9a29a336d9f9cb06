"""``--map NAME=COLUMN``: what people tell us about their columns, and what we tell them when something is missing."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import Phrase, joined, mark
from regulars.sources.headers import BY_NAME, NAMES, fold
from regulars.sources.recognise import Recognised

SEEN_AT_MOST = 40
CHOSEN_FROM = 200
"""Columns that whoever is asked which one is meant can choose from."""
_NO_DATE = mark("No column was recognised as a column with the moment of the order. Columns seen: {columns}.")
_NO_CUSTOMER = mark(
    "No column was recognised as a column that says who bought (an id or an e-mail). Columns seen: {columns}."
)
_NO_AMOUNT = mark(
    "No column was recognised as a column with the money (an amount, or a price and a quantity). "
    "Columns seen: {columns}."
)


def checked(mapping: Mapping[str, str] | None, columns: Sequence[str]) -> dict[str, str]:
    """Return the mapping with exact column names, or raise with the nearest names there are."""
    given: dict[str, str] = {}
    by_fold = {fold(column): column for column in reversed(columns)}
    for name, column in (mapping or {}).items():
        if name not in BY_NAME:
            folded = {fold(known): known for known in BY_NAME}
            close = [folded[word] for word in difflib.get_close_matches(fold(name), list(folded), 3, 0.6)]
            known = mark("--map {name}={column}: {name!r} is not a name that Regulars knows.")
            nearly = mark(
                "--map {name}={column}: {name!r} is not a name that Regulars knows. Did you mean {close}?"
            )
            raise RegularsError(
                "source.unknown_name",
                nearly if close else known,
                hint=mark("Names: {names}."),
                name=name,
                column=column,
                close=_any_of(close),
                names=", ".join(BY_NAME),
            )
        exact = column if column in columns else by_fold.get(fold(column))
        if exact is None:
            close = [by_fold[word] for word in difflib.get_close_matches(fold(column), list(by_fold), 3, 0.5)]
            absent = mark("--map {name}={column}: there is no column {column!r}.")
            nearly = mark("--map {name}={column}: there is no column {column!r}. Did you mean {close}?")
            raise RegularsError(
                "source.unknown_column",
                nearly if close else absent,
                hint=mark("Columns: {columns}."),
                kind=Kind.MISSING,
                name=name,
                column=column,
                close=_any_of(close),
                columns=_listed(columns),
            )
        given[name] = exact
    return given


def check_complete(found: Recognised, columns: Sequence[str]) -> None:
    """Raise when a date, a customer or an amount was not found, with the option that would name it."""
    has = found.columns.keys()
    if "ordered_at" not in has:
        raise _missing("no_date", _NO_DATE, "ordered_at", columns)
    if not has & {"customer_id", "email"}:
        raise _missing("no_customer", _NO_CUSTOMER, "customer_id", columns)
    if not has & {"amount", "order_total", "unit_price", "subtotal"} and not found.packed:
        raise _missing("no_amount", _NO_AMOUNT, "amount", columns)


def _missing(code: str, message: str, name: str, columns: Sequence[str]) -> RegularsError:
    words = BY_NAME[name].synonyms
    near = [c for c in columns if difflib.get_close_matches(fold(c), words, 1, 0.75)]
    example = near[0] if near else "COLUMN"
    return RegularsError(
        f"source.{code}",
        message,
        hint=mark("Name it with: --map {name}={example}"),
        kind=Kind.MISSING,
        columns=_listed(columns),
        name=name,
        example=_quoted(example),
        seen=tuple(columns[:CHOSEN_FROM]),
    )


def _quoted(column: str) -> str:
    return f"'{column}'" if " " in column else column


def _listed(columns: Sequence[str]) -> object:
    shown, more = ", ".join(columns[:SEEN_AT_MOST]), len(columns) - SEEN_AT_MOST
    return Phrase.of(mark("{shown} and {more} more"), shown=shown, more=more) if more > 0 else shown


def _any_of(words: Sequence[str]) -> object:
    return joined([repr(word) for word in words], mark("{one} or {other}")) if words else ""


__all__ = ["NAMES", "check_complete", "checked"]
