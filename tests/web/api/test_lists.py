"""Lists come in pages that miss nothing and repeat nothing, at the same cost however long they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.web.api.told import line, order, problem
from tests.web.conftest import Counting, Program, key_of

SEGMENT = {
    "name": "vip",
    "title": "VIP",
    "definition": "The best.",
    "customers": 3,
    "share": 0.1,
    "net": 5.0,
    "clv": 9.5,
}


def shop(customers: int) -> None:
    """Customers with identifiers, an order each, scores of a published run and a segment."""
    from regulars.store import database
    from regulars.store.models import (
        Customer,
        Identifier,
        Import,
        Membership,
        Order,
        OrderLine,
        Product,
        Run,
        Score,
    )
    from regulars.store.state import remember

    remember("currency", "PLN")
    with database.writing():
        for name in ("customer", "product", "order"):
            assert database.numbers(name, customers).start == 1
    at, day = datetime(2024, 5, 1, tzinfo=UTC), date(2024, 5, 1)
    figures = {"revenue": {"name": "revenue", "value": "5.00", "title": "Revenue"}}
    summary = {
        "figures": {"figures": figures, "tables": {"cohorts": {"name": "cohorts", "rows": []}}},
        "segments": {"families": {"behaviour": {"title": "Behaviour", "segments": [SEGMENT]}}},
    }
    Run.objects.create(id=1, state="published", as_of=day, started_at=at, ended_at=at, summary=summary)
    for number in range(1, 8):
        Run.objects.create(id=number + 1, state="failed", started_at=at, error={"code": "x"})
        Import.objects.create(origin=f"{number}.csv", state="done", started_at=at, account={"rows": number})
    Product.objects.bulk_create(
        Product(id=key, product_id=f"p{key}", updated_at=at) for key in range(1, customers + 1)
    )
    for key in range(1, customers + 1):
        Customer.objects.create(id=key, created_at=at, updated_at=at.replace(day=1 + key % 28))
        Identifier.objects.create(customer_id=key, kind="store_id", value=f"c{key}", since=at)
        Identifier.objects.create(customer_id=key, kind="email", value=f"c{key}@example.com", since=at)
        Score.objects.create(
            run=1, customer_id=key, orders=1, net_minor=500, aov_minor=500, first_on=day, last_on=day, clv_minor=1234,
            p_alive=0.5, tier="gold" if key % 2 else "silver",
        )  # fmt: skip
        Membership.objects.create(run=1, segment="vip", customer_id=key)
        Order.objects.create(
            id=key, order_id=f"o{key}", customer_id=1, ordered_at=at.replace(hour=key % 3), ordered_on=day, currency="EUR",
            content=key, updated_at=at,
        )  # fmt: skip
        OrderLine.objects.create(order_id=key, line=1, product_id=key, quantity=1, gross_minor=500)


LISTS = {
    "customers": ("customers", "key"),
    "products": ("products", "key"),
    "scores": ("scores", "key"),
    "segments/vip/members": ("members", "key"),
    "customers/c1/timeline": ("orders", "order_id"),
    "imports": ("imports", "id"),
    "runs": ("runs", "run"),
}


def pages(program: Program, path: str, rows: str, limit: int, query: str = "") -> list[dict[str, Any]]:
    found, cursor = [], ""
    for _ in range(100):
        answer = program.get(f"{path}?limit={limit}{query}{cursor}").json()
        assert len(answer[rows]) <= limit
        found += answer[rows]
        if answer["next"] is None:
            return found
        assert len(answer[rows]) == limit
        cursor = f"&cursor={answer['next']}"
    raise AssertionError


@pytest.mark.parametrize("path", LISTS)
def test_pages_miss_and_repeat_nothing(light: Any, path: str) -> None:
    shop(7)
    mine = Program(key_of(light))
    rows, name = LISTS[path]
    whole = mine.get(f"{path}?limit=200").json()
    assert whole["next"] is None
    assert len(whole[rows]) >= 7
    for limit in (1, 3, 7):
        assert pages(mine, path, rows, limit) == whole[rows]
    assert len({each[name] for each in whole[rows]}) == len(whole[rows])
    for bad in (
        "x",
        "W10",
        "WzFd" * 40,
        "WyJhIl0",
        "W3RydWVd",
        "Wy0xXQ",
        "WzFlOTk5XQ",
        "%00",
        "WzFlNDAwLCAxXQ",
    ):
        answer = mine.get(f"{path}?cursor={bad}")
        assert answer.status_code in (400, 422), bad
        assert answer.json()["code"] in ("api.cursor", "api.malformed")
    for bad in ("0", "201", "-1", "x", "1e9", "9" * 400):
        problem(mine.get(f"{path}?limit={bad}"), 422, "api.invalid")


def test_a_timeline_is_newest_first(light: Any) -> None:
    shop(7)
    times = [
        each["ordered_at"] for each in pages(Program(key_of(light)), "customers/c1/timeline", "orders", 2)
    ]
    assert times == sorted(times, reverse=True)
    assert len(times) == 7


def test_lists_cost_the_same_however_long(settings: Any, program: Program, queries: Counting) -> None:
    shop(12)
    program.get("customers")  # the key's last use is written now
    for path in (*LISTS, "segments", "figures", "keys"):
        sign = "&" if "?" in path else "?"
        few = queries(lambda path=path, sign=sign: program.get(f"{path}{sign}limit=2"))
        many = queries(lambda path=path, sign=sign: program.get(f"{path}{sign}limit=12"))
        assert few == many <= 10, path


def test_an_order_of_many_lines_costs_what_one_line_costs(program: Program, queries: Counting) -> None:
    program("PUT", "orders/1", order())
    program("PUT", "orders/2", order(*[line(f"p{n}") for n in range(300)]))
    assert queries(lambda: program.get("orders/1")) == queries(lambda: program.get("orders/2")) <= 6
    one = queries(lambda: program("PUT", "orders/3", order(line("new"))))
    many = queries(lambda: program("PUT", "orders/4", order(*[line(f"n{n}") for n in range(300)])))
    assert many <= one + 6 <= 50  # SQLite takes 999 values at once


def test_filters_of_customers(program: Program) -> None:
    shop(6)

    def keys(query: str) -> list[int]:
        return [each["key"] for each in pages(program, "customers", "customers", 2, query)]

    assert keys("&tier=gold") == [1, 3, 5]
    assert keys("&segment=vip&tier=silver") == [2, 4, 6]
    assert keys("&segment=nobody") == []
    assert keys("&email=C3@example.com%20") == [3]
    assert keys("&updated_since=2024-05-05T00:00:00Z") == [4, 5, 6]
    assert keys("&updated_since=2024-05-05") == [4, 5, 6]  # midnight in the shop's zone
    problem(program.get("customers?updated_since=0001-01-01T00:00:00%2B14:00"), 422, "api.invalid")
    first = program.get("customers/c2").json()
    assert first["value"]["clv"] == "12.34"
    assert (first["value"]["tier"], first["segments"], first["emails"]) == (
        "silver",
        ["vip"],
        ["c2@example.com"],
    )
    assert program.get("customers/key:2").json() == first
    assert program.get("customers/c2").json()["value"]["currency"] == "PLN"


def test_segments_figures_runs_and_loads(program: Program) -> None:
    shop(3)
    told = program.get("segments").json()
    assert (told["run"], told["as_of"]) == (1, "2024-05-01")
    assert told["segments"][0] == SEGMENT | {"family": "behaviour", "unknown": None}
    problem(program.get("segments/nobody/members"), 404, "segments.missing")
    assert program.get("figures").json()["figures"]["revenue"]["value"] == "5.00"
    assert program.get("figures/revenue").json()["figure"]["title"] == "Revenue"
    assert program.get("figures/cohorts").json()["figure"]["rows"] == []
    problem(program.get("figures/none"), 404, "figures.missing")
    listed = program.get("imports").json()["imports"]
    assert "account" not in listed[0]
    whole = program.get(f"imports/{listed[0]['id']}").json()
    assert whole["account"] == {"rows": 7}
    problem(program.get("imports/999"), 404, "imports.missing")
    problem(program.get("imports/" + "9" * 30), 404, "imports.missing")
    assert program.get("runs").json()["runs"][-1]["state"] == "published"


def test_health_and_metrics(program: Program) -> None:
    program("PUT", "orders/1", order())
    health = Program().get("health")
    assert health.json() == {
        "status": "ok", "store": True, "published_run": None, "published_at": None, "running": False, "unprojected": 1,
    }  # fmt: skip
    text = program.get("metrics").content.decode()
    told = dict(row.rsplit(" ", 1) for row in text.splitlines() if not row.startswith("#"))
    assert told["regulars_orders_unprojected"] == "1"
    assert told["regulars_orders_made_total"] == "1"
    assert told['regulars_imports{state="done"}'] == "0"
    assert program.key not in text


def test_a_store_that_is_gone_is_said_to_be(light: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from regulars.runtime import watching

    mine = Program(key_of(light))

    def gone() -> None:
        raise OperationalError("postgresql://shop:secret@db")

    monkeypatch.setattr(watching, "state", gone)
    answer = Program().get("health")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    told = problem(mine.get("metrics"), 503, "store.busy")
    assert "secret" not in str(told)


def test_a_mistake_of_ours_tells_nothing(light: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from regulars.runtime import watching

    def wrong() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(watching, "state", wrong)
    answer = Program(key_of(light)).get("metrics")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert b"secret" not in answer.content


def test_recommendations_without_and_with_an_index(settings: Any, program: Program) -> None:
    from regulars.runtime.refresh import refresh

    for number in range(40):
        told = order(
            line(f"p{number % 5}"), line(f"p{number * 3 % 5 + 5}"), customer={"id": f"c{number % 8}"}
        )
        told["ordered_at"] = f"2024-0{1 + number % 6}-1{number % 9}T12:00:00"
        program("PUT", f"orders/{number}", told)
    before = program.get("customers/c1/recommendations?k=3").json()
    assert (before["picks"], before["personal"]) == ([], False)
    assert {each["code"] for each in before["warnings"]} == {"recommend.no_index", "recommend.index_missing"}
    assert str(settings.home) not in str(before)
    refresh(settings)
    from regulars.runtime.serving import served

    served(settings).refresh()
    after = program.get("customers/c1/recommendations?k=3").json()
    assert len(after["picks"]) == 3
    assert (after["personal"], after["warnings"]) == (True, [])
    assert program.get("customers/key:1/recommendations?slot=buy_again").json()["slot"] == "buy_again"
    problem(program.get("customers/c1/recommendations?slot=similar"), 422, "recommend.slot_needs")
    problem(program.get("customers/c1/recommendations?slot=none"), 404, "recommend.slot_unknown")
    problem(program.get("customers/nobody/recommendations"), 404, "customers.missing")
    program("PUT", "orders/new", order(customer={"email": "new@example.com"}))
    name = program.get("orders/new").json()["customer"]
    unknown = program.get(f"customers/{name}/recommendations?k=3").json()
    assert (unknown["personal"], len(unknown["picks"])) == (False, 3)
    assert unknown["warnings"][0]["code"] == "recommend.unknown_customer"
