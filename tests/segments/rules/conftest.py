"""People and what they did, as frames for everybody and as plain rows for one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ibis
import pyarrow as pa
import pytest

from regulars.segments.memberships import Frames, memberships
from regulars.segments.rules import Clock, Person, Rule, belongs
from regulars.segments.rules.fields import FIELDS, KINDS
from regulars.segments.rules.operators import BOOLEAN, DATE, NUMBER

EXACT = pa.decimal128(18, 4)


def type_of(field: Any) -> pa.DataType:
    if field.kind == DATE:
        return pa.date32()
    if field.kind == BOOLEAN:
        return pa.bool_()
    if field.kind == NUMBER and field.form != "exact":
        return pa.int64() if field.form == "whole" else pa.float64()
    return EXACT if field.kind in (NUMBER, "money") else pa.string()


CUSTOMERS = pa.schema(
    [
        ("customer_key", pa.int64()),
        *((each.name, type_of(each)) for each in FIELDS),
        ("segments", pa.list_(pa.string())),
    ]
)
MOMENT = pa.timestamp("us", "UTC")
SOURCES = {
    source: pa.schema(
        [("customer_key", pa.int64())]
        + ([("on", pa.date32())] if source != "events" else [])
        + ([("at", MOMENT)] if source != "lines" else [])
        + ([("type", pa.string())] if source == "events" else [])
        + list(
            {p.name: (p.name, type_of(p)) for k in KINDS if k.source == source for p in k.properties}.values()
        )
    )
    for source in ("orders", "lines", "events")
}


class World:
    """An engine, filled anew for each shop."""

    def __init__(self) -> None:
        self.engine = ibis.duckdb.connect()
        self.engine.con.execute("SET TimeZone = 'UTC'")

    def everybody(
        self, people: Sequence[Person], rules: Mapping[str, Rule], wanted: Sequence[str], clock: Clock
    ) -> list[set[str]]:
        """The segments of each person as the engine finds them."""
        rows = [
            {**person.facts, "customer_key": key, "segments": list(person.segments) or None}
            for key, person in enumerate(people)
        ]
        customers = self.table("customers", CUSTOMERS, rows)
        sources = {
            source: self.table(
                source,
                schema,
                [
                    {**row, "customer_key": key}
                    for key, one in enumerate(people)
                    for row in one.rows.get(source, ())
                ]
                + [{"customer_key": None, "type": "view"} if source == "events" else {"customer_key": None}],
            )
            for source, schema in SOURCES.items()
        }
        found = memberships(Frames(customers, sources), rules, wanted, clock).to_pyarrow().to_pylist()
        by_key = {row["customer_key"]: {name for name in wanted if row[name]} for row in found}
        assert len(found) == len(people)
        assert all(row[name] is not None for row in found for name in wanted)
        return [by_key[key] for key in range(len(people))]

    def both(
        self, people: Sequence[Person], rules: Mapping[str, Rule], wanted: Sequence[str], clock: Clock
    ) -> list[set[str]]:
        """The same, after it was seen to be what each of them alone gets."""
        alone = [belongs(person, rules, wanted, clock) for person in people]
        assert self.everybody(people, rules, wanted, clock) == alone
        return alone

    def table(self, name: str, schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> Any:
        told = pa.Table.from_pylist(list(rows), schema=schema)
        return self.engine.create_table(name, told, overwrite=True)


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.engine.disconnect()
