"""What is wrong with a draft, and at which input of the form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import translator
from regulars.web.console.builder.draft import SEGMENT, Condition, Group, walk
from regulars.web.console.builder.written import Written

_SECOND = re.compile(r"(\[1\]|until)$")


@dataclass(frozen=True)
class Mistake:
    """What is wrong where."""

    path: str
    """Of the part; empty for the rule as a whole."""
    input: str
    """Id of the input; the part's own where it is none of its inputs."""
    text: str
    missing: bool = False
    """Nothing was typed there yet: to be filled in rather than put right."""


def found(error: RegularsError, draft: Group, written: Written, language: str) -> Mistake:
    """Return what an error says of a draft."""
    t, place = translator(language), str(error.values.get("place", "")).removeprefix("$")
    message, hint = error.said(language)
    if error.code != "segments.rule":
        return Mistake("", "", f"{message} {hint}".strip())
    above = max((each for each in written.places if _inside(place, each)), key=len, default="")
    path = written.places.get(above, "")
    part = dict(walk(draft)).get(path)
    name = _input(place.removeprefix(above).lstrip("."), part)
    if isinstance(part, Group) and not part.parts:
        return Mistake(path, path, t("Add a condition here, or take the group away."), missing=True)
    if isinstance(part, Condition) and _empty(part, name):
        text = t("Choose what this asks for.") if name == "what" else t("Fill this in.")
        return Mistake(path, f"{path}-{name}", text, missing=True)
    if not name:
        return Mistake(path, path, f"{message} {hint}".strip())
    text = t("{value} cannot stand here.", value=error.values.get("value", ""))
    return Mistake(path, f"{path}-{name}", f"{text} {hint}".strip())


def _inside(place: str, above: str) -> bool:
    return not above or place == above or place.startswith((f"{above}.", f"{above}["))


def _input(rest: str, part: Condition | Group | None) -> str:
    """Return the name of the input that stands for a place within a part."""
    if not isinstance(part, Condition):
        return ""
    rest = rest.removeprefix("event.")
    if not part.what or rest in ("field", "property", "event", "type"):
        return "what"
    if part.what == SEGMENT:
        return "v0"
    second = "1" if _SECOND.search(rest) else "0"
    if rest.startswith("window"):
        return f"s{second}"
    return (
        f"v{second}" if rest.startswith("value") else rest if rest in ("operator", "of", "aggregate") else ""
    )


def _empty(part: Condition, name: str) -> bool:
    if name == "what":
        return not part.what
    some = {"v": part.values, "s": part.span}.get(name[:1]) if name[1:].isdigit() else None
    return some is not None and not any(each.strip() for each in some[int(name[1:]) :][:1])
