"""Whatever is sent, the answer is one that a program can read, and never a mistake of ours."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from tests.web.api.told import line, order, problem
from tests.web.conftest import Program, key_of

FIXTURE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


def test_addresses_that_lead_nowhere(program: Program) -> None:
    for path in (
        "",
        "nothing",
        "orders",
        "../admin",
        "orders/../../etc/passwd/",
        "%00",
        "customers/1/friends/",
    ):
        answer = program.get(path)
        assert answer.status_code in (400, 404, 405), path
        assert answer.headers["Content-Type"] == "application/problem+json", path
    told = problem(program("PATCH", "orders/1"), 405, "api.method")
    assert "GET" in told["detail"]
    assert "GET" in program("PATCH", "orders/1").headers["Allow"]


IDS = (
    "../../etc/passwd", "..", "%2e%2e%2f", "a/b/c", "ż🦊", "' OR 1=1 --", "{0}", "%", "key:", "key:-1", "key:" + "9" * 40, "key:١", "\u202e",
    "x" * 5000, "<script>", "\\",
)  # fmt: skip


def test_ids_of_all_kinds_find_nothing_or_themselves(program: Program) -> None:
    for name in IDS:
        path = quote(name, safe="")
        for where in (
            f"orders/{path}",
            f"products/{path}",
            f"customers/{path}",
            f"customers/{path}/timeline",
        ):
            assert program.get(where).status_code == 404, where
        for method, where, body in (
            ("PUT", f"orders/{path}", order(customer={"id": "ada"})),
            ("PUT", f"products/{path}", {"title": name[:100]}),
        ):
            answer = program(method, where, body)
            if len(name) > 200 or not name.isprintable():
                problem(answer, 422, "api.id")
            else:
                assert answer.status_code == 201, (where, answer.content)
                noun = where.split("/", 1)[0].removesuffix("s")
                assert program.get(where).json()[f"{noun}_id"] == name


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "null", "[]", '"x"', "1", "{}x", '{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', '{"a": "\\u0000"}', '{"a": "\\ud800"}',
        "[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, "9" * 5000, b"\xff\xfe", b"\x00", '{"lines": ' + "1" * 5000 + "}",
    ],
    ids=range(18),
)  # fmt: skip
def test_bodies_that_are_none(light: Any, body: Any) -> None:
    mine = Program(key_of(light))
    for method, path in (
        ("PUT", "orders/1"),
        ("POST", "orders/1/refunds"),
        ("POST", "products/bulk"),
        ("POST", "keys"),
    ):
        answer = mine(method, path, body)
        assert answer.status_code in (400, 422), answer.content[:200]
        assert answer.json()["code"] in ("api.malformed", "api.invalid")


def test_large_bodies(light: Any) -> None:
    mine = Program(key_of(light))
    problem(mine("PUT", "orders/1", order(*[line()] * 10_000)), 422, "api.invalid")
    problem(mine("PUT", "orders/1", " " * ((1 << 20) + 1)), 413, "api.too_large")
    assert mine("PUT", "orders/1", order(*[line(f"p{n}") for n in range(1000)])).status_code == 201


def test_texts_of_all_kinds_come_back_as_they_were(program: Program) -> None:
    for number, text in enumerate(
        ("żółw 🦊", "'; DROP TABLE orders; --", "\u202ereverse", "{name} %s", "a\tb", "\\", '"')
    ):
        program("PUT", f"products/{number}", {"title": text, "attributes": {text: text}})
        read = program.get(f"products/{number}").json()
        assert (read["title"], read["attributes"]) == (text, {text: text})


def test_it_is_said_in_the_language_that_is_asked_for_or_in_english(light: Any) -> None:
    told = problem(Program().get("orders/1", Accept_Language="xx"), 401, "api.unauthenticated")
    assert told["detail"] == "The request has no valid key."


def test_another_name_is_not_answered(tmp_path: Any) -> None:
    from tests.homes import opened

    opened(tmp_path / "home", allowed_hosts="shop.example.com, other.example.com")
    problem(Program().get("health", Host="evil.example.com"), 400, "api.host")
    assert Program().get("health", Host="shop.example.com").status_code == 200


def test_what_has_not_changed_is_not_sent_again(program: Program) -> None:
    program("PUT", "orders/1", order())
    first = program.get("orders/1")
    same = program.get("orders/1", If_None_Match=first.headers["ETag"])
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    program("POST", "orders/1/status", {"status": "unpaid"})
    assert program.get("orders/1", If_None_Match=first.headers["ETag"]).status_code == 200


def test_no_cookie_and_no_other_origin(program: Program) -> None:
    from django.test import Client

    strict = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {program.key}"})
    answer = strict.put("/v1/orders/1", json.dumps(order()), content_type="application/json")
    assert answer.status_code == 201
    assert not answer.cookies


def test_the_description_is_whole(light: Any) -> None:
    described = Program().get("openapi.json").json()
    schemas = described["components"]["schemas"]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], path
            assert "default" in operation["responses"]
            assert ("security" in operation) == (path != "/v1/health")
            if method != "get" and path != "/v1/segments/preview":
                assert "Idempotency-Key" in [each["name"] for each in operation["parameters"]]
            if "requestBody" in operation:
                name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit(
                    "/", 1
                )[1]
                assert schemas[name]["example"], name
    text = json.dumps(described)
    for name in text.split('"$ref": "#/components/schemas/')[1:]:
        assert name.split('"')[0] in schemas
    page = Program().get("docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    content = page.content.decode()
    assert not re.search(r"""(src|href|url|action)\s*[=(]\s*["']?\s*(https?:)?//""", content)
    assert "<script" not in content
    assert "@import" not in content
    for path in described["paths"]:
        assert path.replace("{", "{") in content


def test_the_examples_of_the_description_are_taken(light: Any) -> None:
    from regulars.runtime import projection

    mine = Program(key_of(light))
    described = mine.get("openapi.json").json()
    schemas = described["components"]["schemas"]
    assert mine("PUT", "orders/{order_id}", schemas["OrderIn"]["example"]).status_code == 201
    made = mine("POST", "webhooks", schemas["WebhookIn"]["example"]).json()
    file = light.home / "inbox" / schemas["LoadIn"]["example"]["file"]
    file.parent.mkdir()
    file.touch()
    for name in ("{customer_id}", schemas["MergeIn"]["example"]["absorbed"]):
        assert mine("PATCH", f"customers/{name}", {}).status_code == 201
    # Rules are tried on what the lake knows.
    projection.project(light)
    seen = 0
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if "requestBody" in operation:
                name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit(
                    "/", 1
                )[1]
                where = path.removeprefix("/v1/").replace("{number}", str(made["id"]))
                where = where.replace("{purpose}", "email")
                where = where.replace("{name}", schemas["SegmentIn"]["example"]["name"])
                answer = mine(method.upper(), quote(where), schemas[name]["example"])
                assert answer.status_code in (200, 201, 202), (path, answer.content)
                seen += 1
    assert seen >= 9


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=5,
)


def valued(schema: dict[str, Any], schemas: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a schema describes, and often ones that it does not."""
    if "$ref" in schema:
        return valued(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, depth + 1)
    if "anyOf" in schema:
        return st.one_of([valued(each, schemas, depth) for each in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "pattern" in schema:
        right = st.from_regex(schema["pattern"], fullmatch=True)
        return st.one_of(right, right, right, st.sampled_from(["EUR", "1.00", "0"]), st.text(max_size=5))
    if schema.get("format") == "date-time":
        return (
            st.datetimes().map(str)
            | st.just("2024-05-17T18:05:00")
            | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
        )
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        fields = {name: valued(each, schemas, depth + 1) for name, each in schema["properties"].items()}
        needed = {name: fields.pop(name) for name in schema.get("required", []) if name in fields}
        return st.fixed_dictionaries(needed) | st.fixed_dictionaries(needed, optional=fields)
    if kind == "array":
        inside = schema.get("items") or (schema.get("prefixItems") or [{}])[0]
        return st.lists(valued(inside, schemas, depth + 1), max_size=3)
    plain: dict[str, st.SearchStrategy[Any]] = {
        "string": st.text(max_size=12),
        "integer": st.integers(),
        "number": st.floats() | st.integers(),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return plain.get(str(kind), JSON)


@how(max_examples=50, suppress_health_check=FIXTURE)
@given(data=st.data())
def test_whatever_fits_the_description_or_not_is_answered(everything: Any, data: Any) -> None:
    mine, operations, schemas = everything
    path, method, operation = data.draw(st.sampled_from(operations))
    query = {}
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            value = data.draw(
                st.sampled_from(["1", "o1", "ada", "key:1", "vip"]) | st.text(min_size=1, max_size=9)
            )
            path = path.replace("{" + parameter["name"] + "}", quote(str(value), safe="", errors="replace"))
        elif parameter["in"] == "query" and data.draw(st.booleans()):
            value = data.draw(valued(parameter["schema"], schemas))
            query[parameter["name"]] = str(value).encode("utf-8", "replace")
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = data.draw(valued(schema, schemas) if data.draw(st.integers(0, 4)) else JSON)
    answer = mine(method.upper(), f"{path.removeprefix('/v1/')}?{urlencode(query)}", body)
    assert answer.status_code < 500, (method, path, query, body, answer.content)
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"]


PLACES: list[tuple[str | int, ...]] = [
    *[
        (name,)
        for name in (
            "ordered_at",
            "currency",
            "status",
            "shipping",
            "shipping_tax",
            "coupon_code",
            "country",
            "customer",
            "lines",
        )
    ],
    *[("customer", name) for name in ("id", "email")],
    *[
        ("lines", 0, name)
        for name in ("product_id", "title", "category", "quantity", "gross", "discount", "tax", "refunded")
    ],
]
ODD = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "0",
            "1.00",
            "9999999999.999",
            "9999999999",
            "1e3",
            "+1",
            " 1",
            "1\n",
            "٣",
            "EUR",
            "KWD",
            "JPY",
            1e308,
            10**30,
            -1,
        ]
    ),
    st.decimals(allow_nan=False).map(str),
    st.emails(),
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
    JSON,
)


@how(max_examples=60, suppress_health_check=FIXTURE)
@given(
    place=st.sampled_from(PLACES),
    odd=ODD,
    then=st.sampled_from(["orders/1", "orders/x", "customers", "customers/ada/timeline"]),
)
def test_an_order_with_any_one_thing_odd_is_answered_and_read(
    everything: Any, place: Any, odd: Any, then: str
) -> None:
    mine, *_ = everything
    told: Any = order(line(discount="1.00", tax="1.00"), currency="PLN", shipping="5.00")
    inside = told
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = odd
    answer = mine("PUT", "orders/x", told)
    assert answer.status_code < 500, (place, odd, answer.content)
    assert mine.get(then).status_code in (200, 404)
    assert mine("POST", "orders/x/status", {"status": "paid"}).status_code in (200, 404)


@pytest.fixture
def everything(settings: Any) -> Any:
    from tests.web.api.test_lists import shop

    shop(3)
    mine = Program(key_of(settings))
    assert mine("PUT", "orders/1", order(currency="PLN")).status_code == 201  # the currency of that shop
    described = mine.get("openapi.json").json()
    operations = [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"].rsplit("_", 2)[-2:] != ["revoke", "key"]
    ]
    return mine, operations, described["components"]["schemas"]
