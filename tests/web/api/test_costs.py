"""Costs of advertising told by a program: all of them or none, once, and listed again."""

from __future__ import annotations

from typing import Any

from tests.web.api.told import problem
from tests.web.conftest import Program, key_of

ROWS = [
    {"day": "2024-01-01", "channel": "google", "campaign": "spring", "spend": "12.50"},
    {"day": "2024-01-02", "channel": "google", "spend": "7"},
]


def test_costs_are_told_listed_and_corrected(home: Any) -> None:
    program = Program(key_of(home(currency="EUR", api_rate="10000", api_burst="10000")))
    told = {"currency": "EUR", "costs": ROWS}
    first = program("PUT", "costs", told, Idempotency_Key="one")
    assert first.json() == {"added": 2, "changed": 0, "unchanged": 0, "removed": 0}
    assert program("PUT", "costs", told, Idempotency_Key="one").json() == first.json()
    assert program("PUT", "costs", told).json()["unchanged"] == 2
    problem(
        program("PUT", "costs", told | {"currency": "USD"}, Idempotency_Key="one"),
        409,
        "api.key_reused",
    )

    listed = program.get("costs").json()
    assert listed["currency"] == "EUR"
    assert [row["spend"] for row in listed["costs"]] == ["12.50", "7.00"]
    assert [row["day"] for row in program.get("costs?since=2024-01-02").json()["costs"]] == ["2024-01-02"]
    page = program.get("costs?limit=1").json()
    rest = program.get(f"costs?limit=1&cursor={page['next']}").json()
    assert page["costs"] + rest["costs"] == listed["costs"]
    assert rest["next"] is None

    mended = {"currency": "EUR", "costs": [{"day": "2024-01-01", "channel": "google", "spend": "13"}]}
    assert program("PUT", "costs", mended).json() == {
        "added": 1,
        "changed": 0,
        "unchanged": 0,
        "removed": 1,
    }


def test_costs_that_cannot_be_change_nothing(home: Any) -> None:
    program = Program(key_of(home(currency="EUR", api_rate="10000", api_burst="10000")))
    for costs, status, code in (
        ([ROWS[0], {"day": "soon", "spend": "1"}], 422, "api.invalid"),
        ([ROWS[0], {"day": "2024-01-01", "spend": "-1"}], 422, "api.invalid"),
        ([ROWS[0], {"day": "2024-01-01", "spend": "1.001"}], 422, "api.amount"),
        ([ROWS[0], {"day": "2024-01-01", "spend": "1", "channel": " x"}], 422, "api.invalid"),
        ([ROWS[0], {"day": "2024-01-01", "spend": "1", "chanel": "x"}], 422, "api.invalid"),
        ([], 422, "api.invalid"),
    ):
        problem(program("PUT", "costs", {"currency": "EUR", "costs": costs}), status, code)
    problem(program("PUT", "costs", {"currency": "PLN", "costs": ROWS}), 422, "costs.currency")
    assert program.get("costs").json()["costs"] == []


def test_without_a_currency_costs_wait(program: Program) -> None:
    problem(program("PUT", "costs", {"currency": "EUR", "costs": ROWS}), 422, "costs.no_currency")
