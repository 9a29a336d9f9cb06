"""Why a request is refused: stable codes, a sentence with what was seen, and what to do."""

from __future__ import annotations

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark


def no_json(reason: str) -> RegularsError:
    """The body, or a part of it, cannot be read."""
    return RegularsError(
        "edge.json",
        mark("This is not the JSON that is expected here: {reason}."),
        hint=mark("Send one JSON object in UTF-8, as documented for this address."),
        reason=reason.rstrip("."),
    )


def bad_field(name: str, reason: str) -> RegularsError:
    """A field has a value that it cannot have; ``reason`` is marked."""
    return RegularsError(
        "edge.field", reason, hint=mark("Correct the field and send the event again."), field=name
    )


def too_large(limit: int) -> RegularsError:
    """The body is longer than is taken."""
    return RegularsError(
        "edge.too_large",
        mark("The body is longer than {limit} bytes."),
        hint=mark("Send fewer events at a time."),
        limit=limit,
    )


def event_too_large(limit: int) -> RegularsError:
    """One event is longer than is taken."""
    return RegularsError(
        "edge.event_too_large",
        mark("The event is longer than {limit} bytes."),
        hint=mark("Leave out properties that nobody reads."),
        limit=limit,
    )


def too_many(found: int, limit: int) -> RegularsError:
    """A batch has more events than are taken."""
    return RegularsError(
        "edge.too_many",
        mark("The batch has {found} events; {limit} are taken at a time."),
        hint=mark("Split the batch."),
        found=found,
        limit=limit,
    )


def no_key() -> RegularsError:
    """Nobody knows who sends this."""
    return RegularsError(
        "edge.key",
        mark("There is no write key, or nobody has this one."),
        hint=mark("Send it as the user name of HTTP Basic, as X-Write-Key, or as writeKey in the body."),
        kind=Kind.FORBIDDEN,
    )


def no_origin(origin: str) -> RegularsError:
    """A page that is not the shop's."""
    return RegularsError(
        "edge.origin",
        mark("Pages of {origin} may not use this server."),
        hint=mark("Add the origin to those that may."),
        kind=Kind.FORBIDDEN,
        origin=origin,
    )


def busy() -> RegularsError:
    """More waits than can be worked off soon."""
    return RegularsError(
        "edge.busy",
        mark("More is waiting than can be kept right now."),
        hint=mark("Send it again after the seconds in Retry-After."),
        kind=Kind.UNAVAILABLE,
    )


def stopping() -> RegularsError:
    """The server is about to end."""
    return RegularsError(
        "edge.stopping",
        mark("The server is being stopped."),
        hint=mark("Send it again after the seconds in Retry-After."),
        kind=Kind.UNAVAILABLE,
    )


def no_path(path: str) -> RegularsError:
    """There is no such address."""
    return RegularsError("edge.path", mark("There is nothing at {path}."), kind=Kind.MISSING, path=path)


def no_method(method: str, allowed: str) -> RegularsError:
    """The address takes other methods."""
    return RegularsError(
        "edge.method",
        mark("{method} is not for this address."),
        hint=mark("Use {allowed}."),
        method=method,
        allowed=allowed,
    )


def bad_number(found: object, most: int) -> RegularsError:
    """Too few or too many products are asked for."""
    return RegularsError(
        "edge.k",
        mark("{found} is no number of products to ask for."),
        hint=mark("Ask for 1 to {most}."),
        found=str(found)[:40],
        most=most,
    )


def internal() -> RegularsError:
    """A mistake of ours."""
    return RegularsError(
        "internal",
        mark("The server made a mistake; its log says which."),
        hint=mark("Try again, and report the X-Request-Id if it happens again."),
        kind=Kind.UNAVAILABLE,
    )
