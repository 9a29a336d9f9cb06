"""Rules of recommendations by the API: read, changed as a whole, once, and by nobody over somebody else's."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.api.told import problem
from tests.web.conftest import Program, key_of

RULES = {"everywhere": {"exclude": ["gift-card"]}, "cart": {"price_to": 20, "pin": {"1": "tea"}}}


def test_rules_are_kept_once_and_read_again(program: Program, settings: Any) -> None:
    from regulars.store.models import Audit

    first = program.get("recommendations/rules")
    assert first.json()["version"] == 0
    assert first.json()["holding"]["cart"]["in_stock"] is True
    told = {"version": 0, "rules": RULES}
    kept = program("PUT", "recommendations/rules", told, Idempotency_Key="one")
    assert (kept.status_code, kept.json()["version"]) == (200, 1)
    again = program("PUT", "recommendations/rules", told, Idempotency_Key="one")
    assert again.json() == kept.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    problem(
        program("PUT", "recommendations/rules", told | {"rules": {}}, Idempotency_Key="one"),
        409,
        "api.key_reused",
    )
    read = program.get("recommendations/rules")
    assert read.json()["rules"] == RULES
    assert read.json()["holding"]["cart"]["exclude"] == ["gift-card"]
    assert read.json()["holding"]["cart"]["pin"] == {"1": "tea"}
    assert read.headers["ETag"] != first.headers["ETag"]
    assert program.get("recommendations/rules", If_None_Match=read.headers["ETag"]).status_code == 304
    assert {each.object for each in Audit.objects.filter(what="rules.change")} == {"everywhere", "cart"}


def test_nobody_changes_what_they_have_not_seen(program: Program) -> None:
    assert program("PUT", "recommendations/rules", {"version": 0, "rules": RULES}).status_code == 200
    problem(
        program("PUT", "recommendations/rules", {"version": 0, "rules": {}}), 409, "recommend.rules_changed"
    )
    assert program.get("recommendations/rules").json()["rules"] == RULES
    same = program("PUT", "recommendations/rules", {"version": 1, "rules": RULES})
    assert same.json()["version"] == 1


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"kart": {}}, "recommend.rules_slot"),
        ({"cart": {"pinn": {}}}, "recommend.rule_unknown"),
        ({"cart": {"price_to": "20"}}, "recommend.rule_value"),
        ({"cart": {"price_to": 10**400}}, "recommend.rule_value"),
        ({"cart": {"never_repeat_days": 3}}, "recommend.rule_unheard"),
        ({"everywhere": {"price_from": 9}, "cart": {"price_to": 5}}, "recommend.rule_value"),
        ({"cart": {"exclude": ["a\u202eb"]}}, "recommend.rules_size"),
        ({"cart": {"exclude": [f"p{number}" for number in range(1001)]}}, "recommend.rules_size"),
        ({"cart": {"pin": {"101": "tea"}}}, "recommend.rules_size"),
        ({"cart": []}, "api.invalid"),
        ([], "api.invalid"),
    ],
)
def test_what_cannot_be_changes_nothing(program: Program, rules: Any, code: str) -> None:
    problem(program("PUT", "recommendations/rules", {"version": 0, "rules": rules}), 422, code)
    assert program.get("recommendations/rules").json()["version"] == 0


def test_scopes(settings: Any) -> None:
    reading = Program(key_of(settings, "recommendations:read"))
    assert reading.get("recommendations/rules").status_code == 200
    told = {"version": 0, "rules": RULES}
    assert reading("PUT", "recommendations/rules", told).status_code == 403
    assert Program(key_of(settings, "products:read")).get("recommendations/rules").status_code == 403
