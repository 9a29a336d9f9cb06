"""What a database says when it cannot take or give events, as one error that says whether waiting helps."""

from __future__ import annotations

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark


def unavailable(error: BaseException) -> RegularsError:
    """Return the error for whoever wanted to keep or take over events."""
    return RegularsError(
        "inbox.unavailable",
        mark("Events cannot be kept right now: {reason}."),
        hint=mark("Try again in a moment; if it lasts, look after the database and its disk."),
        kind=Kind.UNAVAILABLE,
        reason=(" ".join(str(error).split()) or type(error).__name__).rstrip("."),
    )
