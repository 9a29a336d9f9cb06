"""The language itself: what it takes, what it refuses and where, how it is written, and how it is said."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import translator
from regulars.segments.rules import CATALOGUE, canonical, check, ordered, read, said, text
from regulars.segments.rules.reading import DEEPEST, MOST_PARTS

MANY = {"field": "orders", "operator": ">=", "value": 2}


def event(**more: Any) -> dict[str, Any]:
    return {"event": {"type": "order", "operator": ">=", "value": 1, **more}}


def deep(levels: int) -> Any:
    return MANY if levels == 1 else {"not": deep(levels - 1)}


@pytest.mark.parametrize(
    ("told", "place", "allowed"),
    [
        ([], "$", "all, any, not"),
        ({}, "$", "one of all"),
        ({"all": [], "any": [MANY]}, "$", "one of all"),
        ({"all": []}, "all", "one rule or more"),
        ({"all": [MANY, {"field": "shoes", "operator": "=", "value": 1}]}, "all[1].field", "country"),
        ({"all": [MANY], "why": 1}, "why", "only all"),
        ({"field": "orders", "operator": "~", "value": 1}, "operator", "=, !=, <"),
        ({"field": "orders", "operator": ">=", "value": True}, "value", "whole number"),
        ({"field": "orders", "operator": ">=", "value": 1.5}, "value", "whole number"),
        ({"field": "orders", "operator": ">="}, "value", "whole number"),
        ({"field": "orders", "operator": "known", "value": 1}, "value", "nothing after known"),
        ({"field": "orders", "operator": "between", "value": [3, 1]}, "value", "smaller first"),
        ({"field": "net", "operator": ">", "value": "1.00001"}, "value", "19.99"),
        ({"field": "net", "operator": ">", "value": float("nan")}, "value", "19.99"),
        ({"field": "p_alive", "operator": ">", "value": float("inf")}, "value", "a number"),
        (
            {"field": "tier", "operator": "one_of", "value": ["top", "best"]},
            "value[1]",
            "top, high, middle, low",
        ),
        ({"field": "country", "operator": "is", "value": "P\x00L"}, "value", "control characters"),
        ({"field": "country", "operator": "is", "value": "\ud800"}, "value", "control characters"),
        ({"field": "country", "operator": "contains", "value": ""}, "value", "1 to 200"),
        ({"field": "last_on", "operator": "on", "value": "2025-02-30"}, "value", "2025-12-31"),
        ({"field": "last_on", "operator": "last_days", "value": 0}, "value", "from 1 to 3650"),
        ({"field": "email_known", "operator": "is", "value": 1}, "value", "true or false"),
        ({"segment": "Nobody!"}, "segment", "a to z"),
        (event(type="shopping"), "event.type", "order, purchase"),
        (event(aggregate="mean"), "event.aggregate", "count, sum"),
        (event(of="net"), "event.of", "nothing with count"),
        (event(aggregate="sum"), "event.of", "net, gross"),
        (event(aggregate="sum", of="channel"), "event.of", "net, gross"),
        (event(operator="known"), "event.operator", "between"),
        (event(window={"last_days": 0}), "event.window.last_days", "from 1"),
        (event(type="purchase", window={"last_hours": 2}), "event.window.last_hours", "only last_days"),
        (event(window={"days_ago": [9, 3]}), "event.window.days_ago", "nearer"),
        (event(window={"from": "2025-02-01", "until": "2025-01-01"}), "event.window", "not after"),
        (event(where={"field": "net", "operator": ">", "value": 1}), "event.where", "property"),
        (
            event(where={"any": [{"property": "x", "operator": "is", "value": 1}]}),
            "event.where.any[0].property",
            "net",
        ),
        (event(where={"segment": "vip"}), "event.where", "property"),
        (event(since="2025"), "event.since", "only type"),
        (deep(DEEPEST + 1), "not." * (DEEPEST - 1) + "not", f"{DEEPEST} levels"),
        ({"all": [MANY] * MOST_PARTS}, f"all[{MOST_PARTS - 1}]", f"{MOST_PARTS} parts"),
    ],
)
def test_what_is_refused_and_where(told: Any, place: str, allowed: str) -> None:
    with pytest.raises(RegularsError) as caught:
        read(told)
    assert caught.value.code == "segments.rule"
    assert caught.value.values["place"] == place
    assert allowed in caught.value.hint


def test_what_goes_without_saying_is_left_out() -> None:
    loose = {
        "all": [
            {"field": "net", "operator": ">=", "value": 10.50},
            {"field": "p_alive", "operator": "<", "value": -0.0},
            {"field": "country", "operator": "one_of", "value": ["PL", "DE", "PL"]},
            event(aggregate="count", window="ever"),
            {"field": "net", "operator": "<", "value": "1000000"},
        ]
    }
    assert canonical(read(loose)) == {
        "all": [
            {"field": "net", "operator": ">=", "value": "10.5"},
            {"field": "p_alive", "operator": "<", "value": 0.0},
            {"field": "country", "operator": "one_of", "value": ["DE", "PL"]},
            {"event": {"type": "order", "aggregate": "count", "operator": ">=", "value": 1}},
            {"field": "net", "operator": "<", "value": "1000000"},
        ]
    }
    assert text(read(loose)) == text(read(canonical(read(loose))))
    assert read(deep(DEEPEST)) == read(canonical(read(deep(DEEPEST))))


def test_a_rule_in_words() -> None:
    told = read(
        {
            "all": [
                {"field": "net", "operator": ">=", "value": "100.5"},
                {"any": [{"segment": "vip"}, {"not": {"field": "tier", "operator": "is", "value": "low"}}]},
                event(
                    type="purchase",
                    aggregate="sum",
                    of="quantity",
                    operator="between",
                    value=[1, 3],
                    window={"last_days": 30},
                    where={"property": "category", "operator": "is", "value": "Tea"},
                ),
            ]
        }
    )
    assert said(told) == (
        "Net spend to date is at least 100.5 and (in the segment “VIP” or it is not so that Value tier is Low) "
        "and Product bought (sum: Quantity; last 30 days; where Category is “Tea”) is from 1 to 3"
    )
    assert "100,5" in said(told, "pl")
    assert said(read({"segment": "mine"}), titles={"mine": "My own"}) == "in the segment “My own”"


def test_segments_that_lead_back_to_themselves() -> None:
    rules = {name: read({"segment": other}) for name, other in (("a", "b"), ("b", "c"), ("c", "b"))}
    with pytest.raises(RegularsError) as caught:
        ordered(rules, ["a"])
    assert (caught.value.code, caught.value.values["path"]) == ("segments.cycle", "b → c → b")
    with pytest.raises(RegularsError) as caught:
        check("c", read({"not": {"segment": "b"}}), {"b": read({"all": [{"segment": "c"}]})}, ())
    assert caught.value.values["path"] == "c → b → c"
    with pytest.raises(RegularsError) as caught:
        check("c", read({"any": [{"segment": "vip"}, {"not": {"segment": "gone"}}]}), {}, ["vip"])
    assert (caught.value.code, caught.value.values["place"]) == ("segments.rule", "any[1].not.segment")
    assert ordered({"a": read({"segment": "b"}), "b": read(MANY)}, ["a"]) == ("b", "a")


def test_the_catalogue_in_two_languages() -> None:
    english, polish = (CATALOGUE.to_json(translator(language)) for language in ("en", "pl"))
    assert {each["name"] for each in english["fields"]} == set(CATALOGUE.fields)
    operators = {each["name"]: {one["name"] for one in each["operators"]} for each in english["types"]}
    assert all(set(each["operators"]) == operators[each["type"]] for each in english["fields"])
    assert [each["name"] for each in polish["fields"]] == [each["name"] for each in english["fields"]]
    assert next(each["title"] for each in polish["fields"] if each["name"] == "country") == "Kraj"
