"""``--map NAME=COLUMN``: what people tell us about their columns, and what we tell them when something is missing."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from regulars.kit.errors import Kind, RegularsError
from regulars.sources.headers import BY_NAME, NAMES, fold
from regulars.sources.recognise import Recognised

SEEN_AT_MOST = 40


def checked(mapping: Mapping[str, str] | None, columns: Sequence[str]) -> dict[str, str]:
    """Return the mapping with exact column names, or raise with the nearest names there are."""
    given: dict[str, str] = {}
    by_fold = {fold(column): column for column in reversed(columns)}
    for name, column in (mapping or {}).items():
        if name not in BY_NAME:
            folded = {fold(known): known for known in BY_NAME}
            close = [folded[word] for word in difflib.get_close_matches(fold(name), list(folded), 3, 0.6)]
            raise RegularsError(
                "source.unknown_name",
                f"--map {name}={column}: {name!r} is not a name that Regulars knows."
                + (f" Did you mean {_any_of(close)}?" if close else ""),
                hint=f"Names: {', '.join(BY_NAME)}.",
            )
        exact = column if column in columns else by_fold.get(fold(column))
        if exact is None:
            close = [by_fold[word] for word in difflib.get_close_matches(fold(column), list(by_fold), 3, 0.5)]
            raise RegularsError(
                "source.unknown_column",
                f"--map {name}={column}: there is no column {column!r}."
                + (f" Did you mean {_any_of(close)}?" if close else ""),
                hint=f"Columns: {_listed(columns)}.",
                kind=Kind.MISSING,
            )
        given[name] = exact
    return given


def check_complete(found: Recognised, columns: Sequence[str]) -> None:
    """Raise when a date, a customer or an amount was not found, with the option that would name it."""
    has = found.columns.keys()
    if "ordered_at" not in has:
        raise _missing("no_date", "a column with the moment of the order", "ordered_at", columns)
    if not has & {"customer_id", "email"}:
        raise _missing(
            "no_customer", "a column that says who bought (an id or an e-mail)", "customer_id", columns
        )
    if not has & {"amount", "order_total", "unit_price", "subtotal"} and not found.packed:
        raise _missing(
            "no_amount", "a column with the money (an amount, or a price and a quantity)", "amount", columns
        )


def _missing(code: str, what: str, name: str, columns: Sequence[str]) -> RegularsError:
    words = BY_NAME[name].synonyms
    near = [c for c in columns if difflib.get_close_matches(fold(c), words, 1, 0.75)]
    example = near[0] if near else "COLUMN"
    return RegularsError(
        f"source.{code}",
        f"No column was recognised as {what}. Columns seen: {_listed(columns)}.",
        hint=f"Name it with: --map {name}={_quoted(example)}",
        kind=Kind.MISSING,
    )


def _quoted(column: str) -> str:
    return f"'{column}'" if " " in column else column


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(columns[:SEEN_AT_MOST])
    return shown + (f" and {len(columns) - SEEN_AT_MOST} more" if len(columns) > SEEN_AT_MOST else "")


def _any_of(words: Sequence[str]) -> str:
    return " or ".join(repr(word) for word in words)


__all__ = ["NAMES", "check_complete", "checked"]
