"""The style sheet and the script that the front-end's build made, under addresses that change with their content."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib import resources

KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@cache
def content(kind: str) -> bytes:
    """Return the style sheet (``css``) or the script (``js``); empty where the front-end was not built: pages can be read without."""
    try:
        return (resources.files("regulars.web.console") / "assets" / f"console.{kind}").read_bytes()
    except FileNotFoundError:
        return b""


@cache
def packed(kind: str) -> bytes:
    """Return it compressed, as nearly every browser takes it."""
    return gzip.compress(content(kind), 9, mtime=0)


@cache
def address(kind: str) -> str:
    """Return where it is."""
    return f"/assets/console.{hashlib.sha256(content(kind)).hexdigest()[:16]}.{kind}"
