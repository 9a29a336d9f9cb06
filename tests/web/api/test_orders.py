"""Orders told one by one: once, by the loader's own rules, and money goes back to the last unit and no further."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.web.api.told import line, order, problem
from tests.web.conftest import Program


def test_an_order_is_told_changed_and_read(program: Program) -> None:
    from regulars.store.models import Customer, Product, Unprojected

    told = order(
        line("tea", "10.00", quantity="2", discount="1.00", tax="1.68", title="Green tea"),
        {"product_id": "cup", "unit_price": "2.50", "quantity": "3"},
        shipping="4.90",
        coupon_code="MAY",
    )
    first = program("PUT", "orders/FV%2F2024%2F1", told)
    assert (first.status_code, first.json()["state"]) == (201, "added")
    again = program("PUT", "orders/FV/2024/1", told)
    assert (again.status_code, again.json()["state"]) == (200, "unchanged")
    read = program.get("orders/FV/2024/1").json()
    assert read == again.json()["order"]
    assert read["customer"] == "ada"
    assert (read["ordered_at"], read["ordered_on"]) == ("2024-05-17T16:05:00Z", "2024-05-17")
    assert [(each["gross"], each["net"]) for each in read["lines"]] == [("10.00", "7.32"), ("7.50", "7.50")]
    assert (read["paid"], read["net"], read["shipping"]) == ("21.40", "14.82", "4.90")
    changed = program("PUT", "orders/FV/2024/1", told | {"status": "cancelled"}).json()
    assert (changed["state"], changed["order"]["version"]) == ("changed", 2)
    assert Unprojected.objects.get().version == 2
    assert Customer.objects.count() == 1
    assert set(Product.objects.values_list("product_id", "title", "listed")) == {
        ("tea", "Green tea", False),
        ("cup", "", False),
    }
    problem(program.get("orders/none"), 404, "orders.missing")


def test_the_day_is_the_shops_own(program: Program) -> None:
    late = program("PUT", "orders/1", order(ordered_at="2024-05-17T22:30:00Z")).json()["order"]
    assert late["ordered_on"] == "2024-05-18"  # half past midnight in Warsaw
    local = program("PUT", "orders/2", order(ordered_at="2024-05-17T00:30:00")).json()["order"]
    assert (local["ordered_at"], local["ordered_on"]) == ("2024-05-16T22:30:00Z", "2024-05-17")


def test_statuses(program: Program) -> None:
    program("PUT", "orders/1", order())
    first = program("POST", "orders/1/status", {"status": "cancelled"}).json()
    assert (first["state"], first["order"]["status"], first["order"]["version"]) == (
        "changed",
        "cancelled",
        2,
    )
    assert program("POST", "orders/1/status", {"status": "cancelled"}).json()["state"] == "unchanged"
    # The hash goes with it: being told the same as a whole changes nothing.
    assert program("PUT", "orders/1", order(status="cancelled")).json()["state"] == "unchanged"
    problem(program("POST", "orders/2/status", {"status": "paid"}), 404, "orders.missing")
    problem(program("POST", "orders/1/status", {"status": "lost"}), 422, "api.invalid")


def test_people_are_recognised_as_a_load_recognises_them(program: Program) -> None:
    def bought(number: str, **customer: str) -> str | None:
        return program("PUT", f"orders/{number}", order(customer=customer or None)).json()["order"][
            "customer"
        ]

    assert bought("1") is None
    guest = bought("2", email="guest@example.com")
    assert guest is not None
    assert guest.startswith("key:")
    assert bought("3", email="GUEST@example.com ") == guest
    # A new id with a guest's e-mail is that guest.
    assert bought("4", id="g", email="guest@example.com") == "g"
    assert program.get("orders/2").json()["customer"] == "g"
    # Two known customers are never merged; whose e-mail it is stays.
    assert bought("5", id="h", email="guest@example.com") == "h"
    assert bought("6", email="guest@example.com") == "g"
    assert program.get("customers/h").json()["emails"] == []
    # A guest whose e-mail a known customer turns out to have is merged into them.
    late = bought("7", email="h@example.com")
    assert bought("8", id="h", email="h@example.com") == "h"
    assert program.get("orders/7").json()["customer"] == "h"
    problem(program.get(f"customers/{late}"), 404, "customers.missing")


@pytest.mark.parametrize(
    ("change", "code", "location"),
    [
        ({"currency": "USD"}, "orders.currency", None),
        ({"shipping": "1.005"}, "api.amount", "body.shipping"),
        ({"shipping": "-1"}, "api.invalid", "body.shipping"),
        ({"shipping": "NaN"}, "api.invalid", "body.shipping"),
        ({"shipping": 1.5}, "api.invalid", "body.shipping"),
        ({"shipping": "99999999999999999999"}, "api.invalid", "body.shipping"),
        ({"shipping": "1", "shipping_tax": "2"}, "orders.amounts", None),
        ({"lines": []}, "api.invalid", "body.lines"),
        ({"lines": [{"product_id": "a"}]}, "api.invalid", "body.lines.0"),
        (
            {"lines": [{"unit_price": "9999999999.99", "quantity": "1000000"}]},
            "api.invalid",
            "body.lines.0",
        ),
        ({"lines": [line(unit_price="1")]}, "api.invalid", "body.lines.0"),
        ({"lines": [line(discount="11")]}, "orders.amounts", None),
        ({"lines": [line(discount="5", tax="6")]}, "orders.amounts", None),
        ({"lines": [line(refunded="10.01")]}, "orders.amounts", None),
        ({"lines": [line(quantity="0")]}, "api.invalid", "body.lines.0.quantity"),
        ({"lines": [line(quantity="0.00001")]}, "api.invalid", "body.lines.0.quantity"),
        ({"ordered_at": "0001-01-01T00:00:00+14:00"}, "api.invalid", "body.ordered_at"),
        ({"ordered_at": "yesterday"}, "api.invalid", "body.ordered_at"),
        ({"customer": {"email": "nobody"}}, "api.invalid", "body.customer.email"),
        ({"surprise": 1}, "api.invalid", "body.surprise"),
        ({"status": "refunded"}, "api.invalid", "body.status"),
    ],
)
def test_what_an_order_cannot_say(
    light: Any, change: dict[str, Any], code: str, location: str | None
) -> None:
    from tests.web.conftest import key_of

    from regulars.store.models import Customer, Order

    mine = Program(key_of(light))
    assert mine("PUT", "orders/known", order(customer={"id": "known"})).status_code == 201
    told = problem(mine("PUT", "orders/1", order(**change)), 422, code)
    if location:
        assert location in [each["location"] for each in told["errors"]]
    assert (Order.objects.count(), Customer.objects.count()) == (1, 1), "nothing of it was kept"


def test_currencies_have_their_own_digits(light: Any) -> None:
    from tests.web.conftest import key_of

    mine = Program(key_of(light))
    read = mine("PUT", "orders/1", order(line(gross="1500"), currency="JPY")).json()["order"]
    assert read["lines"][0]["gross"] == "1500"
    told = problem(mine("PUT", "orders/2", order(line(gross="1500.5"), currency="JPY")), 422, "api.amount")
    assert told["errors"][0]["location"] == "body.lines.0.gross"


HEAD = "order_id,customer_id,email,date,product,quantity,amount,discount,tax,refunded,shipping,status,coupon,country,currency\n"
ROWS = (
    "1,ada,ada@example.com,2024-01-05 10:30:00,tea,2,10.00,1.00,1.68,0,4.90,paid,MAY,PL,EUR",
    "1,ada,ada@example.com,2024-01-05 10:30:00,cup,1.5,7.50,0,1.40,2.00,0,paid,MAY,PL,EUR",
    "2,,ben@example.com,2024-02-05 23:59:59,tea,1,5.00,0,0.94,0,0,cancelled,,,EUR",
    "3,,,2024-02-06 08:00:00,pot,1,49.99,0,0,0,0,paid,,,EUR",
)


def loaded(settings: Any, folder: Path, rows: tuple[str, ...] = ROWS) -> Any:
    from regulars.runtime.load import load

    path = folder / "orders.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return load(str(path), settings).orders


def as_told(program: Program, number: str) -> dict[str, Any]:
    """An order as it is shown, told again."""
    read = program.get(f"orders/{number}").json()
    buyer = None
    if read["customer"] is not None:
        known = program.get(f"customers/{read['customer']}").json()
        buyer = {"id": next(iter(known["store_ids"]), None), "email": known["emails"][0]}
    same = ("ordered_at", "currency", "status", "shipping", "coupon_code", "channel", "country")
    lines = [
        {name: each[name] for name in ("product_id", "quantity", "gross", "discount", "tax", "refunded")}
        for each in read["lines"]
    ]
    return {name: read[name] for name in same} | {"customer": buyer, "lines": lines}


@pytest.mark.parametrize("delivery", ["false", "true"])
def test_what_a_file_told_is_told_again_and_changes_nothing(home: Any, tmp_path: Path, delivery: str) -> None:
    from tests.web.conftest import key_of

    settings = home(time_zone="Europe/Warsaw", delivery_counts=delivery, api_burst="1000")
    program = Program(key_of(settings))
    assert loaded(settings, tmp_path).added == 3
    for number in "123":
        told = as_told(program, number)
        done = program("PUT", f"orders/{number}", told)
        assert done.json()["state"] == "unchanged", (number, done.json())
        reordered = told | {"lines": told["lines"][::-1]}
        assert program("PUT", f"orders/{number}", reordered).json()["state"] == "unchanged"
    assert loaded(settings, tmp_path).unchanged == 3


def test_what_was_told_is_loaded_and_changes_nothing(settings: Any, program: Program, tmp_path: Path) -> None:
    from regulars.store.models import Customer, Product

    program("PUT", "orders/2", order(
        line("tea", "5.00", tax="0.94"), status="cancelled", ordered_at="2024-02-05T23:59:59",
        customer={"email": "ben@example.com"},
    ))  # fmt: skip
    lines = [
        line("cup", "7.50", quantity="1.5", tax="1.40"),
        line("tea", "11.00", quantity="2", discount="1.00", tax="1.68"),
    ]
    customer = {"id": "ada", "email": "ada@example.com"}
    program("PUT", "orders/1", order(
        *lines, ordered_at="2024-01-05T10:30:00", shipping="4.90", coupon_code="MAY", country="PL", customer=customer,
    ))  # fmt: skip
    assert (
        program(
            "POST", "orders/1/refunds", {"refund_id": "r", "lines": [{"line": 1, "amount": "2.00"}]}
        ).status_code
        == 201
    )
    done = loaded(settings, tmp_path)
    assert (done.added, done.changed, done.unchanged) == (1, 0, 2)
    assert (Customer.objects.count(), Product.objects.count()) == (2, 3)
    # And a file that says something else changes it.
    changed = loaded(settings, tmp_path, (ROWS[2].replace("5.00", "6.00"),))
    assert (changed.changed, changed.unchanged) == (1, 0)


def test_a_refresh_knows_what_was_told_only_here(settings: Any, program: Program) -> None:
    from regulars.runtime.refresh import refresh

    for number in range(30):
        buyer = {"id": f"c{number % 7}"}
        told = order(
            line(f"p{number % 3}", "10.00", tax="1.00", category="Tea"), customer=buyer, country="PL"
        )
        told["ordered_at"] = f"2024-0{1 + number % 6}-1{number % 9}T12:00:00"
        assert program("PUT", f"orders/{number}", told).status_code == 201
    program("POST", "orders/3/refunds", {"refund_id": "r", "amount": "10.00"})
    refresh(settings)
    figures = program.get("figures").json()
    assert figures["figures"]["net_overall"]["value"] == "261.00"
    assert program.get("health").json()["unprojected"] == 0
