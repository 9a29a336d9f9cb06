"""Segments inside segments: which a rule names, in which order they are worked out, and that none leads back to itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from regulars.segments.rules.refusals import cyclic, refused
from regulars.segments.rules.syntax import Both, Either, Member, Not, Rule, walk


def named(rule: Rule) -> tuple[str, ...]:
    """Return the segments that a rule names, each once, in their order."""
    return tuple(dict.fromkeys(part.segment for part in walk(rule) if isinstance(part, Member)))


def ordered(rules: Mapping[str, Rule], wanted: Collection[str]) -> tuple[str, ...]:
    """Return segments and all that they name among ``rules``, those that are named before those that name them.

    Raises ``segments.cycle`` with the path where some lead back to themselves.
    """
    done: dict[str, None] = {}
    for start in wanted:
        _visit(start, rules, [], done)
    return tuple(done)


def _visit(name: str, rules: Mapping[str, Rule], path: list[str], done: dict[str, None]) -> None:
    if name in path:
        raise cyclic([*path[path.index(name) :], name])
    if name in done or name not in rules:
        return
    path.append(name)
    for other in named(rules[name]):
        _visit(other, rules, path, done)
    path.pop()
    done[name] = None


def check(name: str, rule: Rule, others: Mapping[str, Rule], shipped: Collection[str]) -> None:
    """Raise where a rule names a segment that there is not, or one that leads back to ``name``."""
    for place, segment in _places(rule, ""):
        if segment not in others and segment not in shipped and segment != name:
            raise refused(place, segment, ", ".join(sorted({*others, *shipped})))
    ordered({**others, name: rule}, [name])


def _places(rule: Rule, place: str) -> list[tuple[str, str]]:
    under = f"{place}." if place else ""
    if isinstance(rule, Member):
        return [(f"{under}segment", rule.segment)]
    if isinstance(rule, Not):
        return _places(rule.part, f"{under}not")
    if isinstance(rule, Both | Either):
        key = "all" if isinstance(rule, Both) else "any"
        return [
            found
            for number, part in enumerate(rule.parts)
            for found in _places(part, f"{under}{key}[{number}]")
        ]
    return []
