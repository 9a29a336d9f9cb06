"""Previews of rules: what they keep between questions is never what has changed meanwhile, and is gone soon."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.web.api.told import line, order
from tests.web.conftest import Program

from regulars.runtime import previewing


def often(value: int) -> dict[str, Any]:
    return {"event": {"type": "order", "operator": ">=", "value": value}}


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A shelf of the test's own, and the folder of each time that everything was gathered for it."""
    made = previewing.Shelf()
    gathered: list[Path] = []
    gather = previewing._gathered

    def counted(*told: Any) -> Any:
        found = gather(*told)
        gathered.append(found.customers.parent)
        return found

    monkeypatch.setattr(previewing, "SHELF", made)
    monkeypatch.setattr(previewing, "_gathered", counted)
    yield made, gathered
    made.forget()


def sold(program: Program, number: int, customer: str) -> None:
    told = order(line(), customer={"id": customer}, ordered_at=f"2024-05-{10 + number}T18:05:00+02:00")
    assert program("PUT", f"orders/{number}", told).status_code == 201


def members(program: Program, rule: Any) -> int:
    answer = program("POST", "segments/preview", {"rule": rule})
    assert answer.status_code == 200, answer.json()
    return int(answer.json()["members"])


def test_a_new_run_an_objection_and_a_lake_that_was_put_together_are_seen_at_once(
    settings: Any, program: Program, shelf: Any
) -> None:
    from regulars.runtime.projection import project
    from regulars.runtime.refresh import refresh

    held, gathered = shelf
    for number, who in enumerate(("ada", "ada", "ben"), 1):
        sold(program, number, who)
    refresh(settings)
    assert [members(program, often(n)) for n in (1, 2, 3)] == [2, 1, 0]
    assert len(gathered) == 1, "three rules, read once"

    assert program("PUT", "customers/ben/consents/email", {"granted": True}).status_code == 201
    assert members(program, often(1)) == 2
    assert len(gathered) == 1, "another word than on profiling changes nothing for whom rules may look at"
    assert program("PUT", "customers/ben/consents/profiling", {"granted": False}).status_code == 201
    assert members(program, often(1)) == 1

    sold(program, 4, "cleo")
    refresh(settings)
    assert members(program, often(1)) == 2
    assert members(program, often(3)) == 0
    before, files = len(gathered), held._held.orders.files["orders"]
    told = order(line(), customer={"id": "ada"}, ordered_at="2024-05-11T18:05:00+02:00", status="cancelled")
    assert program("PUT", "orders/1", told).status_code == 200
    project(settings)
    assert not all(path.exists() for path in files), "the lake has written these orders anew"
    assert members(program, often(2)) == 0
    assert len(gathered) == before + 1


def test_what_is_kept_goes_after_a_while_with_its_folder(settings: Any, program: Program, shelf: Any) -> None:
    from regulars.runtime.refresh import refresh

    held, gathered = shelf
    sold(program, 1, "ada")
    refresh(settings)
    held.seconds = 0.5
    assert members(program, often(1)) == 1
    (folder,) = gathered
    deadline = time.monotonic() + 20
    while folder.is_dir() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists(), "nothing of it lies about"
    assert held._held is None
    assert members(program, often(1)) == 1
    assert len(gathered) == 2


def test_several_at_once_have_each_their_own_answer(settings: Any, program: Program, shelf: Any) -> None:
    from django.db import connections

    from regulars.runtime.refresh import refresh

    _, gathered = shelf
    for number in range(1, 7):
        sold(program, number, ("ada", "ben", "cleo")[number % 3] if number < 5 else "ada")
    refresh(settings)

    def ask(value: int) -> int:
        try:
            return members(program, often(value))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(ask, [1, 2, 3, 4, 1, 2, 3, 4]))
    assert found == [3, 2, 1, 0] * 2
    assert len(gathered) == 1, "whoever came meanwhile waited for the one that gathers"


def test_the_description_asks_for_a_key_only_where_something_changes(program: Program) -> None:
    told = program.get("openapi.json").json()["paths"]
    named = {
        (method, path)
        for path, operations in told.items()
        for method, operation in operations.items()
        if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", []))
    }
    assert ("post", "/v1/segments/preview") not in named
    assert ("post", "/v1/segments") in named
    assert not [path for method, path in named if method == "get"]
    assert not any("x-changes-nothing" in each for ops in told.values() for each in ops.values())
