"""Whatever is refunded in whatever order: never more than was paid, and not a unit is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from tests.web.api.told import line, order, problem
from tests.web.conftest import Program, key_of

from regulars.kit.errors import RegularsError
from regulars.orders.rules import Paid, bearing, net_of, shared

LINES = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 100)).map(
        lambda told: Paid(told[0], told[0] - told[0] * told[1] // 100)
    ),
    min_size=1,
    max_size=5,
)
STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6000)), max_size=25)


@given(LINES, STEPS)
def test_any_sequence_of_refunds(lines: list[Paid], steps: list[tuple[int, int]]) -> None:
    """Step 0 is an amount of all lines; step n is line n."""
    now = dict(enumerate(lines, 1))
    whole, given_back = sum(each.paid for each in lines), 0
    for which, amount in steps:
        rooms = {number: each.room for number, each in now.items()}
        try:
            parts = bearing(amount if which == 0 else None, [(which, amount)] if which else [], rooms)
        except RegularsError as error:
            room = sum(rooms.values()) if which == 0 else rooms.get(which)
            assert room is None or amount > room, error
            continue
        assert sum(parts.values()) == amount
        for number, part in parts.items():
            before = now[number]
            now[number] = before.less(part)
            assert now[number].refunded >= before.refunded
        given_back += amount
        for each in now.values():
            assert 0 <= each.given <= each.paid
            assert 0 <= each.refunded <= each.net
            assert (each.given == each.paid) <= (each.refunded == each.net), each
        assert sum(each.given for each in now.values()) == given_back <= whole
    # What is left can always go back, and then nothing is left.
    for number, each in now.items():
        now[number] = each.less(each.room)
        assert (now[number].given, now[number].refunded) == (each.paid, each.net)


@given(
    st.integers(0, 10**9), st.dictionaries(st.integers(1, 50), st.integers(0, 10**9), min_size=1, max_size=8)
)
def test_sharing_out_is_exact(amount: int, rooms: dict[int, int]) -> None:
    if amount > sum(rooms.values()):
        with pytest.raises(RegularsError):
            shared(amount, rooms)
        return
    parts = shared(amount, rooms)
    assert sum(parts.values()) == amount
    assert all(0 < part <= rooms[number] for number, part in parts.items())


@given(st.integers(1, 10**7), st.integers(0, 100), st.data())
def test_what_a_source_told_goes_back_to_the_end_too(paid: int, tax: int, data: Any) -> None:
    """Of a source only the share net of tax is known: what went back with tax follows from it."""
    net = paid - paid * tax // 100
    back = data.draw(st.integers(0, paid))
    each = Paid(paid, net, net_of(back, paid, net))
    done = each.less(each.room)
    assert (done.given, done.refunded) == (paid, net)


def test_refunds_through_the_door(program: Program) -> None:
    told = order(line("tea", "10.00", tax="1.87"), line("cup", "5.00"), shipping="4.90")
    program("PUT", "orders/1", told)
    first = program("POST", "orders/1/refunds", {"refund_id": "a", "lines": [{"line": 1, "amount": "3.33"}]})
    assert first.status_code == 201
    again = program("POST", "orders/1/refunds", {"refund_id": "a", "lines": [{"line": 1, "amount": "3.33"}]})
    assert (again.status_code, again.json()["state"]) == (200, "unchanged")
    other = {"refund_id": "a", "lines": [{"line": 1, "amount": "3.34"}]}
    problem(program("POST", "orders/1/refunds", other), 409, "orders.refund_differs")
    for bad in (
        {"amount": "11.68"},
        {"lines": [{"line": 1, "amount": "6.68"}]},
        {"lines": [{"line": 2, "amount": "3.00"}, {"line": 2, "amount": "2.01"}]},
        {"shipping": "4.91"},
    ):
        problem(program("POST", "orders/1/refunds", {"refund_id": "b"} | bad), 422, "orders.refund_too_much")
    problem(
        program("POST", "orders/1/refunds", {"refund_id": "b", "lines": [{"line": 3, "amount": "1"}]}),
        422,
        "orders.no_line",
    )
    problem(program("POST", "orders/2/refunds", {"refund_id": "b", "amount": "1"}), 404, "orders.missing")
    # A new telling of the order that says nothing of refunds keeps them.
    kept = program("PUT", "orders/1", told | {"coupon_code": "MAY"}).json()["order"]
    assert (kept["refunded"], kept["coupon_code"]) == ("3.33", "MAY")
    last = program("POST", "orders/1/refunds", {"refund_id": "c", "amount": "11.67", "shipping": "4.90"})
    read = last.json()["order"]
    assert (read["refunded"], read["net"], read["paid"]) == ("19.90", "0.00", "19.90")
    assert [each["amount"] for each in read["refunds"]] == ["3.33", "16.57"]
    problem(
        program("POST", "orders/1/refunds", {"refund_id": "d", "amount": "0.01"}),
        422,
        "orders.refund_too_much",
    )


def test_a_refunded_line_that_becomes_another_one_must_say_so(program: Program) -> None:
    program("PUT", "orders/1", order(line("tea", "10.00")))
    program("POST", "orders/1/refunds", {"refund_id": "a", "amount": "4.00"})
    problem(program("PUT", "orders/1", order(line("tea", "8.00"))), 409, "orders.refunded_line")
    done = program("PUT", "orders/1", order(line("tea", "8.00", refunded="4.00"))).json()["order"]
    assert (done["refunded"], done["net"]) == ("4.00", "4.00")


@how(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 900)), max_size=6))
def test_the_store_adds_up_as_the_rules_do(server: Any, steps: list[tuple[int, int]]) -> None:
    program, numbers = server
    number = next(numbers)
    program(
        "PUT", f"orders/h{number}", order(line("tea", "10.00", tax="1.87"), line("cup", "3.33", tax="0.61"))
    )
    taken = 0
    for place, (which, cents) in enumerate(steps):
        amount = f"{cents / 100:.2f}"
        body = {"amount": amount} if which == 0 else {"lines": [{"line": which, "amount": amount}]}
        answer = program("POST", f"orders/h{number}/refunds", {"refund_id": str(place)} | body)
        assert answer.status_code in (201, 422), answer.content
        taken += cents if answer.status_code == 201 else 0
    read = program.get(f"orders/h{number}").json()
    assert round(float(read["refunded"]) * 100) == taken <= 1333
    assert sum(round(float(each["amount"]) * 100) for each in read["refunds"]) == taken


@pytest.fixture
def server(settings: Any) -> tuple[Program, Any]:
    return Program(key_of(settings)), iter(range(10_000))
