"""The style sheet that the front-end's build made, under an address that changes with its content."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources


@cache
def styles() -> bytes:
    """Return the style sheet; empty where the front-end was not built: pages can be read without it."""
    try:
        return (resources.files("regulars.web.console") / "assets" / "console.css").read_bytes()
    except FileNotFoundError:
        return b""


@cache
def address() -> str:
    """Return where the style sheet is."""
    return f"/assets/console.{hashlib.sha256(styles()).hexdigest()[:16]}.css"
