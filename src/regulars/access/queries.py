"""Whose key is this, and which keys are there."""

from __future__ import annotations

from pathlib import Path

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


def write_keys(home: Path) -> dict[str, tuple[str, str, str]]:
    """Return of every write key that holds, by its prefix: its name, the hash of its secret, and the secret that signs visitors."""
    found = {}
    for each in ApiKey.objects.filter(revoked_at=None):
        signing = secrets.decrypt(each.signing, home) if rules.COLLECT in each.scopes else None
        if signing is not None:
            found[each.prefix] = (each.name, each.secret_hash, signing)
    return found
