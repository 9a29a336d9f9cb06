"""What is told of customers: details that stay where nothing is said, consents of which the latest holds, merges that can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.api.told import order, problem
from tests.web.conftest import Program


def ada(program: Program, **more: Any) -> Any:
    return program("PATCH", "customers/ada", {"first_name": "Ada"} | more)


def test_a_customer_is_told_of_and_what_is_left_out_stays(program: Program) -> None:
    first = ada(program, email="Ada@Example.com", phone="+48 600-100-200", birthday="1815-12-10")
    problem(first, 422, "api.invalid")  # nobody alive was born then
    first = ada(program, email="Ada@Example.com", phone="+48 600-100-200", birthday="1985-12-10")
    assert (first.status_code, first.json()) == (201, {"id": "ada", "state": "added"})
    assert ada(program).json()["state"] == "unchanged"
    assert program("PATCH", "customers/ada", {"city": " Łódź "}).json()["state"] == "changed"
    found = program.get("customers/ada").json()
    assert (found["first_name"], found["city"], found["emails"], found["phones"]) == (
        "Ada",
        "Łódź",
        ["ada@example.com"],
        ["+48600100200"],
    )
    assert program("PATCH", "customers/ada", {"city": ""}).json()["state"] == "changed"
    assert program.get("customers/ada").json()["city"] == ""


@pytest.mark.parametrize(
    "told",
    [
        {"phone": "600100200"},
        {"phone": "+48abc"},
        {"email": "ada"},
        {"first_name": "A\u200b"},
        {"birthday": "1985-13-01"},
        {"surname": "x"},
        {"city": 7},
    ],
)
def test_what_cannot_be_is_refused_by_name(program: Program, told: Any) -> None:
    answer = problem(program("PATCH", "customers/ada", told), 422, "api.invalid")
    assert next(iter(told)) in answer["errors"][0]["location"]
    problem(program.get("customers/ada"), 404, "customers.missing")


def test_a_guest_turns_out_to_be_the_customer_and_a_known_one_does_not(program: Program) -> None:
    program("PUT", "orders/1", order(customer={"email": "ada@example.com"}))
    ada(program)
    ada(program, email="ada@example.com")
    assert [each["order_id"] for each in program.get("customers/ada/timeline").json()["orders"]] == ["1"]
    (merge,) = program.get("customers/ada/merges").json()["merges"]
    assert (merge["reason"], merge["orders"]) == ("email", 1)
    problem(program("PATCH", "customers/ben", {"email": "ada@example.com"}), 409, "customers.taken")
    problem(program.get("customers/ben"), 404, "customers.missing")  # nothing of it happened
    program("PATCH", "customers/ada", {"phone": "+48600100200"})
    problem(program("PATCH", "customers/ben", {"phone": "+48600100200"}), 409, "customers.taken")


def test_a_guest_is_told_of_by_key(program: Program) -> None:
    program("PUT", "orders/1", order(customer={"email": "g@example.com"}))
    (guest,) = program.get("customers").json()["customers"]
    assert program("PATCH", f"customers/{guest['id']}", {"city": "Kraków"}).json()["state"] == "changed"
    assert program.get(f"customers/{guest['id']}").json()["city"] == "Kraków"
    problem(program("PATCH", "customers/key:999", {"city": "x"}), 404, "customers.missing")


def test_the_latest_word_holds_and_all_are_kept(program: Program) -> None:
    ada(program)
    unsaid = program.get("customers/ada/consents").json()["allowed"]
    assert (unsaid["email"], unsaid["analytics"]) == (False, True)

    def say(granted: bool, at: str, **more: str) -> Any:
        return program("PUT", "customers/ada/consents/email", {"granted": granted, "at": at} | more)

    assert say(True, "2024-05-01T10:00:00Z", source="checkout", wording="Newsletter, v3").status_code == 201
    assert say(True, "2024-05-01T10:00:00Z", source="checkout", wording="Newsletter, v3").status_code == 200
    assert say(False, "2024-05-03T10:00:00").json()["allowed"]["email"] is False
    late = say(True, "2024-05-02T10:00:00Z").json()  # said before, heard of later
    assert late["allowed"]["email"] is False
    assert [each["at"] for each in late["history"]] == [
        "2024-05-03T08:00:00Z",  # without an offset: in the shop's own zone
        "2024-05-02T10:00:00Z",
        "2024-05-01T10:00:00Z",
    ]
    assert late["history"][2]["wording"] == "Newsletter, v3"
    problem(say(True, "2199-01-01T00:00:00Z"), 422, "privacy.future")
    problem(program("PUT", "customers/ada/consents/post", {"granted": True}), 422, "api.invalid")
    problem(program("PUT", "customers/nobody/consents/email", {"granted": True}), 404, "customers.missing")


def test_merges_by_hand_are_taken_back(program: Program) -> None:
    program("PUT", "orders/1", order())
    program("PUT", "orders/2", order(customer={"id": "ada2"}))
    program("PUT", "customers/ada2/consents/email", {"granted": True})
    problem(program("POST", "customers/ada/merges", {"absorbed": "ada"}), 422, "customers.same")
    made = program("POST", "customers/ada/merges", {"absorbed": "ada2", "reason": "She wrote"})
    assert (made.status_code, made.json()["orders"]) == (201, 1)
    assert len(program.get("customers/ada/timeline").json()["orders"]) == 2
    assert program.get("customers/ada2").json()["id"] == program.get("customers/ada").json()["id"]
    assert program.get("customers/ada/consents").json()["allowed"]["email"] is True
    undo = f"customers/ada/merges/{made.json()['id']}/undo"
    assert program("POST", undo).json()["undone_at"]
    assert program("POST", undo).status_code == 200
    assert len(program.get("customers/ada/timeline").json()["orders"]) == 1
    assert program.get("customers/ada/consents").json()["allowed"]["email"] is False
    assert len(program.get("customers/ada2/consents").json()["history"]) == 1
    problem(program("POST", "customers/ada/merges/999/undo"), 404, "customers.no_merge")


def test_what_was_merged_meanwhile_is_not_merged_again(program: Program) -> None:
    from datetime import UTC, datetime

    from regulars.customers.actions import join
    from regulars.kit.errors import RegularsError
    from regulars.store.models import Identifier

    for name in ("ada", "ben", "eve"):
        program("PATCH", f"customers/{name}", {})
    keys = dict(Identifier.objects.values_list("value", "customer_id"))
    now = datetime.now(UTC)
    join(keys["ada"], keys["ben"], reason="test", now=now)
    for kept, absorbed in (("ben", "ada"), ("eve", "ben"), ("ben", "eve")):
        with pytest.raises(RegularsError) as error:
            join(keys[kept], keys[absorbed], reason="test", now=now)
        assert error.value.code == "customers.merged"
    # A word about a record that was just merged is a word about whom it is now.
    from regulars.privacy import actions, queries

    actions.say(keys["ben"], "analytics", granted=False, at=now, now=now)
    assert queries.refusing("analytics") == {keys["ada"]}


def test_taking_a_merge_back_leaves_what_went_to_somebody_else(program: Program) -> None:
    program("PUT", "orders/1", order(customer={"id": "ada2"}))
    program("PATCH", "customers/ada", {})
    made = program("POST", "customers/ada/merges", {"absorbed": "ada2"}).json()
    program("PUT", "orders/1", order(customer={"id": "ben"}))
    program("POST", f"customers/ada/merges/{made['id']}/undo")
    assert len(program.get("customers/ben/timeline").json()["orders"]) == 1
    assert program.get("customers/ada2/timeline").json()["orders"] == []


def test_orders_of_whoever_was_merged_while_a_load_ran_are_whose_they_are(program: Program) -> None:
    from datetime import UTC, datetime

    from regulars.customers.actions import join
    from regulars.orders.actions import arrive, heads_of, lines_of
    from regulars.orders.content import HEAD, LINE
    from regulars.store.models import Identifier, Order

    program("PATCH", "customers/ada", {})
    program("PATCH", "customers/ben", {})
    keys = dict(Identifier.objects.values_list("value", "customer_id"))
    now = datetime.now(UTC)
    join(keys["ada"], keys["ben"], reason="test", now=now)
    told = dict.fromkeys(HEAD, "") | {
        "order_id": "late", "kind": "order", "status": "paid", "customer_id": keys["ben"], "ordered_at": "2024-01-01 10:00:00",
        "ordered_on": "2024-01-01", "currency": "EUR", "shipping_minor": 0, "shipping_net_minor": 0, "content": 1,
    }  # fmt: skip
    line = dict.fromkeys(LINE, 0) | {"line": 1, "product_id": None, "quantity": 1.0}
    arrive(
        heads_of([tuple(told[name] for name in HEAD)]),
        lambda _: [lines_of([(0, *(line[name] for name in LINE))])],
        now,
    )
    assert Order.objects.get(order_id="late").customer_id == keys["ada"]
