"""Reads a shop's rules from a JSON file."""

from __future__ import annotations

import json
from pathlib import Path

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.recommend.rules import Rules


def read_rules(path: str | Path) -> Rules:
    """Return the rules of a file; raises ``RegularsError`` where it cannot be read, is no JSON, or holds what is no rule."""
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RegularsError(
            "recommend.rules_file",
            mark("The rules in {path} cannot be read: {said}"),
            hint=mark("Check the path; the file is JSON in UTF-8."),
            kind=Kind.MISSING,
            path=path,
            said=getattr(error, "strerror", None) or error,
        ) from error
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise RegularsError(
            "recommend.rules_json",
            mark("The rules in {path} are no JSON: line {line}, column {column}."),
            hint=mark('Write them as {{"exclude_bought": true}}.'),
            path=path,
            line=error.lineno,
            column=error.colno,
        ) from error
    return Rules.from_json(told)
