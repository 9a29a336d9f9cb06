"""A rule while somebody builds it: the tree of the rule, with everything as it was typed, finished or not.

A draft made of a rule gives exactly that rule again. How often a part is turned around is counted, and a rule that is no list
(``bare``) stays none, so that nothing is lost between the form and the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

ROOT = "r"
SEGMENT, FIELD, EVENT = "segment", "field.", "event."


@dataclass
class Condition:
    """Something compared with something, by name: ``field.net``, ``event.purchase`` or ``segment``; empty for not chosen yet."""

    what: str = ""
    operator: str = ""
    values: list[str] = field(default_factory=list)
    nots: int = 0
    aggregate: str = "count"
    of: str = ""
    window: str = "ever"
    span: list[str] = field(default_factory=list)
    """What the window takes: days, hours, or two of them."""
    where: Group | None = None
    was: str = ""
    """The :attr:`shape` that the form had when it was shown; empty where it was not."""

    @property
    def shape(self) -> str:
        """Everything that decides which inputs there are."""
        return f"{self.what}|{self.operator}|{self.aggregate}|{self.window}"

    @property
    def event(self) -> str:
        """The kind of event that is counted; empty where none is."""
        return self.what.removeprefix(EVENT) if self.what.startswith(EVENT) else ""

    @property
    def field(self) -> str:
        """The field that is compared; empty where none is."""
        return self.what.removeprefix(FIELD) if self.what.startswith(FIELD) else ""


@dataclass
class Group:
    """Parts of which all hold, or at least one."""

    any: bool = False
    parts: list[Part] = field(default_factory=list)
    nots: int = 0
    bare: bool = False
    """A single part that stands in the rule without a list around it."""


Part: TypeAlias = Condition | Group


def walk(group: Group, path: str = ROOT) -> Iterator[tuple[str, Part]]:
    """Yield every part with its path, those of ``where`` too: ``r`` is the whole, ``r-1`` its second part, ``r-1-w`` what limits its events."""
    yield path, group
    for number, part in enumerate(group.parts):
        here = f"{path}-{number}"
        if isinstance(part, Group):
            yield from walk(part, here)
            continue
        yield here, part
        if part.where is not None:
            yield from walk(part.where, f"{here}-w")


def add(draft: Group, path: str, part: Part) -> str:
    """Put a part at the end of a group; return the path of where to go on, empty where there is no such group."""
    found = dict(walk(draft)).get(path)
    if not isinstance(found, Group):
        return ""
    found.parts.append(part)
    here = f"{path}-{len(found.parts) - 1}"
    return f"{here}-0" if isinstance(part, Group) and part.parts else here


def limit(draft: Group, path: str) -> str:
    """Let only some events of a condition count; return the path of where to go on."""
    found = dict(walk(draft)).get(path)
    if not isinstance(found, Condition) or not found.event:
        return ""
    found.where = found.where or Group(parts=[Condition()], bare=True)
    return f"{path}-w-0"


def remove(draft: Group, path: str) -> str:
    """Take a part away; return the path of where to go on."""
    above, _, last = path.rpartition("-")
    found = dict(walk(draft)).get(above)
    if isinstance(found, Condition) and last == "w":
        found.where = None
        return above
    if not isinstance(found, Group) or not last.isdigit() or int(last) >= len(found.parts):
        return ""
    del found.parts[int(last)]
    if not found.parts and above.endswith("-w"):
        return remove(draft, above)
    return f"{above}-{min(int(last), len(found.parts) - 1)}" if found.parts else above
