"""Answers worked out by hand: unknown values, windows at their edges, days of the shop's own calendar, and quotes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.segments.rules.conftest import World

from regulars.segments.rules import Clock, Person, read

NOW = datetime(2024, 3, 31, 22, 30, tzinfo=UTC)  # 1 April, 00:30 in Warsaw; the clocks changed that night
CLOCK = Clock(NOW, "Europe/Warsaw")


def answer(world: World, told: Any, *people: Person) -> list[bool]:
    found = world.both(people, {"it": read(told)}, ["it"], CLOCK)
    return ["it" in each for each in found]


def fact(**facts: Any) -> Person:
    return Person(facts)


def views(*moments: datetime, **more: Any) -> Person:
    return Person({}, (), {"events": [{"type": "view", "at": at, **more} for at in moments]})


def test_unknown_values(world: World) -> None:
    people = (fact(net=Decimal("5.0000")), fact(net=None), fact(net=Decimal("10.0000")))
    below = {"field": "net", "operator": "<", "value": 10}
    assert answer(world, below, *people) == [True, False, False]
    assert answer(world, {"not": below}, *people) == [False, True, True]
    assert answer(world, {"field": "net", "operator": "!=", "value": 5}, *people) == [False, False, True]
    assert answer(world, {"field": "net", "operator": "unknown"}, *people) == [False, True, False]
    assert answer(world, {"field": "net", "operator": "known"}, *people) == [True, False, True]


def test_no_events_are_zero_and_have_no_least(world: World) -> None:
    people = (Person({}), views(NOW, value=None), views(NOW, value=Decimal("2.5000")))

    def asked(aggregate: str, operator: str, value: Any) -> Any:
        of = {} if aggregate == "count" else {"of": "value"}
        return {"event": {"type": "view", "aggregate": aggregate, "operator": operator, "value": value, **of}}

    assert answer(world, asked("count", "=", 0), *people) == [True, False, False]
    assert answer(world, asked("sum", "=", 0), *people) == [True, True, False]
    assert answer(world, asked("distinct", "=", 0), *people) == [True, True, False]
    assert answer(world, asked("max", "<=", 3), *people) == [False, False, True]
    assert answer(world, {"not": asked("min", ">", 3)}, *people) == [True, True, True]


@pytest.mark.parametrize(
    ("window", "first", "after"),
    [
        ({"last_days": 1}, datetime(2024, 3, 31, 22, tzinfo=UTC), None),
        # The day before had 23 hours.
        ({"last_days": 2}, datetime(2024, 3, 30, 23, tzinfo=UTC), None),
        ({"days_ago": [1, 1]}, datetime(2024, 3, 30, 23, tzinfo=UTC), datetime(2024, 3, 31, 22, tzinfo=UTC)),
        (
            {"from": "2024-03-30", "until": "2024-03-30"},
            datetime(2024, 3, 29, 23, tzinfo=UTC),
            datetime(2024, 3, 30, 23, tzinfo=UTC),
        ),
        ({"until": "2024-04-30"}, datetime(1990, 1, 1, tzinfo=UTC), None),
        ({"last_hours": 24}, NOW - timedelta(hours=24) + timedelta(microseconds=1), None),
    ],
)
def test_where_windows_end(world: World, window: Any, first: datetime, after: datetime | None) -> None:
    tick = timedelta(microseconds=1)
    last = NOW if after is None else after - tick
    told = {"event": {"type": "view", "operator": ">", "value": 0, "window": window}}
    people = [views(at) for at in (first, last, first - tick, last + tick)]
    outside = window.keys() == {"until"}  # that one has no beginning
    assert answer(world, told, *people) == [True, True, outside, False]


def test_days_of_orders_are_those_that_they_have(world: World) -> None:
    people = [
        Person({}, (), {"orders": [{"on": date(2024, 4, 1) - timedelta(days=ago), "at": NOW}]})
        for ago in (-1, 0, 29, 30)
    ]
    told = {"event": {"type": "order", "operator": "=", "value": 1, "window": {"last_days": 30}}}
    assert answer(world, told, *people) == [False, True, True, False]


def test_days_of_fields(world: World) -> None:
    people = [fact(last_on=date(2024, 4, 1) + timedelta(days=days)) for days in (-30, -29, 0, 1, 7, 8)]
    for operator, expected in (
        ("last_days", [False, True, True, False, False, False]),
        ("before_last_days", [True, False, False, False, False, False]),
    ):
        assert answer(world, {"field": "last_on", "operator": operator, "value": 30}, *people) == expected
    told = {"field": "last_on", "operator": "next_days", "value": 7}
    assert answer(world, told, *people) == [False, False, True, True, True, False]


def test_texts_are_compared_as_they_are(world: World) -> None:
    nasty = "O'Neil\\'); DROP TABLE customers; --%_ 🫖"
    people = [fact(city=nasty), fact(city="o'neil"), fact(city=None), fact(city="a%b")]
    assert answer(world, {"field": "city", "operator": "is", "value": nasty}, *people) == [
        True,
        False,
        False,
        False,
    ]
    assert answer(world, {"field": "city", "operator": "contains", "value": "%"}, *people) == [
        True,
        False,
        False,
        True,
    ]
    assert answer(world, {"field": "city", "operator": "starts_with", "value": "O'"}, *people) == [
        True,
        False,
        False,
        False,
    ]
    assert answer(world, {"field": "city", "operator": "none_of", "value": []}, *people) == [
        True,
        True,
        False,
        True,
    ]
    assert answer(world, {"field": "city", "operator": "one_of", "value": []}, *people) == [False] * 4


def test_segments_inside_segments(world: World) -> None:
    people = [Person({"orders": n}, shipped) for n, shipped in ((3, ("vip",)), (3, ()), (1, ("vip",)))]
    rules = {
        "often": read({"field": "orders", "operator": ">=", "value": 2}),
        "both": read({"all": [{"segment": "often"}, {"segment": "vip"}]}),
        "neither": read({"not": {"any": [{"segment": "often"}, {"segment": "both"}]}}),
    }
    found = world.both(people, rules, ["neither", "both"], CLOCK)
    assert found == [{"both"}, set(), {"neither"}]


def test_one_scan_of_each_source(world: World) -> None:
    import ibis
    from tests.segments.rules.conftest import CUSTOMERS, SOURCES

    from regulars.segments.memberships import Frames, memberships

    customers = world.table("customers", CUSTOMERS, [])
    events = world.table("events", SOURCES["events"], [])
    rules = {
        f"s{n}": read(
            {"event": {"type": kind, "operator": ">", "value": n, "window": {"last_days": 7 * n + 7}}}
        )
        for n, kind in enumerate(("view", "cart", "view", "search"))
    }
    sql = ibis.to_sql(memberships(Frames(customers, {"events": events}), rules, list(rules), CLOCK))
    assert str(sql).count('"events"') == 1
