"""What stands out in a load, in words, and what to do about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

from regulars.kit.i18n import mark
from regulars.kit.words import Share
from regulars.report.compose.reading import accounted
from regulars.report.model import Sentence

if TYPE_CHECKING:
    from regulars.report.model import Words

BAD, DOUBT, FINE = "bad", "doubt", "good"
CORRECT, REPEATS, DAYS = "correct", "repeats", "days"
"""What a page can offer beside a finding: corrections, counting repeated rows once, day or month first."""
WANTED = {
    mark("products"): {"product_id", "title"},
    mark("discounts"): {"discount", "order_discount"},
    mark("costs of goods"): {"cost"},
    mark("channels"): {"channel"},
    mark("countries"): {"country"},
}
"""Facts that figures use, with the columns that any of them comes from."""
_DATES = {
    "date.ambiguous": mark("Rows in which the column {column} does not say which of day and month comes first: {rows}."),
    "date.contradictory": mark("Rows in which the column {column} has day and month the other way round than in most: {rows}."),
}  # fmt: skip


class Finding(NamedTuple):
    """One thing that stands out."""

    tone: str
    words: Words
    todo: Words | None = None
    offer: str = ""


def findings(account: Mapping[str, Any]) -> list[Finding]:
    """Return what stands out in the account of a load, what costs most first."""
    return list(_found(account)) or [
        Finding(FINE, Sentence.of(mark("Every row was used, and nothing stands out.")))
    ]


def _found(account: Mapping[str, Any]) -> Iterator[Finding]:
    rejected, counts, columns = account["rejected"], account["counts"], account["columns"]
    if rejected["rows"]:
        yield Finding(
            BAD,
            Sentence.of(mark("{rows} of {read} rows could not be used ({share})."), rows=rejected["rows"],
                        read=account["read"], share=Share(rejected["rows"] / max(account["read"], 1))),
            Sentence.of(mark("Correct them below: what is right already stays as it is.")), CORRECT,
        )  # fmt: skip
    yield from _warnings(account)
    nobody = counts.get("lines_without_customer", 0)
    if nobody:
        yield Finding(
            DOUBT,
            Sentence.of(mark("Rows that do not say who bought: {rows}. They are in sales, and in no customer's value."), rows=nobody),
            Sentence.of(mark("Export the customer's number or e-mail with every order, also of guests.")),
        )  # fmt: skip
    repaired = sum(item["rows"] for item in account["repaired"])
    if repaired:
        yield Finding(
            DOUBT,
            Sentence.of(mark("Rows that were repaired: {rows}. Below stands by which rule."), rows=repaired),
        )
    missing = [name for name, some in WANTED.items() if not some & columns.keys()]
    if missing:
        yield Finding(
            DOUBT,
            Sentence.of(mark("No column tells {facts}."), facts=_listed([Sentence.of(name) for name in missing])),
            Sentence.of(mark("Figures that need them stay unknown; add the columns to the export if the shop has them.")),
        )  # fmt: skip


def _listed(some: Sequence[Words]) -> Words:
    return reduce(lambda one, other: Sentence.of(mark("{one}, {other}"), one=one, other=other), some)


def _warnings(account: Mapping[str, Any]) -> Iterator[Finding]:
    """What the reader wondered about, where a page has another way to settle it than the command has."""
    said = accounted(account).warnings
    for item, words in zip(account["warnings"], said, strict=True):
        code, values = item["code"], item.get("values", {})
        if code == "lines.repeated":
            yield Finding(
                DOUBT,
                Sentence.of(mark("Rows that repeat another one exactly: {rows}."), rows=values.get("lines", 0)),
                Sentence.of(mark("If exports overlap, load the file again and count such rows once.")), REPEATS,
            )  # fmt: skip
        elif code in _DATES:
            yield Finding(
                DOUBT, Sentence.of(_DATES[code], rows=values.get("rows", 0), column=values.get("column", "")),
                Sentence.of(mark("Look at the first days below; if they are wrong, load the file again and say which comes first.")), DAYS,
            )  # fmt: skip
        else:
            yield Finding(DOUBT, words)
