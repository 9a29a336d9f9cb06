"""The style sheet and the script that the front-end's build made, under addresses that change with their content."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib import resources

KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
NAMES = {"css": "console.css", "js": "console.js", "pages": "pages.js"}
"""Of the two scripts one draws, and is large; ``pages`` is what files on their way and lists that renew themselves need."""


@cache
def content(kind: str) -> bytes:
    """Return the style sheet (``css``) or a script (``js``, ``pages``); empty where the front-end was not built: pages can be read without."""
    try:
        return (resources.files("regulars.web.console") / "assets" / NAMES[kind]).read_bytes()
    except FileNotFoundError:
        return b""


@cache
def packed(kind: str) -> bytes:
    """Return it compressed, as nearly every browser takes it."""
    return gzip.compress(content(kind), 9, mtime=0)


@cache
def address(kind: str) -> str:
    """Return where it is."""
    name, _, ending = NAMES[kind].partition(".")
    return f"/assets/{name}.{hashlib.sha256(content(kind)).hexdigest()[:16]}.{ending}"


def named(name: str) -> str:
    """Return what is at an address of these; empty where nothing is."""
    return next((kind for kind in NAMES if f"/assets/{name}" == address(kind)), "")
