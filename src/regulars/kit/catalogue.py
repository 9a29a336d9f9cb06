"""Reads a gettext catalogue (.po) in milliseconds: ``--help`` in Polish may not wait for a library that reads every kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(r'(msgid_plural|msgid|msgstr(?:\[\d+\])?)?\s*("(?:[^"\\]|\\.)*")')
_PLURAL = re.compile(r"plural=([^;]+);")


@dataclass(slots=True)
class Catalogue:
    """Sentences by message id; what is counted has one sentence for each plural form of the language."""

    sentences: dict[str, str] = field(default_factory=dict)
    counted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    form: Callable[[int], int] = lambda number: int(number != 1)
    """Which plural form a number takes."""


def read_catalogue(path: Path) -> Catalogue:
    """Read a catalogue as ``tests.report.sentences`` writes it: without contexts and without fuzzy entries."""
    found = Catalogue()
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        parts: dict[str, str] = {}
        keyword = ""
        for line in block.splitlines():
            matched = _LINE.fullmatch(line.strip())
            if matched:
                keyword = matched[1] or keyword
                # The escapes of .po (\n, \t, \", \\) mean the same in JSON.
                parts[keyword] = parts.get(keyword, "") + json.loads(matched[2])
        _keep(found, parts)
    return found


def _keep(found: Catalogue, parts: dict[str, str]) -> None:
    message = parts.get("msgid")
    if message:
        forms = tuple(text for keyword, text in sorted(parts.items()) if keyword.startswith("msgstr["))
        if forms and all(forms):
            found.counted[message] = forms
        elif parts.get("msgstr"):
            found.sentences[message] = parts["msgstr"]
    elif message == "" and (plural := _PLURAL.search(parts.get("msgstr", ""))):
        from gettext import c2py

        found.form = c2py(plural[1])
