"""Secrets that must be read again are kept encrypted, under the secret of the home folder."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from regulars.kit.secrets import secret


def key_of(home: Path) -> bytes:
    """Return the key under which a home encrypts; it is drawn from the home's secret for this use alone."""
    drawn = hashlib.blake2b(key=secret(home), digest_size=32, person=b"at rest").digest()
    return base64.urlsafe_b64encode(drawn)


def encrypt(text: str, home: Path) -> str:
    """Return a text that only this home can read."""
    from cryptography.fernet import Fernet

    return Fernet(key_of(home)).encrypt(text.encode()).decode()


def decrypt(token: str, home: Path) -> str | None:
    """Return what was encrypted, None where the home has another key by now."""
    from cryptography.fernet import Fernet, InvalidToken

    try:
        return Fernet(key_of(home)).decrypt(token.encode()).decode()
    except InvalidToken:
        return None
