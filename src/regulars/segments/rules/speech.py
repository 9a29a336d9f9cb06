"""A rule said in words, in the reader's language, so that people see what they have built."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from regulars.kit.i18n import Translator, mark, translator
from regulars.segments.rules.fields import AGGREGATES, CATALOGUE, Catalogue, Field
from regulars.segments.rules.operators import AGGREGATED, DAYS, NUMBER, operator
from regulars.segments.rules.syntax import Both, Compare, Either, Event, Member, Not, Rule, Window
from regulars.segments.rules.writing import written

_COUNT = Field("count", "", NUMBER, "event")


def said(
    rule: Rule,
    language: str = "en",
    *,
    catalogue: Catalogue = CATALOGUE,
    titles: Mapping[str, str] | None = None,
) -> str:
    """Return a rule as a sentence part; ``titles`` are what segments of the shop's own are called."""
    return _Speaker(translator(language), catalogue, titles or {}).rule(rule, outer=True)


class _Speaker:
    """Says the parts of one rule."""

    def __init__(self, say: Translator, catalogue: Catalogue, titles: Mapping[str, str]) -> None:
        self.say, self.catalogue, self.titles = say, catalogue, titles
        self.fields: Mapping[str, Field] = catalogue.fields

    def rule(self, rule: Rule, *, outer: bool = False) -> str:
        if isinstance(rule, Both | Either):
            between = self.say(mark(" and ") if isinstance(rule, Both) else mark(" or "))
            told = between.join(self.rule(part, outer=len(rule.parts) == 1) for part in rule.parts)
            return told if outer or len(rule.parts) == 1 else f"({told})"
        if isinstance(rule, Not):
            return self.say(mark("it is not so that {rule}"), rule=self.rule(rule.part))
        if isinstance(rule, Member):
            return self.say(mark("in the segment “{title}”"), title=self._segment(rule.segment))
        if isinstance(rule, Event):
            return self._event(rule)
        field = self.fields[rule.field]
        return f"{self.say(field.title)} {self._compared(rule, field)}"

    def _segment(self, name: str) -> str:
        if name in self.titles:
            return self.titles[name]
        return self.say(self.catalogue.shipped[name]) if name in self.catalogue.shipped else name

    def _event(self, rule: Event) -> str:
        kind = self.catalogue.kinds[rule.kind]
        of = kind.property(rule.of) if rule.of else None
        figure = self.say(AGGREGATES[rule.aggregate])
        parts = [f"{figure}: {self.say(of.title)}" if of else figure, self._window(rule.window)]
        if rule.where is not None:
            parts.append(self._where(rule.where, {each.name: each for each in kind.properties}))
        counted = of if of and rule.aggregate in ("sum", "min", "max") else _COUNT
        told = "; ".join(filter(None, parts))
        return f"{self.say(kind.title)} ({told}) {self._compared(rule, counted)}"

    def _where(self, rule: Rule, fields: Mapping[str, Field]) -> str:
        self.fields = fields
        try:
            return self.say(mark("where {rule}"), rule=self.rule(rule, outer=True))
        finally:
            self.fields = self.catalogue.fields

    def _window(self, window: Window) -> str:
        say, first, last = self.say, window.first, window.last
        if window.kind == "last_days":
            return say.plural("last {n} day", "last {n} days", _whole(first))
        if window.kind == "last_hours":
            return say.plural("last {n} hour", "last {n} hours", _whole(first))
        if window.kind == "days_ago":
            return say(mark("{first} to {last} days ago"), first=first, last=last)
        if window.kind == "ever":
            return ""
        if first is None or last is None:
            return say(mark("until {day}") if first is None else mark("since {day}"), day=first or last)
        return say(mark("from {first} to {last}"), first=first, last=last)

    def _compared(self, rule: Compare | Event, field: Field) -> str:
        how = (
            next(each for each in AGGREGATED if each.name == rule.operator)
            if isinstance(rule, Event)
            else operator(field.kind, rule.operator)
        )
        if how.takes == DAYS:
            return self._days(how.name, _whole(rule.value))
        if isinstance(rule.value, tuple):
            values = [self._value(each, field) for each in rule.value]
            if how.takes == "pair":
                return self.say(how.title, first=values[0], last=values[1])
            return self.say(how.title, value=", ".join(values) or "–")
        return self.say(how.title, value=self._value(rule.value, field))

    def _days(self, name: str, number: int) -> str:
        if name == "last_days":
            return self.say.plural("lies in the last {n} day", "lies in the last {n} days", number)
        if name == "before_last_days":
            return self.say.plural("lies before the last {n} day", "lies before the last {n} days", number)
        return self.say.plural("lies in the next {n} day", "lies in the next {n} days", number)

    def _value(self, value: Any, field: Field) -> str:
        if isinstance(value, bool):
            return self.say(mark("yes") if value else mark("no"))
        if isinstance(value, str):
            titles = dict(field.choices)
            return self.say(titles[value]) if value in titles else f"“{value}”"
        if value is None or isinstance(value, date):
            return str(value or "")
        told = (
            written(value)
            if isinstance(value, Decimal)
            else f"{value:g}"
            if isinstance(value, float)
            else str(value)
        )
        return told.replace(".", ",") if self.say.language == "pl" else told


def _whole(value: Any) -> int:
    assert isinstance(value, int)
    return value
