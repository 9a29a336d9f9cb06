"""What a browser sent of the form, read back as a draft, and what its buttons do to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.segments.rules.reading import DEEPEST
from regulars.web.console.builder.draft import ROOT, Condition, Group, Part, add, limit, remove
from regulars.web.console.builder.inputs import lines

MOST_PARTS, MOST_NOTS = 300, 9
HOW = {"all": (False, 0), "any": (True, 0), "not-all": (False, 1), "none": (True, 1)}
"""How the parts of a group go together: whether one is enough, and whether it is turned around."""


class UnreadableError(ValueError):
    """No page of ours sends such a form."""


@dataclass
class _Reader:
    """Reads the parts of one form, and counts them."""

    told: Mapping[str, str]
    lists: Mapping[str, list[str]]
    parts: int = 0

    def get(self, path: str, name: str) -> str:
        return self.told.get(f"{path}-{name}", "")

    def part(self, path: str, depth: int) -> Part:
        self.parts += 1
        if self.parts > MOST_PARTS or depth > 2 * DEEPEST:
            raise UnreadableError
        return self.group(path, depth) if self.get(path, "kind") == "group" else self.condition(path, depth)

    def group(self, path: str, depth: int) -> Group:
        any_of, turned = HOW.get(self.get(path, "how"), (False, 0))
        made = Group(any_of, nots=self._nots(path, bool(turned)), bare=self.get(path, "bare") == "1")
        while self.get(f"{path}-{len(made.parts)}", "kind"):
            made.parts.append(self.part(f"{path}-{len(made.parts)}", depth + 1))
        return made

    def condition(self, path: str, depth: int) -> Condition:
        get = self.get
        made = Condition(get(path, "what"), get(path, "operator"), was=get(path, "was"))
        made.nots = self._nots(path, get(path, "not") == "1")
        made.aggregate, made.of = get(path, "aggregate") or "count", get(path, "of")
        made.window = get(path, "window") or "ever"
        made.span = [self.told[f"{path}-s{n}"] for n in (0, 1) if f"{path}-s{n}" in self.told]
        made.values = self._values(path)
        if get(f"{path}-w", "kind"):
            where = self.part(f"{path}-w", depth + 1)
            made.where = where if isinstance(where, Group) else Group(parts=[where], bare=True)
        return made

    def _values(self, path: str) -> list[str]:
        if f"{path}-lines" in self.told:
            return lines(self.told[f"{path}-lines"])
        if f"{path}-many" in self.told:
            # The first one is always there, so that nothing chosen is known from no list at all.
            return [value for value in self.lists[f"{path}-many"] if value]
        return [self.told[f"{path}-v{n}"] for n in (0, 1) if f"{path}-v{n}" in self.told]

    def _nots(self, path: str, turned: bool) -> int:
        told = self.get(path, "nots")
        before = int(told) if len(told) == 1 and told in "0123456789" else 0
        return min(before, MOST_NOTS) if before % 2 == turned else int(turned)


def read(told: Mapping[str, str], lists: Mapping[str, list[str]]) -> Group:
    """Return the draft that a form holds; raises :class:`UnreadableError` for one that is beyond all bounds."""
    made = _Reader(told, lists).part(ROOT, 1)
    return made if isinstance(made, Group) else Group()


def act(draft: Group, told: str) -> str:
    """Do what a button says, ``add:r-1`` or ``remove:r-0``; return the path of where to go on, empty for no such button."""
    name, _, path = told.partition(":")
    if name == "add":
        return add(draft, path, Condition())
    if name == "group":
        return add(draft, path, Group(any=True, parts=[Condition()]))
    if name == "where":
        return limit(draft, path)
    return remove(draft, path) if name == "remove" and path != ROOT else ""
