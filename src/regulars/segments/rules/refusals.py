"""What is said of a rule that cannot be: which place in it, which value, and what is allowed there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import Phrase, mark

_SHOWN = 40


def refused(place: str, value: Any, allowed: object) -> RegularsError:
    """Return the error for a value that cannot stand where it stands."""
    return RegularsError(
        "segments.rule",
        mark("{place} of the rule cannot be {value}."),
        hint=mark("Allowed there: {allowed}."),
        place=place or "$",
        value=shown(value),
        allowed=allowed if isinstance(allowed, Phrase) else str(allowed),
        location=f"body.rule.{place}" if place else "body.rule",
    )


def cyclic(path: Iterable[str]) -> RegularsError:
    """Return the error for segments that lead back to themselves."""
    return RegularsError(
        "segments.cycle",
        mark("These segments lead back to themselves: {path}."),
        hint=mark("Take one of them out of the rule."),
        kind=Kind.CONFLICT,
        path=" → ".join(path),
        location="body.rule",
    )


def shown(value: Any) -> str:
    """Return a value as it was written, shortened, with nothing that does not print."""
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
        text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
