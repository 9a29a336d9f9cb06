"""What the shop wants of its recommendations, kept in the store: one rulebook with a number that grows with every change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.access import actions as access
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.recommend.rulebook import Rulebook, Said
from regulars.store import database
from regulars.store.state import recall, remember

NAME = "recommend.rules"
VERSION = "recommend.rules.version"


@dataclass(frozen=True)
class Kept:
    """A rulebook as it is kept."""

    version: int
    """How often it was changed; zero where nobody ever did."""
    book: Rulebook
    changed_at: datetime | None = None
    who: str = ""
    """Who changed it last, as the audit log names them."""


NOTHING = Kept(0, Rulebook())


def version() -> int:
    """Return the number of the rulebook alone: for whoever asks every few seconds."""
    return int(recall(VERSION, 0))


def read() -> Kept:
    """Return the rulebook."""
    told: dict[str, Any] | None = recall(NAME, None)
    if told is None:
        return NOTHING
    return Kept(
        int(told["version"]),
        Rulebook.from_json(told["rules"]),
        datetime.fromisoformat(told["changed_at"]),
        str(told["who"]),
    )


def change(book: Rulebook, seen: int, *, who: str, now: datetime) -> Kept:
    """Keep a rulebook in place of the one with the number ``seen``, and note what changed; the same again changes nothing.

    Raises ``recommend.rules_changed`` where somebody else has changed it since.
    """
    with database.writing("settings"):
        # Whoever writes waits for whoever is at it: what is read from here on is the last word.
        before = read()
        if before.version != seen:
            raise RegularsError(
                "recommend.rules_changed",
                mark("The rules have been changed since: they are version {version}, and this is a change to version {seen}."),
                hint=mark("Look at them as they are now, and change those."),
                kind=Kind.CONFLICT,
                version=before.version,
                seen=seen,
            )  # fmt: skip
        if book == before.book:
            return before
        kept = Kept(before.version + 1, book, now, who)
        remember(NAME, {"version": kept.version, "rules": book.to_json(), "changed_at": now.isoformat(), "who": who})  # fmt: skip
        remember(VERSION, kept.version)
        for slot in sorted({*before.book.said, *book.said}):
            told = changes(before.book.own(slot), book.own(slot))
            if told:
                access.note(who, "rules.change", slot, told, now)
    return kept


def changes(before: Said, after: Said) -> dict[str, Any]:
    """Return what a set of rules said and says now, by rule, as the audit log keeps it."""
    return {
        name: f"{_short(before.get(name))} → {_short(after.get(name))}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }


def _short(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
