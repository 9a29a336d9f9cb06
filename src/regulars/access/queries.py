"""Whose key is this, and which keys are there."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from regulars.access import rules, secrets
from regulars.store.models import ApiKey


def key(text: str) -> ApiKey | None:
    """Return the key that a text is, None for one that is wrong, revoked or unknown."""
    written = rules.read(text)
    if written is None:
        return None
    found = ApiKey.objects.filter(prefix=written.prefix, revoked_at=None).first()
    if found is None or not rules.matches(written.secret, found.secret_hash):
        return None
    return found


def all_keys() -> list[ApiKey]:
    """Return every key, newest first."""
    return list(ApiKey.objects.order_by("-id"))


class Signer(NamedTuple):
    """A write key and the secret with which its shop signs."""

    id: int
    signing: str


def write_key(written: rules.Written, home: Path) -> Signer | None:
    """Return the write key of these parts with its signing secret; None for one that is wrong, revoked or no write key."""
    found = ApiKey.objects.filter(prefix=written.prefix, revoked_at=None).first()
    if (
        found is None
        or not rules.matches(written.secret, found.secret_hash)
        or rules.COLLECT not in found.scopes
    ):
        return None
    signing = secrets.decrypt(found.signing, home)
    return None if signing is None else Signer(found.pk, signing)


def holds(prefix: str) -> bool:
    """Tell whether a key was not revoked."""
    return ApiKey.objects.filter(prefix=prefix, revoked_at=None).exists()


def write_keys(home: Path) -> dict[str, tuple[str, str, str]]:
    """Return of every write key that holds, by its prefix: its name, the hash of its secret, and the secret that signs visitors."""
    found = {}
    for each in ApiKey.objects.filter(revoked_at=None):
        signing = secrets.decrypt(each.signing, home) if rules.COLLECT in each.scopes else None
        if signing is not None:
            found[each.prefix] = (each.name, each.secret_hash, signing)
    return found
