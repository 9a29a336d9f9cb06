"""A draft as the form shows it: what every list of choices has, in the person's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from regulars.kit.i18n import Translator, mark
from regulars.segments.rules.fields import AGGREGATES, CATALOGUE, GROUPS, Field, Kind
from regulars.segments.rules.operators import BOOLEAN, MONEY
from regulars.web.console.builder.draft import EVENT, FIELD, SEGMENT, Condition, Group
from regulars.web.console.builder.inputs import SHARE
from regulars.web.console.builder.mistakes import Mistake
from regulars.web.console.builder.offers import WINDOWS, Offer, offer, properties, summed

HOWS = {
    "all": mark("All of these hold"),
    "any": mark("At least one of these holds"),
    "not-all": mark("Not all of these hold"),
    "none": mark("None of these holds"),
}
DAYS_SAID = {
    "last_days": mark("lies in the last … days"),
    "before_last_days": mark("lies before the last … days"),
    "next_days": mark("lies in the next … days"),
}
DEEPEST = 6
"""Below this no further group is offered: with its conditions it would be deeper than a rule may be."""
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Shown:
    """Everything that a template asks while it lays a draft out."""

    draft: Group
    t: Translator
    currency: str
    segments: Mapping[str, str]
    """Title of each segment of the shop's own that may be named."""
    mistake: Mistake | None = None
    focus: str = ""
    """Path of the part on which the person goes on."""

    def whats(self, inside: Kind | None) -> list[tuple[str, Choices]]:
        """Return what a condition can ask for, in groups."""
        if inside is not None:
            some = [(FIELD + name, self.t(each.title)) for name, each in properties(inside).items()]
            return [(self.t(inside.title), some)]
        found = [
            (
                self.t(title),
                [(FIELD + f.name, self.t(f.title)) for f in CATALOGUE.fields.values() if f.lies_in == name],
            )
            for name, title in GROUPS.items()
        ]
        events = [(EVENT + kind.name, self.t(kind.title)) for kind in CATALOGUE.kinds.values()]
        return [
            *found,
            (self.t("What they did"), events),
            (self.t("Segments"), [(SEGMENT, self.t("Segment"))]),
        ]

    def named(self, part: Condition) -> list[tuple[str, Choices]]:
        """Return the segments that a condition can name; one that there is no more stays until another is chosen."""
        own = list(self.segments.items())
        shipped = [(name, self.t(title)) for name, title in CATALOGUE.shipped.items()]
        known = {name for name, _ in (*own, *shipped)}
        gone = [(name, name) for name in part.values if name and name not in known]
        groups = [(self.t("Own segments"), own + gone), (self.t("By behaviour"), shipped)]
        return [(title, some) for title, some in groups if some]

    def offer(self, part: Condition, inside: Kind | None) -> Offer | None:
        """Return the inputs of a condition."""
        return offer(part, inside)

    def kind(self, part: Condition) -> Kind | None:
        """Return the event that a condition counts."""
        return CATALOGUE.kinds.get(part.event)

    def operators(self, found: Offer) -> Choices:
        """Return how something can be compared."""
        return [(each.name, self._said(each.name, each.title)) for each in found.operators]

    def _said(self, name: str, title: str) -> str:
        if name in DAYS_SAID:
            return self.t(DAYS_SAID[name])
        said = self.t(title)
        told = said.format(value="…", first="…", last="…") if "{" in said else said
        return told.rstrip(" …:") if told.count("…") == 1 else told

    def aggregates(self, kind: Kind) -> Choices:
        """Return what can be worked out of events; a sum only where there is something to sum."""
        return [
            (name, self.t(title))
            for name, title in AGGREGATES.items()
            if name == "count" or summed(kind, name)
        ]

    def windows(self, found: Offer) -> Choices:
        """Return in which time events can count."""
        return [(name, self.t(WINDOWS[name][0])) for name in found.windows]

    def choices(self, of: Field) -> Choices:
        """Return the values of a field that has only some; yes and no are such."""
        if of.kind == BOOLEAN:
            return [("true", self.t("yes")), ("false", self.t("no"))]
        return [(name, self.t(title)) for name, title in of.choices]

    def fields(self, some: tuple[Field, ...]) -> Choices:
        """Return properties by name."""
        return [(each.name, self.t(each.title)) for each in some]

    def unit(self, of: Field) -> str:
        """Return what stands behind a number."""
        return "%" if of.unit == SHARE else self.currency if of.kind == MONEY else ""

    def hows(self) -> Choices:
        """Return how the parts of a group go together."""
        return [(name, self.t(title)) for name, title in HOWS.items()]

    def how(self, group: Group) -> str:
        """Return how the parts of a group go together."""
        return ("none" if group.any else "not-all") if group.nots % 2 else "any" if group.any else "all"

    def wrong(self, path: str) -> Mistake | None:
        """Return what is wrong with a part itself."""
        return self.mistake if self.mistake is not None and self.mistake.path == path else None


def text_of(rule: Any) -> str:
    """Return a rule as text to be read and changed."""
    return json.dumps(rule, ensure_ascii=False, indent=2)


def digest(text: str) -> str:
    """Return what tells whether a text was changed since it was shown; browsers end lines in their own way."""
    return f"{crc32(text.replace(chr(13), '').strip().encode()):08x}"
