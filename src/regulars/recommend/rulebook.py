"""What a shop wants of all its slots: rules that hold everywhere, and what single slots want beside or instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.recommend.ask import SLOTS
from regulars.recommend.rules import READERS, Rules

EVERYWHERE = "everywhere"
NEVER_KNOWN = "never_repeat_days"
"""Needs what somebody was shown before, which nobody tells a server yet."""
MOST_NAMES, MOST_ROWS, LAST_PLACE, LONGEST = 1000, 100, 100, 300
_JOINED = ("exclude", "pin", "boost", "bury")
"""Rules of which a slot has its own beside those that hold everywhere; of all others its own takes their place."""

Said = dict[str, Any]


@dataclass(frozen=True)
class Rulebook:
    """Rules by slot, with those under :data:`EVERYWHERE` for all of them; only what was said, as plain data."""

    said: Mapping[str, Said] = field(default_factory=dict)

    @classmethod
    def from_json(cls, given: object) -> Rulebook:
        """Read ``{"everywhere": {"exclude_bought": true}, "cart": {"price_to": 20}}``.

        Raises ``RegularsError`` for a slot or a rule that there is not, a value that makes no sense by itself or with what holds
        everywhere, and more than a form could show.
        """
        if not isinstance(given, Mapping):
            Rules.from_json(given)
        assert isinstance(given, Mapping)
        for slot in given:
            _known(slot)
        read = ((slot, _read(given[slot])) for slot in (EVERYWHERE, *SLOTS) if slot in given)
        book = cls({slot: said for slot, said in read if said})
        for slot in (EVERYWHERE, *SLOTS):
            book.of(slot)
        return book

    def to_json(self) -> dict[str, Said]:
        """Return what was said; :meth:`from_json` of it gives the same."""
        return {slot: dict(said) for slot, said in self.said.items()}

    def with_slot(self, slot: str, said: object) -> Rulebook:
        """Return the same with other rules for one slot, or for :data:`EVERYWHERE`; raises as :meth:`from_json`."""
        return Rulebook.from_json(self.to_json() | {slot: said})

    def own(self, slot: str) -> Said:
        """Return what was said of one slot alone."""
        return dict(self.said.get(slot, {}))

    def of(self, slot: str) -> Rules:
        """Return what holds for a slot; for one that there is not, what holds everywhere."""
        # Whoever asks may ask for anything: only what there is, is remembered.
        slot = slot if slot in SLOTS else EVERYWHERE
        known = self._rules.get(slot)
        if known is None:
            known = self._rules[slot] = Rules.from_json(
                joined(self.own(EVERYWHERE), {} if slot == EVERYWHERE else self.own(slot))
            )
        return known

    @cached_property
    def _rules(self) -> dict[str, Rules]:
        return {}


def joined(every: Said, own: Said) -> Said:
    """Return the rules of a slot: its own exclusions, pins and levers beside those of all, and its own word on the rest."""
    found = every | {name: value for name, value in own.items() if name not in _JOINED}
    for name in _JOINED:
        if name not in own:
            continue
        if name == "pin":
            # A product stands at one place only, and at each place one: the slot's own word counts.
            kept = {
                place: product
                for place, product in every.get("pin", {}).items()
                if product not in own["pin"].values()
            }
            found["pin"] = kept | own["pin"]
        elif name == "exclude":
            found["exclude"] = [*every.get("exclude", []), *own["exclude"]]
        else:
            meant = {_of(lever) for other in ("boost", "bury") for lever in own.get(other, [])}
            found[name] = [lever for lever in every.get(name, []) if _of(lever) not in meant] + own[name]
    for name, other in (("boost", "bury"), ("bury", "boost")):
        # What a slot holds back is not lifted there by what holds everywhere.
        meant = {_of(lever) for lever in own.get(other, [])}
        if name not in own and name in found:
            found[name] = [lever for lever in found[name] if _of(lever) not in meant]
    return found


def _of(lever: Said) -> tuple[str, str]:
    return next((kind, str(name)) for kind, name in lever.items() if kind != "factor")


def _read(given: object) -> Said:
    """Return rules as they are kept: each once, in the usual order, without those that say nothing."""
    rules = Rules.from_json(given).to_json()
    assert isinstance(given, Mapping)
    if given.get(NEVER_KNOWN):
        raise RegularsError(
            "recommend.rule_unheard",
            mark("The rule {rule} cannot be kept here: nobody tells the server yet what was shown to whom."),
            hint=mark("Leave it out."),
            rule=NEVER_KNOWN,
        )
    found = {name: rules[name] for name in READERS if name in given and name != NEVER_KNOWN}
    found = {name: value for name, value in found.items() if value is not None and value not in ([], {})}
    _check(found)
    return found


def _check(said: Said) -> None:
    for name, value in said.items():
        most = MOST_NAMES if name in ("exclude", "categories") else MOST_ROWS
        if isinstance(value, list | dict) and len(value) > most:
            _refuse(name, mark("The rule {rule} has {count} entries; {most} is the most."), len(value), most)
    texts = [(name, text) for name in ("exclude", "categories") for text in said.get(name, [])]
    texts += [("pin", text) for text in said.get("pin", {}).values()]
    texts += [(name, _of(lever)[1]) for name in ("boost", "bury") for lever in said.get(name, [])]
    for name, text in texts:
        if not text.strip() or len(text) > LONGEST or not text.isprintable():
            _refuse(name, mark("The rule {rule} names something with no name, or one of more than {most} visible characters."), 0, LONGEST)  # fmt: skip
    if any(int(place) > LAST_PLACE for place in said.get("pin", {})):
        _refuse("pin", mark("The rule {rule} goes to place {most} at most."), 0, LAST_PLACE)


def _refuse(rule: str, what: str, count: int, most: int) -> None:
    raise RegularsError("recommend.rules_size", what, rule=rule, count=count, most=most)


def _known(slot: object) -> None:
    if slot not in SLOTS and slot != EVERYWHERE:
        raise RegularsError(
            "recommend.rules_slot",
            mark("There is no slot {slot} to have rules."),
            hint=mark("There are: {slots}."),
            slot=repr(slot)[:80],
            slots=", ".join((EVERYWHERE, *SLOTS)),
        )
