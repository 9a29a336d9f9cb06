"""Segments that the shop says itself: made, tried, worked out by a refresh, changed, and taken away, on both stores."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

from tests.web.api.told import line, order, problem
from tests.web.conftest import Program, key_of

from regulars.kit.errors import RegularsError

NOW = datetime(2024, 6, 1, tzinfo=UTC)
OFTEN = {"field": "orders", "operator": ">=", "value": 2}


def bought(product: str, operator: str, value: int) -> dict[str, Any]:
    where = {"property": "product", "operator": "is", "value": product}
    return {"event": {"type": "purchase", "operator": operator, "value": value, "where": where}}


def shop(program: Program) -> None:
    """Ada bought tea twice, Ben a cup once."""
    for number, (who, product) in enumerate((("ada", "tea"), ("ada", "tea"), ("ben", "cup")), 1):
        told = order(line(product), customer={"id": who}, ordered_at=f"2024-05-1{number}T18:05:00+02:00")
        assert program("PUT", f"orders/{number}", told).status_code == 201


def test_from_a_rule_to_members(settings: Any, program: Program) -> None:
    from regulars.runtime.refresh import refresh

    shop(program)
    body = {"name": "tea", "title": "Tea twice", "rule": bought("tea", ">=", 2)}
    made = program("POST", "segments", body, Idempotency_Key="once")
    assert made.status_code == 201, made.json()
    assert program("POST", "segments", body, Idempotency_Key="once").json() == made.json()
    assert made.json()["said"] == "Product bought (number; where Product is “tea”) is at least 2"
    assert (made.json()["customers"], made.json()["current"]) == (None, False)
    problem(program("POST", "segments", body), 409, "segments.taken")
    rest = {
        "all": [
            {"not": {"segment": "tea"}},
            bought("tea", "=", 0),
            {"field": "net", "operator": ">=", "value": "10"},
        ]
    }
    assert program("POST", "segments", {"name": "rest", "title": "The rest", "rule": rest}).status_code == 201

    refresh(settings)
    listed = {
        row["name"]: row for row in program.get("segments").json()["segments"] if row["family"] == "own"
    }
    assert {name: row["customers"] for name, row in listed.items()} == {"tea": 1, "rest": 1}
    assert listed["tea"]["net"] == 20
    assert [each["customer"] for each in program.get("segments/tea/members").json()["members"]] == ["ada"]
    assert [each["customer"] for each in program.get("segments/rest/members").json()["members"]] == ["ben"]
    assert "tea" in program.get("customers/ada").json()["segments"]
    assert program.get("segments/tea").json()["current"] is True
    both = program.get("segments/tea/overlap/rest").json()
    assert (both["one"], both["other"], both["both"]) == (1, 1, 0)
    assert program.get("segments/tea/overlap/repeat").json()["both"] == 1

    tried = program("POST", "segments/preview", {"rule": {"not": OFTEN}, "language": "pl"}).json()
    assert (tried["members"], tried["customers"], [each["customer"] for each in tried["sample"]]) == (
        1,
        2,
        ["ben"],
    )
    assert program("POST", "segments/preview", {"rule": {"segment": "tea"}}).json()["members"] == 1

    changed = program("PUT", "segments/tea", {"title": "Tea", "rule": bought("tea", ">=", 3)}).json()
    assert (changed["version"], changed["current"], changed["customers"]) == (2, False, 1)
    assert (
        program("PUT", "segments/tea", {"title": "Tea!", "rule": bought("tea", ">=", 3)}).json()["version"]
        == 2
    )
    problem(program("DELETE", "segments/tea"), 409, "segments.needed")
    assert program("DELETE", "segments/rest").status_code == 200
    assert program("DELETE", "segments/tea").status_code == 200
    assert [row for row in program.get("segments").json()["segments"] if row["family"] == "own"] == []
    assert program.get("customers/ada").json()["segments"].count("tea") == 0
    problem(program.get("segments/tea"), 404, "segments.missing")


def test_one_person_from_the_store_and_the_lake(settings: Any, program: Program) -> None:
    from contextlib import closing

    from regulars.lake import open_workspace
    from regulars.runtime import publication, segmenting
    from regulars.runtime.projection import lake_of
    from regulars.runtime.refresh import orders_of, refresh
    from regulars.segments import actions
    from regulars.segments.rules import Clock, belongs
    from regulars.store.models import Customer

    shop(program)
    ben = Customer.objects.filter(identifiers__value="ben")
    assert ben.update(country="PL", birthday=date(1990, 2, 3)) == 1
    Customer.objects.update(created_at=datetime(2024, 6, 1, 22, 30, tzinfo=UTC))  # the next day in Warsaw
    assert program("PUT", "customers/ben/consents/email", {"granted": True}).status_code == 201
    summed = {"event": {"type": "order", "aggregate": "sum", "of": "net", "operator": "=", "value": "10"}}
    told = {
        "tea": bought("tea", ">=", 2),
        "mail": {"field": "may_email", "operator": "is", "value": True},
        "polish": {"field": "country", "operator": "is", "value": "PL"},
        "born": {"field": "birthday", "operator": "on", "value": "1990-02-03"},
        "ten": summed,
        "aov": {"field": "aov", "operator": "=", "value": "10.00"},
        "newly": {"field": "known_since", "operator": "on", "value": "2024-06-02"},
        "first": {"field": "first_on", "operator": "before", "value": "2024-05-12"},
        "again": {"segment": "repeat"},
    }
    for name, rule in told.items():
        actions.create(name, name, rule, NOW)
    refresh(settings)
    run, lake, clock = publication.published(), lake_of(settings), Clock(datetime.now(UTC), "Europe/Warsaw")
    found: dict[str, set[str]] = {}
    for customer in Customer.objects.order_by("id"):
        with lake.reading(), closing(open_workspace()) as workspace:
            orders = orders_of(settings, lake, workspace)
            known = segmenting.person(orders, lake, run.id, list(told), customer.id)
            rules = segmenting.everybody(orders, lake, run.id, clock).rules
        name = customer.identifiers.get(kind="store_id").value
        found[name] = belongs(known, rules, list(told), clock)
        assert found[name] == set(program.get(f"customers/{name}").json()["segments"]) & set(told)
    assert found["ada"] == {"tea", "aov", "newly", "first", "again"}
    assert found["ben"] == {"mail", "polish", "born", "ten", "aov", "newly"}


def test_what_is_refused(settings: Any, program: Program) -> None:
    told = {"name": "a", "title": "A", "rule": {"all": [OFTEN, {"field": "x", "operator": "=", "value": 1}]}}
    found = problem(program("POST", "segments", told), 422, "segments.rule")
    assert "all[1].field" in found["detail"]
    problem(program("POST", "segments", told | {"rule": {"segment": "a"}}), 409, "segments.cycle")
    problem(program("POST", "segments", told | {"name": "vip", "rule": OFTEN}), 409, "segments.taken")
    problem(program("PUT", "segments/none", {"title": "A", "rule": OFTEN}), 404, "segments.missing")
    problem(program("DELETE", "segments/none"), 404, "segments.missing")
    reader = Program(key_of(settings, "segments:read"))
    problem(reader("POST", "segments", told | {"rule": OFTEN}), 403, "api.scope")
    assert reader.get("segments/catalogue").json()["fields"][0]["name"] == "country"


def test_two_changes_at_once_make_no_circle(settings: Any) -> None:
    from regulars.segments import actions, queries
    from regulars.segments.rules import ordered

    for name in ("a", "b"):
        actions.create(name, name, OFTEN, NOW)
    told = together(
        lambda: actions.change("a", "a", {"segment": "b"}, NOW),
        lambda: actions.change("b", "b", {"segment": "a"}, NOW),
    )
    assert sorted(told) == ["", "segments.cycle"]
    rules, broken = queries.rules(queries.segments())
    assert not broken
    assert len(ordered(rules, list(rules))) == 2


def together(*calls: Callable[[], Any]) -> list[str]:
    """Make calls at the same time, each with a connection of its own; return the codes of their errors."""
    from django.db import connections

    def made(call: Callable[[], Any]) -> str:
        try:
            call()
        except RegularsError as error:
            return error.code
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(made, calls))


def test_a_rule_that_cannot_be_read_stops_no_refresh(settings: Any, program: Program) -> None:
    from regulars.runtime.refresh import refresh
    from regulars.segments import actions
    from regulars.store.models import Segment

    shop(program)
    actions.create("old", "Old", OFTEN, NOW)
    Segment.objects.update(rule={"field": "gone", "operator": "=", "value": 1})
    refresh(settings)
    row = next(each for each in program.get("segments").json()["segments"] if each["name"] == "old")
    assert (row["customers"], row["unknown"]["code"]) == (None, "segments.rule")
    assert program.get("segments/old").json()["said"] == ""


def test_who_objects_is_in_none(settings: Any, program: Program) -> None:
    from regulars.runtime.refresh import refresh

    shop(program)
    assert (
        program(
            "POST", "segments", {"name": "all", "title": "All", "rule": {"not": {"segment": "vip"}}}
        ).status_code
        == 201
    )
    assert program("PUT", "customers/ada/consents/profiling", {"granted": False}).status_code == 201
    refresh(settings)
    assert [each["customer"] for each in program.get("segments/all/members").json()["members"]] == ["ben"]


def test_deleted_while_a_refresh_works(settings: Any, program: Program, monkeypatch: Any) -> None:
    from regulars.runtime import segmenting
    from regulars.runtime.refresh import refresh
    from regulars.segments import actions
    from regulars.store.models import Membership

    shop(program)
    actions.create("gone", "Gone", OFTEN, NOW)
    found = segmenting.everybody

    def meanwhile(*given: Any) -> Any:
        told = found(*given)
        actions.delete("gone")
        return told

    monkeypatch.setattr(segmenting, "everybody", meanwhile)
    refresh(settings)
    assert not Membership.objects.filter(segment="gone").exists()
    assert "gone" not in {row["name"] for row in program.get("segments").json()["segments"]}
