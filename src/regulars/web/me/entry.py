"""Who may open whose page: an entry that the shop signed becomes a pass of this server's own, and both run out by themselves.

An entry is the query of an address: ``key``, ``customer``, ``until``, ``nonce``, ``signature``, and as the shop likes ``language`` and ``look``. The
signature is the HMAC-SHA256 under the key's signing secret, in hexadecimal, of :func:`signed_text`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import LANGUAGES, mark
from regulars.kit.secrets import secret
from regulars.web.me import look

ENTRY_SECONDS = 600
"""How far ahead an entry may be valid: long enough for a slow page, too short to be passed on."""
PASS_SECONDS = 30 * 60
MOST = 2000
"""Characters of an address that are looked at."""
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SIGNATURE = re.compile(r"[0-9a-fA-F]{64}")
_NUMBER = re.compile(r"[0-9]{1,12}")


class Entry(NamedTuple):
    """What a shop says in an address; nothing of it is proven yet."""

    key: str
    customer: str
    until: int
    nonce: str
    language: str
    look: str
    signature: str


class Pass(NamedTuple):
    """Who a page is for, as this server wrote it."""

    customer: int
    key: str
    """The prefix of the key by which they came: when it is revoked, the pass is void."""
    until: int
    language: str
    look: str


def signed_text(entry: Entry) -> str:
    """Return what a signature is of: every part, each on a line of its own under a line that says what it is for."""
    return "\n".join(
        ("shopper account v1", entry.customer, str(entry.until), entry.nonce, entry.language, entry.look)
    )


def read(query: Mapping[str, str]) -> Entry:
    """Read an entry; raises ``me.entry`` for what is none."""
    told = {name: str(query.get(name, "")) for name in Entry._fields}
    fine = (
        _NUMBER.fullmatch(told["until"])
        and _NONCE.fullmatch(told["nonce"])
        and _SIGNATURE.fullmatch(told["signature"])
        and 1 <= len(told["customer"]) <= 320
        and told["customer"].isprintable()
        and told["language"] in ("", *LANGUAGES)
        and look.readable(told["look"])
    )
    if not fine:
        raise _refused("me.entry", mark("This address does not say whose account is to be shown."))
    return Entry(**told | {"until": int(told["until"]), "signature": told["signature"].lower()})  # type: ignore[arg-type]


def check(entry: Entry, signing: str, now: float) -> None:
    """Raise ``me.signature`` for an entry that the shop did not sign, ``me.expired`` for one that is over or lasts too long."""
    right = hmac.new(signing.encode(), signed_text(entry).encode(), "sha256").hexdigest()
    if not hmac.compare_digest(right, entry.signature):
        raise forged()
    if not now <= entry.until <= now + ENTRY_SECONDS:
        raise expired()


def issued(found: Pass, home: Path) -> str:
    """Return a pass as it stands in addresses."""
    body = base64.urlsafe_b64encode(json.dumps(found, separators=(",", ":")).encode()).decode().rstrip("=")
    return f"{body}.{_proof(body, home)}"


def shown(text: str, home: Path, now: float) -> Pass:
    """Return what a pass says; raises ``me.expired`` for one that is over, and for everything that this server did not write."""
    body, _, proof = text[:MOST].partition(".")
    if not hmac.compare_digest(_proof(body, home).encode(), proof.encode()):
        raise expired()
    try:
        found = Pass(*json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    except (ValueError, TypeError):
        # Another version of ours wrote it.
        raise expired() from None
    if found.until < now:
        raise expired()
    return found


def forged() -> RegularsError:
    """Return the error for a key or a signature that is wrong; which of the two is nobody's business."""
    return _refused("me.signature", mark("This address was not signed by the shop."))


def expired() -> RegularsError:
    """Return the error for an entry or a pass that is over."""
    return _refused("me.expired", mark("This page was open for long enough, and has closed itself."))


def used() -> RegularsError:
    """Return the error for an entry that comes a second time."""
    return _refused("me.used", mark("This address was opened before, and works once."))


def _refused(code: str, message: str) -> RegularsError:
    return RegularsError(
        code, message, hint=mark("Open your account in the shop again."), kind=Kind.FORBIDDEN
    )


def _proof(body: str, home: Path) -> str:
    digest = hashlib.blake2b(body.encode(), key=secret(home), digest_size=24, person=b"account").digest()
    return base64.urlsafe_b64encode(digest).decode()
