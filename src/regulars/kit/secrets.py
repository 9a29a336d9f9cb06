"""The secret of a home: made once, read by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

FILE = "secret.key"


def secret(home: Path) -> bytes:
    """Return the home's secret of 32 bytes; makes it where there is none, the same for all who come at once."""
    path = home / FILE
    try:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        pass
    fresh = home / f".{FILE}-{secrets.token_hex(8)}"
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(handle, secrets.token_hex(32).encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(fresh, path)  # fails where somebody else was first
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return bytes.fromhex(path.read_text(encoding="ascii"))
