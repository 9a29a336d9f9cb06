"""The form of a rule and the rule: whatever a rule says stands in the form, in either language, and comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segments.rules.test_same_answer import NOWS, rule
from tests.web.console.forms import Form

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import LANGUAGES, translator
from regulars.segments.rules import CATALOGUE, canonical, read
from regulars.web.console.builder import begin, inputs, mistakes, posted
from regulars.web.console.builder.draft import Condition, Group, add, remove, walk
from regulars.web.console.builder.offers import settle
from regulars.web.console.builder.shown import Shown
from regulars.web.console.builder.written import of_rule, to_rule

RULES = rule(NOWS[0].date(), ["vip", "own-one"])


def laid_out(draft: Group, language: str = "en", currency: str = "PLN") -> str:
    from regulars.web.console.pages import _environment

    shown = Shown(draft, translator(language), currency, {"own-one": "Own one"})
    page = _environment().from_string('{% import "builder.html.j2" as b %}{{ b.rule(shown, t) }}')
    return page.render(shown=shown, t=shown.t)


def sent(html: str) -> Group:
    form = Form(html)
    return posted.read(dict(form.fields), form.lists)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(told=RULES, language=st.sampled_from(LANGUAGES))
def test_a_rule_comes_back_from_the_form_as_it_was(told: Any, language: str) -> None:
    known = canonical(read(told))
    draft = of_rule(known, language)
    assert to_rule(draft, language).rule == known
    again = sent(laid_out(draft, language))
    assert not settle(again)
    assert to_rule(again, language).rule == known


def test_nothing_is_lost_that_rules_can_say() -> None:
    net = {"field": "net", "operator": ">=", "value": "10"}
    for told in (
        {"not": {"not": net}},
        {"not": {"all": [{"not": {"any": [net]}}]}},
        {"any": [net]},
        {"not": {"segment": "vip"}},
        {"field": "country", "operator": "one_of", "value": []},
        {"field": "country", "operator": "is", "value": " A, b "},
        {"field": "p_alive", "operator": "<", "value": 0.07},
        {"field": "p_alive", "operator": "<", "value": 0.30000000000000004},
        {"event": {"type": "view", "operator": ">=", "value": 1, "where": {"not": {"property": "product", "operator": "known"}}}},
        {"event": {"type": "order", "aggregate": "distinct", "of": "channel", "operator": "between", "value": [1, 3], "window": {"until": "2025-01-31"}}},
    ):  # fmt: skip
        known = canonical(read(told))
        again = sent(laid_out(of_rule(known, "pl"), "pl"))
        settle(again)
        assert to_rule(again, "pl").rule == known


def test_every_field_event_and_operator_is_offered() -> None:
    shown = Shown(Group(), translator("en"), "PLN", {})
    offered = {value for _, some in shown.whats(None) for value, _ in some}
    assert {f"field.{name}" for name in CATALOGUE.fields} | {
        f"event.{name}" for name in CATALOGUE.kinds
    } < offered
    for name, of in CATALOGUE.fields.items():
        part = Condition(f"field.{name}")
        settle(Group(parts=[part]))
        found = shown.offer(part, None)
        assert found is not None
        for operator, said in shown.operators(found):
            assert "{" not in said, (of.name, operator)
            part = Condition(f"field.{name}", operator)
            settle(Group(parts=[part]))
            assert part.operator == operator


@pytest.mark.parametrize(
    ("language", "typed", "number"),
    [("en", "1,234.50", "1234.50"), ("pl", "1 234,5", "1234.5"), ("pl", "1.234,50", "1234.50"), ("pl", "19.99", "19.99"), ("en", "0,5", "0.5"), ("en", "-3", "-3"),
     ("en", "abc", None), ("en", "", None), ("en", "1e9", None), ("en", "٣", None), ("en", "9" * 5000, None), ("pl", "NaN", None)],
)  # fmt: skip
def test_numbers_as_people_type_them(language: str, typed: str, number: str | None) -> None:
    found = inputs.number(typed, language)
    assert (None if found is None else str(found)) == number


def test_what_is_wrong_is_said_at_its_input() -> None:
    def wrong(draft: Group, language: str = "en") -> Any:
        settle(draft)
        written = to_rule(draft, language)
        with pytest.raises(RegularsError) as error:
            read(written.rule)
        return mistakes.found(error.value, draft, written, language)

    good = Condition("field.orders", ">=", ["2"])
    assert wrong(Group(parts=[good, Condition()])).input == "r-1-what"
    assert wrong(Group(parts=[good, Condition("field.net", ">=", [""])])).missing
    found = wrong(Group(parts=[good, Condition("field.net", "between", ["5", "abc"])]))
    assert (found.input, found.missing) == ("r-1-v1", False)
    assert found.text.startswith('"abc" cannot stand here.')
    polish = wrong(Group(parts=[Condition("field.orders", "=", ["dużo"])]), "pl")
    assert polish.text == 'Tu nie może być "dużo". Dozwolone: liczba całkowita.'
    assert wrong(Group(parts=[good, Group(parts=[good, Group()])])).path == "r-1-1"
    where = Group(parts=[Condition("field.value", ">=", ["x"])], bare=True)
    view = Condition("event.view", ">=", ["1"], where=where)
    assert wrong(Group(any=True, nots=1, parts=[view])).input == "r-0-w-0-v0"
    late = Condition("event.order", ">=", ["1"], window="days_ago", span=["30", "x"])
    assert wrong(Group(parts=[late])).input == "r-0-s1"
    assert wrong(Group(parts=[Condition("segment", values=[""])])).input == "r-0-v0"
    deep = Group(parts=[good])
    for _ in range(9):
        deep = Group(parts=[deep])
    assert wrong(deep).path


def test_the_rules_to_begin_with_are_rules() -> None:
    for start in begin.STARTS:
        draft = of_rule(start.rule, "en")
        for _, part in walk(draft):
            if isinstance(part, Condition):
                part.values = [value or "tea" for value in part.values]
        read(to_rule(draft, "en").rule)


def test_a_form_that_no_page_sends_is_refused_or_harmless() -> None:
    deep = {"-".join(["r", *["0"] * depth]) + "-kind": "group" for depth in range(400)}
    with pytest.raises(posted.UnreadableError):
        posted.read(deep, {})
    wide = {"r-kind": "group"} | {f"r-{number}-kind": "condition" for number in range(400)}
    with pytest.raises(posted.UnreadableError):
        posted.read(wide, {})
    assert posted.read({}, {}) == Group()
    odd = {
        "r-kind": "group",
        "r-nots": "99999",
        "r-how": "x",
        "r-0-kind": "y",
        "r-0-nots": "٣",
        "r-0-what": "field.orders",
        "r-0-operator": "DROP",
        "r-0-v0": "\x00",
    }
    draft = posted.read(odd, {name: [value] for name, value in odd.items()})
    settle(draft)
    part = draft.parts[0]
    assert isinstance(part, Condition)
    assert (draft.nots, part.nots, part.operator) == (0, 0, ">=")
    with pytest.raises(RegularsError):
        read(to_rule(draft, "en").rule)
    for act in (
        "remove:r",
        "remove:",
        "remove:r-9",
        "add:r-0",
        "add:x",
        "where:r",
        "where:r-0",
        "group:",
        ":",
        "nothing:r",
    ):
        posted.act(draft, act)
    assert len(draft.parts) == 1


def test_parts_come_and_go() -> None:
    draft = Group(parts=[Condition("event.view")])
    assert add(draft, "r", Condition()) == "r-1"
    assert posted.act(draft, "group:r") == "r-2-0"
    assert posted.act(draft, "where:r-0") == "r-0-w-0"
    assert remove(draft, "r-0-w-0") == "r-0"
    assert remove(draft, "r-2-0") == "r-2"
    assert remove(draft, "r-2") == "r-1"
    assert [path for path, _ in walk(draft)] == ["r", "r-0", "r-1"]
