"""Random rules over random people: the engine's answer for everybody is Python's answer for each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segments.rules.conftest import World

from regulars.segments.rules import Clock, Person, canonical, read, said, text
from regulars.segments.rules.fields import CATALOGUE, FIELDS, KINDS, Field
from regulars.segments.rules.operators import AGGREGATED, OPERATORS

ZONES = ("UTC", "Europe/Warsaw", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kolkata")
NOWS = (
    datetime(2024, 3, 31, 0, 30, tzinfo=UTC),
    datetime(2024, 10, 27, 1, 0, tzinfo=UTC),
    datetime(2018, 11, 4, 3, 0, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
)
TEXTS = st.sampled_from(
    [
        "PL",
        "DE",
        "pl",
        "herbata",
        "Żółć",
        "ż",
        "Zo\u0301łć",
        "it's",
        "a%b_c",
        "\\",
        "é",
        "e\u0301",
        "🫖",
        "x\u00a0y",
        "'); DROP",
    ]
)
AMOUNTS = st.sampled_from(["0", "0.01", "-5", "19.99", "20", "33.3333", "100", "999999999.99"])
DAYS = st.integers(0, 40)
FEW_FIELDS = [each for each in FIELDS if each.name not in ("region", "city", "gender", "clv_low", "clv_high")]
FEW_KINDS = [each for each in KINDS if each.name in ("order", "purchase", "view", "cart")]


def single(field: Field, today: date) -> st.SearchStrategy[Any]:
    if field.choices:
        return st.sampled_from([name for name, _ in field.choices])
    if field.kind == "money" or (field.kind == "number" and field.form == "exact"):
        return AMOUNTS
    if field.kind == "number":
        return (
            st.integers(0, 4)
            if field.form == "whole"
            else st.sampled_from([0, 0.1, 0.3, 0.30000000000000004, 1])
        )
    if field.kind == "date":
        return DAYS.map(lambda n: (today + timedelta(days=5 - n)).isoformat())
    return st.booleans() if field.kind == "boolean" else TEXTS


@st.composite
def compared(draw: Any, field: Field, today: date, known: Any) -> dict[str, Any]:
    how = draw(st.sampled_from(known))
    if how.takes == "nothing":
        return {"operator": how.name}
    if how.takes == "days":
        return {"operator": how.name, "value": draw(st.integers(1, 40))}
    one = single(field, today)
    if how.takes == "many":
        return {"operator": how.name, "value": draw(st.lists(one, max_size=3))}
    if how.takes == "pair":
        order = (
            (lambda told: Decimal(told))
            if field.kind == "money" or (field.form == "exact" and field.kind == "number")
            else None
        )
        return {"operator": how.name, "value": sorted([draw(one), draw(one)], key=order)}
    return {"operator": how.name, "value": draw(one)}


@st.composite
def leaf(draw: Any, key: str, fields: list[Field], today: date) -> dict[str, Any]:
    field = draw(st.sampled_from(fields))
    return {key: field.name, **draw(compared(field, today, OPERATORS[field.kind]))}


def tree(leaves: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=most,
    )


@st.composite
def window(draw: Any, kind: Any, today: date) -> Any:
    pair = sorted([draw(DAYS), draw(DAYS)])
    day = [(today - timedelta(days=n)).isoformat() for n in reversed(pair)]
    told = [
        "ever",
        {"last_days": 1 + pair[0]},
        {"days_ago": pair},
        {"from": day[0], "until": day[1]},
        {"from": day[0]},
        {"until": day[1]},
    ]
    return draw(st.sampled_from([*told, {"last_hours": 24}] if kind.hours else told))


@st.composite
def event(draw: Any, today: date) -> dict[str, Any]:
    kind = draw(st.sampled_from(FEW_KINDS))
    numbers = [each for each in kind.properties if each.kind in ("number", "money")]
    aggregate = draw(st.sampled_from(["count", "count", "sum", "min", "max", "distinct"]))
    told: dict[str, Any] = {"type": kind.name, "aggregate": aggregate}
    figure = Field("count", "", "number", "", form="whole")
    if aggregate != "count":
        of = draw(st.sampled_from(list(kind.properties) if aggregate == "distinct" else numbers))
        told["of"] = of.name
        figure = figure if aggregate == "distinct" else of
    told |= draw(compared(figure, today, AGGREGATED))
    told["window"] = draw(window(kind, today))
    if draw(st.booleans()):
        told["where"] = draw(tree(leaf("property", list(kind.properties), today), 3))
    return {"event": told}


def rule(today: date, segments: list[str]) -> st.SearchStrategy[Any]:
    leaves = st.one_of(
        leaf("field", FEW_FIELDS, today),
        event(today),
        event(today),
        st.sampled_from(segments).map(lambda name: {"segment": name}),
    )
    return tree(leaves, 5)


def value(field: Field, today: date) -> st.SearchStrategy[Any]:
    one = single(field, today)
    if field.kind == "date":
        return one.map(date.fromisoformat)
    if field.kind == "money" or (field.kind == "number" and field.form == "exact"):
        return one.map(lambda told: Decimal(told).quantize(Decimal("0.0001")))
    return one.map(float) if field.form == "real" else one


def known(field: Field, today: date) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), value(field, today))


@st.composite
def moments(draw: Any, clock: Clock) -> datetime:
    """Moments at the edges of days and hours, a microsecond before them, and after now."""
    edge = draw(st.sampled_from(["day", "hours", "now"]))
    if edge == "day":
        at = clock.begins(clock.today - timedelta(days=draw(DAYS) - 2))
    else:
        at = clock.now.astimezone(UTC) - timedelta(hours=24 if edge == "hours" else 0)
    return at + timedelta(microseconds=draw(st.sampled_from([-1, 0, 1])))


@st.composite
def person(draw: Any, clock: Clock) -> Person:
    today = clock.today
    facts = {each.name: draw(known(each, today)) for each in FEW_FIELDS}
    rows: dict[str, list[dict[str, Any]]] = {}
    for source in ("orders", "lines", "events"):
        properties = {p.name: p for k in FEW_KINDS if k.source == source for p in k.properties}
        rows[source] = []
        for _ in range(draw(st.integers(0, 3))):
            row = {name: draw(known(field, today)) for name, field in properties.items()}
            if source != "events":
                row["on"] = today - timedelta(days=draw(DAYS) - 2)
            if source != "lines":
                row["at"] = draw(moments(clock))
            if source == "events":
                row["type"] = draw(st.sampled_from(["view", "cart", "search"]))
            rows[source].append(row)
    shipped = draw(st.lists(st.sampled_from(["vip", "repeat"]), unique=True))
    return Person(facts, frozenset(shipped), rows)


@st.composite
def shops(draw: Any) -> Any:
    clock = Clock(draw(st.sampled_from(NOWS)), draw(st.sampled_from(ZONES)))
    told = {
        "first": draw(rule(clock.today, ["vip", "repeat"])),
        "second": draw(rule(clock.today, ["vip", "first"])),
        "third": draw(rule(clock.today, ["first", "second", "at_risk"])),
    }
    people = draw(st.lists(person(clock), min_size=1, max_size=4))
    return clock, told, people


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(shop=shops())
def test_everybody_and_each(world: World, shop: Any) -> None:
    clock, told, people = shop
    rules = {name: read(each) for name, each in told.items()}
    for each in rules.values():
        assert read(canonical(each)) == each
        assert text(read(canonical(each))) == text(each)
        assert said(each, "en")
        assert said(each, "pl")
    world.both(people, rules, list(rules), clock)


def test_every_kind_of_field_is_tried() -> None:
    assert {each.kind for each in FEW_FIELDS} == set(OPERATORS)
    assert set(CATALOGUE.kinds) >= {each.name for each in FEW_KINDS}
