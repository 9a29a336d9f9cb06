"""Products as a catalogue tells them: one by one or many at once, each checked by itself."""

from __future__ import annotations

from typing import Any

from tests.web.api.told import line, order, problem
from tests.web.conftest import Program

TEA = {
    "title": "Green tea",
    "price": "5.00",
    "cost": "2.10",
    "currency": "EUR",
    "attributes": {"organic": True, "grams": 100},
}


def test_a_product_is_told_changed_and_read(program: Program) -> None:
    first = program("PUT", "products/a%2Fb", TEA)
    assert (first.status_code, first.json()["state"]) == (201, "added")
    again = program("PUT", "products/a/b", TEA)
    assert (again.status_code, again.json()["state"]) == (200, "unchanged")
    changed = program("PUT", "products/a/b", TEA | {"price": "5.50"}).json()
    assert (changed["state"], changed["product"]["price"], changed["product"]["cost"]) == (
        "changed",
        "5.50",
        "2.10",
    )
    read = program.get("products/a/b").json()
    assert read == changed["product"]
    assert read["attributes"] == TEA["attributes"]
    assert program.get("products").json()["products"] == [read]
    problem(program.get("products/none"), 404, "products.missing")
    problem(program("PUT", "products/c", {"price": "1.00"}), 422, "api.invalid")
    problem(program("PUT", "products/c", {"price": "1.001", "currency": "EUR"}), 422, "api.amount")
    problem(program("PUT", "products/c", {"url": "javascript:alert(1)"}), 422, "api.invalid")
    problem(program("PUT", "products/%20c", {}), 422, "api.id")


def test_what_orders_say_does_not_overwrite_a_catalogue(program: Program) -> None:
    program("PUT", "products/tea", TEA)
    program("PUT", "orders/1", order(line("tea", title="TEA!", category="x"), line("cup", title="Cup")))
    assert program.get("products/tea").json()["title"] == "Green tea"
    cup = program.get("products/cup").json()
    assert (cup["title"], cup["listed"]) == ("Cup", False)
    program("PUT", "orders/2", order(line("cup", title="A cup")))
    assert program.get("products/cup").json()["title"] == "A cup"
    program("PUT", "products/cup", {"title": "Mug"})
    assert program.get("products/cup").json()["listed"] is True


def test_many_are_reported_by_their_place(program: Program) -> None:
    program("PUT", "products/old", TEA)
    told: list[Any] = [
        TEA | {"product_id": "old"},
        TEA | {"product_id": "new"},
        TEA | {"product_id": "new"},
        {"title": "nameless"},
        TEA | {"product_id": "x", "price": "1.234"},
        TEA | {"product_id": 7},
    ]
    report = program("POST", "products/bulk", {"products": told}).json()
    assert [each["state"] for each in report["products"]] == ["unchanged", "added", *["rejected"] * 4]
    assert [each["index"] for each in report["products"]] == list(range(6))
    assert (report["added"], report["changed"], report["unchanged"], report["rejected"]) == (1, 0, 1, 4)
    assert report["products"][4]["errors"][0]["location"] == "price"
    assert {each["product_id"] for each in program.get("products").json()["products"]} == {"old", "new"}
    many = [{"product_id": f"p{n}"} for n in range(1000)]
    assert program("POST", "products/bulk", {"products": many}).json()["added"] == 1000
    problem(
        program("POST", "products/bulk", {"products": [*many, {"product_id": "one more"}]}),
        422,
        "api.invalid",
    )
    problem(program("POST", "products/bulk", {"products": []}), 422, "api.invalid")
