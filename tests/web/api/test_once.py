"""A change is made once: sent again it gets its answer again, sent at the same moment one of two waits."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.web.api.told import line, order, problem
from tests.web.conftest import Program, key_of


def test_the_same_request_gets_the_same_answer(program: Program) -> None:
    from regulars.store.models import Audit, Order

    first = program("PUT", "orders/1", order(), Idempotency_Key="a")
    program("POST", "orders/1/status", {"status": "cancelled"})
    again = program("PUT", "orders/1", order(), Idempotency_Key="a")
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert Order.objects.get().status == "cancelled", "the replay changed nothing"
    assert Audit.objects.filter(what="order.put").count() == 1


def test_the_same_key_for_something_else_is_refused(program: Program) -> None:
    program("PUT", "orders/1", order(), Idempotency_Key="a")
    problem(program("PUT", "orders/1", order(line("cup")), Idempotency_Key="a"), 409, "api.key_reused")
    problem(program("PUT", "orders/2", order(), Idempotency_Key="a"), 409, "api.key_reused")
    problem(
        program("POST", "orders/1/status", {"status": "paid"}, Idempotency_Key="a"), 409, "api.key_reused"
    )


def test_keys_of_two_programs_have_nothing_to_do_with_each_other(program: Program, settings: Any) -> None:
    program("PUT", "orders/1", order(), Idempotency_Key="a")
    other = Program(key_of(settings))
    answer = other("PUT", "orders/2", order(), Idempotency_Key="a")
    assert (answer.status_code, answer.json()["order_id"]) == (201, "2")


def test_a_change_that_failed_may_be_tried_again(program: Program) -> None:
    problem(
        program("POST", "orders/1/status", {"status": "paid"}, Idempotency_Key="a"), 404, "orders.missing"
    )
    program("PUT", "orders/1", order())
    assert program("POST", "orders/1/status", {"status": "paid"}, Idempotency_Key="a").status_code == 200


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "a b", "ż"])
def test_keys_that_cannot_be(light: Any, key: str) -> None:
    mine = Program(key_of(light))
    told = problem(mine("PUT", "orders/1", order(), Idempotency_Key=key), 422, "api.idempotency_key")
    assert told["errors"][0]["location"] == "header.Idempotency-Key"


def test_answers_are_forgotten_after_a_week(light: Any) -> None:
    from datetime import UTC, datetime, timedelta

    from regulars.access import actions
    from regulars.store.models import Idempotency

    Program(key_of(light))("PUT", "orders/1", order(), Idempotency_Key="a")
    assert actions.forget(datetime.now(UTC)) == 0
    assert actions.forget(datetime.now(UTC) + timedelta(days=8)) == 1
    assert not Idempotency.objects.exists()


def raced(*calls: Any) -> list[Any]:
    """Make calls at the same moment, each with a connection of its own."""
    from django.db import connections

    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int) -> None:
        gate.wait()
        try:
            answers[place] = calls[place]()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_race_changes_once(program: Program) -> None:
    """Two threads send one request; whoever comes second is told to wait, or gets the answer."""
    from regulars.store.models import Audit, Order

    for number in range(8):
        answers = raced(
            *[
                lambda n=number: program("PUT", f"orders/{n}", order(), Idempotency_Key=f"k{n}")
                for _ in range(2)
            ]
        )
        for answer in answers:
            assert answer.status_code in (201, 409), answer.content
            if answer.status_code == 409:
                problem(answer, 409, "api.in_progress")
                assert answer.headers["Retry-After"] == "1"
        assert any(answer.status_code == 201 for answer in answers)
        again = program("PUT", f"orders/{number}", order(), Idempotency_Key=f"k{number}")
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.status_code == 201
    assert Order.objects.count() == 8
    assert Audit.objects.filter(what="order.put").count() == 8


@pytest.mark.postgres
@pytest.mark.parametrize("store", ["postgres"], indirect=True)
def test_another_process_at_it_is_noticed(program: Program, store: str) -> None:
    """On PostgreSQL the lock of a request in another process is seen; here it is held by a connection of our own.

    On SQLite the second process waits for the first.
    """
    from zlib import crc32

    import psycopg

    from regulars.access.actions import _LOCK_CLASS
    from regulars.store.models import ApiKey, Order

    number = crc32(f"{ApiKey.objects.get().id}:a".encode()) - (1 << 31)
    with psycopg.connect(store) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, number])
        problem(program("PUT", "orders/1", order(), Idempotency_Key="a"), 409, "api.in_progress")
        assert not Order.objects.exists()
        other.rollback()
    assert program("PUT", "orders/1", order(), Idempotency_Key="a").status_code == 201


def test_racing_refunds_never_take_back_more_than_was_paid(program: Program) -> None:
    program("PUT", "orders/1", order(line("tea", "10.00", tax="1.87")))
    answers = raced(
        *[
            lambda n=n: program("POST", "orders/1/refunds", {"refund_id": f"r{n}", "amount": "4.00"})
            for n in range(4)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422]
    assert program.get("orders/1").json()["refunded"] == "8.00"


def test_racing_orders_of_one_new_customer_make_one(program: Program) -> None:
    from regulars.store.models import Customer, Product

    answers = raced(*[lambda n=n: program("PUT", f"orders/{n}", order()) for n in range(4)])
    assert {answer.status_code for answer in answers} == {201}
    assert (Customer.objects.count(), Product.objects.count()) == (1, 1)
