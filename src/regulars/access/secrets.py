"""Secrets that must be read again are kept encrypted, under a key in the home folder that only its owner may read."""

from __future__ import annotations

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path

FILE = "secret.key"


def key_of(home: Path) -> bytes:
    """Return the home folder's key, made where there is none; all who make one at once get the same."""
    path = home / FILE
    with suppress(FileNotFoundError):
        return path.read_bytes()
    scratch = home / f".{FILE}.{secrets.token_hex(8)}"
    handle = os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(handle, base64.urlsafe_b64encode(os.urandom(32)))
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        with suppress(FileExistsError):
            os.link(scratch, path)
    finally:
        scratch.unlink()
    return path.read_bytes()


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
