"""What keys may be for, and how they are written."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from typing import NamedTuple

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark

COLLECT = "collect"
"""Of write keys, which may be seen by everybody: they hand in events and can do nothing else."""
SCOPES = (
    "customers:read", "customers:write", "orders:read", "orders:write", "products:read", "products:write", "segments:read", "segments:write", "figures:read", "imports:read", "costs:read", "costs:write",
    "recommendations:read", "recommendations:write",
    "jobs:read", "jobs:write", "webhooks:read", "webhooks:write", "keys:write", "metrics:read", COLLECT,
)  # fmt: skip
SECRET, WRITE = "rk", "wk"
"""What keys begin with: those that must be kept secret, and those that stand in a shop's pages."""
_WRITTEN = re.compile(r"(rk|wk)_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class Written(NamedTuple):
    """A key in its parts."""

    kind: str
    prefix: str
    secret: str

    @property
    def text(self) -> str:
        """The key as its owner keeps it."""
        return f"{self.kind}_{self.prefix}_{self.secret}"


def new(scopes: Collection[str]) -> Written:
    """Return a key that nobody has."""
    return Written(WRITE if COLLECT in scopes else SECRET, secrets.token_hex(6), secrets.token_urlsafe(32))


def read(text: str) -> Written | None:
    """Return the parts of a key, None for what is none."""
    found = _WRITTEN.fullmatch(text)
    return Written(*found.groups()) if found else None


def hashed(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, kept: str) -> bool:
    """Tell whether this is the secret, in a time that says nothing about it."""
    return hmac.compare_digest(hashed(secret), kept)


def check(scopes: Collection[str]) -> list[str]:
    """Return scopes in their usual order; raises for none, unknown ones, and ``collect`` beside others."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise RegularsError(
            "access.scope",
            mark("A key needs scopes that there are; not one of them: {names}."),
            hint=mark("There are: {known}."),
            names=", ".join(unknown) or "–",
            known=", ".join(SCOPES),
        )
    if COLLECT in scopes and len(set(scopes)) > 1:
        raise RegularsError(
            "access.collect_alone",
            mark("A key that collects events stands in every page of the shop, so it can do nothing else."),
            hint=mark("Make one key for events, and another one for the rest."),
        )
    return [scope for scope in SCOPES if scope in scopes]


def granted(wanted: Collection[str], held: Collection[str]) -> None:
    """Raise where somebody would give what they have not got."""
    more = [scope for scope in wanted if scope not in held]
    if more:
        raise RegularsError(
            "access.grants_more",
            mark("A key cannot give scopes that it has not got: {names}."),
            hint=mark("Make such a key with the command: regulars keys create."),
            kind=Kind.FORBIDDEN,
            names=", ".join(more),
        )
