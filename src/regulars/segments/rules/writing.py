"""A rule written as JSON again: the same rule always the same text, whatever it was read from."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from regulars.segments.rules.syntax import Both, Compare, Either, Event, Member, Not, Rule, Window


def canonical(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON data that :func:`~regulars.segments.rules.reading.read` reads as the same rule.

    Amounts are decimal text without needless digits; what is said by saying nothing (``ever``, ``count``) is left out. Lists
    of ``one_of`` and ``none_of`` are sorted.
    """
    return _rule(rule, "field")


def text(rule: Rule) -> str:
    """Return the canonical form as one line, the same for equal rules."""
    return json.dumps(canonical(rule), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _rule(rule: Rule, key: str) -> dict[str, Any]:
    if isinstance(rule, Both):
        return {"all": [_rule(part, key) for part in rule.parts]}
    if isinstance(rule, Either):
        return {"any": [_rule(part, key) for part in rule.parts]}
    if isinstance(rule, Not):
        return {"not": _rule(rule.part, key)}
    if isinstance(rule, Member):
        return {"segment": rule.segment}
    if isinstance(rule, Event):
        return {"event": _event(rule)}
    return {key: rule.field} | _compared(rule)


def _event(rule: Event) -> dict[str, Any]:
    told: dict[str, Any] = {"type": rule.kind, "aggregate": rule.aggregate}
    if rule.of is not None:
        told["of"] = rule.of
    told |= _compared(rule)
    if rule.window.kind != "ever":
        told["window"] = _window(rule.window)
    if rule.where is not None:
        told["where"] = _rule(rule.where, "property")
    return told


def _compared(rule: Compare | Event) -> dict[str, Any]:
    told: dict[str, Any] = {"operator": rule.operator}
    if isinstance(rule.value, tuple):
        values = [_plain(each) for each in rule.value]
        told["value"] = values if rule.operator == "between" else sorted(values)
    elif rule.value is not None:
        told["value"] = _plain(rule.value)
    return told


def _window(window: Window) -> dict[str, Any]:
    if window.kind == "dates":
        found = {"from": window.first, "until": window.last}
        return {name: str(day) for name, day in found.items() if day is not None}
    return {window.kind: [window.first, window.last] if window.kind == "days_ago" else window.first}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return written(value)
    return value.isoformat() if isinstance(value, date) else value


def written(amount: Decimal) -> str:
    """Return a decimal number without needless digits."""
    told = format(amount, "f")
    return told.rstrip("0").rstrip(".") if "." in told else told
