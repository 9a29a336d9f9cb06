"""Who may ask: keys are shown once and compared as hashes, and open what their scopes say and nothing more."""

from __future__ import annotations

import stat
from typing import Any

import pytest
from tests.web.api.told import order, problem
from tests.web.conftest import NOW, Program, key_of


def test_no_key_a_wrong_key_a_revoked_key(program: Program, settings: Any) -> None:
    from regulars.access import actions
    from regulars.store.models import ApiKey

    wrong = program.key[:-1] + ("A" if program.key[-1] != "A" else "B")
    for given in ("", "rk_", wrong, "wk_" + program.key[3:], program.key + "x", "żółw", "rk_" + "0" * 60):
        answer = Program(given).get("orders/1") if given != wrong else Program(wrong).get("orders/1")
        if given.startswith("wk_"):
            problem(answer, 404, "orders.missing")  # what a key begins with is for people
            continue
        problem(answer, 401, "api.unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    problem(Program().get("orders/1", Authorization=f"Basic {program.key}"), 401, "api.unauthenticated")
    assert program.get("orders/1").status_code == 404
    actions.revoke(ApiKey.objects.get().prefix, who="test", now=NOW)
    problem(program.get("orders/1"), 401, "api.unauthenticated")


def test_only_a_hash_is_kept(program: Program) -> None:
    from regulars.store.models import ApiKey

    kept = ApiKey.objects.get()
    secret = program.key.split("_", 2)[2]
    assert secret not in str([getattr(kept, field.attname) for field in ApiKey._meta.fields])
    assert len(kept.secret_hash) == 64


NEEDS = {
    "customers:read": ("GET", "customers"),
    "customers:write": ("PUT", "customers/x/consents/email"),
    "orders:read": ("GET", "orders/1"),
    "orders:write": ("POST", "orders/1/status"),
    "products:read": ("GET", "products"),
    "products:write": ("PUT", "products/1"),
    "segments:read": ("GET", "segments"),
    "figures:read": ("GET", "figures"),
    "costs:read": ("GET", "costs"),
    "costs:write": ("PUT", "costs"),
    "imports:read": ("GET", "imports"),
    "keys:write": ("GET", "keys"),
    "jobs:read": ("GET", "jobs"),
    "jobs:write": ("POST", "refreshes"),
    "webhooks:read": ("GET", "webhooks"),
    "webhooks:write": ("DELETE", "webhooks/1"),
    "metrics:read": ("GET", "metrics"),
}


BODIES = {
    "costs:write": {"currency": "EUR", "costs": [{"day": "2025-06-01", "spend": "1"}]},
    "customers:write": {"granted": True},
    "orders:write": {"status": "paid"},
    "products:write": {"title": "x"},
}


def test_a_scope_opens_its_own_doors_only(light: Any) -> None:
    for scope in NEEDS:
        mine = Program(key_of(light, scope))
        for other, (method, path) in NEEDS.items():
            answer = mine(
                method,
                path,
                BODIES.get(other),
            )
            if scope == other:
                assert answer.status_code in (200, 201, 202, 404, 422), (scope, path)
            else:
                told = problem(answer, 403, "api.scope")
                assert other in told["detail"]


def test_every_operation_but_health_and_the_pages_needs_a_key(light: Any) -> None:
    described = Program().get("openapi.json").json()
    seen = 0
    for path, operations in described["paths"].items():
        for method in operations:
            answer = Program()(
                method.upper(), path.removeprefix("/v1/").replace("{", "").replace("}", ""), {}
            )
            if path == "/v1/health":
                assert answer.status_code == 200
            else:
                problem(answer, 401, "api.unauthenticated")
            seen += 1
    assert seen >= 20


def test_keys_are_made_listed_and_revoked(program: Program, settings: Any) -> None:
    from regulars.store.models import Audit

    made = program("POST", "keys", {"name": "Sync", "scopes": ["orders:write", "orders:read"]})
    assert made.status_code == 201
    told = made.json()
    assert told["scopes"] == ["orders:read", "orders:write"]
    assert told["signing_secret"] is None
    assert made.headers["Cache-Control"] == "no-store"
    theirs = Program(told["key"])
    assert theirs("PUT", "orders/1", order()).status_code == 201
    problem(theirs.get("keys"), 403, "api.scope")
    listed = program.get("keys").json()["keys"]
    assert [each["name"] for each in listed] == ["Sync", "test"]
    assert told["key"] not in program.get("keys").content.decode()
    assert listed[0]["last_used_at"] is not None
    for _ in range(2):
        assert program("DELETE", f"keys/{told['prefix']}").status_code == 200
    problem(theirs.get("orders/1"), 401, "api.unauthenticated")
    problem(program("DELETE", "keys/nobody"), 404, "access.no_key")
    whats = list(Audit.objects.order_by("id").values_list("what", "object"))
    assert whats[1:] == [("key.create", told["prefix"]), ("order.put", "1"), ("key.revoke", told["prefix"])]
    assert Audit.objects.get(what="order.put").who == f"key:{told['prefix']}"


def test_a_key_gives_nothing_that_it_has_not_got(light: Any) -> None:
    mine = Program(key_of(light, "keys:write", "orders:read"))
    problem(mine("POST", "keys", {"name": "x", "scopes": ["orders:write"]}), 403, "access.grants_more")
    problem(mine("POST", "keys", {"name": "x", "scopes": ["collect"]}), 403, "access.grants_more")
    problem(mine("POST", "keys", {"name": "x", "scopes": ["everything"]}), 422, "access.scope")
    problem(mine("POST", "keys", {"name": "x", "scopes": []}), 422, "api.invalid")
    assert mine("POST", "keys", {"name": "x", "scopes": ["orders:read"]}).status_code == 201


def test_the_secret_of_a_key_is_never_kept_with_its_answer(light: Any) -> None:
    from regulars.store.models import Idempotency

    mine = Program(key_of(light))
    body = {"name": "x", "scopes": ["orders:read"]}
    first = mine("POST", "keys", body, Idempotency_Key="k1")
    again = mine("POST", "keys", body, Idempotency_Key="k1")
    assert first.json()["key"]
    assert first.json()["key"] not in Idempotency.objects.get().answer
    assert again.status_code == 201
    assert again.json()["prefix"] == first.json()["prefix"]
    assert "key" not in again.json()


def test_a_write_key_signs_visitors_and_reads_nothing(settings: Any) -> None:
    from regulars.access import actions, queries
    from regulars.kit.errors import RegularsError
    from regulars.web.following import WriteKeys

    made = actions.create("Shop", ["collect"], settings.home, who="test", now=NOW)
    assert made.text.startswith("wk_")
    assert queries.write_keys(settings.home) == {
        made.key.prefix: ("Shop", made.key.secret_hash, made.signing)
    }
    known = WriteKeys(settings.home, every_seconds=60)
    known.stop()
    found = known.key_of(made.text)
    assert found is not None
    assert (found.source, found.secret, found.trusted) == ("Shop", made.signing.encode(), False)
    assert made.signing not in made.key.signing
    assert stat.S_IMODE((settings.home / "secret.key").stat().st_mode) == 0o600
    problem(Program(made.text).get("orders/1"), 403, "api.scope")
    assert known.key_of(key_of(settings)) is None
    assert known.key_of(made.text[:-1] + "!") is None
    actions.revoke(made.key.prefix, who="test", now=NOW)
    assert queries.write_keys(settings.home) == {}
    made = actions.create("Shop", ["collect"], settings.home, who="test", now=NOW)
    with pytest.raises(RegularsError) as caught:
        actions.create("x", ["collect", "orders:read"], settings.home, who="test", now=NOW)
    assert caught.value.code == "access.collect_alone"
    (settings.home / "secret.key").unlink()
    assert queries.write_keys(settings.home) == {}, "another home's secret is not made up"


def test_last_use_is_written_once_a_minute(program: Program, queries: Any) -> None:
    program.get("segments")
    first, later = queries(lambda: program.get("segments")), queries(lambda: program.get("segments"))
    assert first == later
    from regulars.store.models import ApiKey

    at = ApiKey.objects.get().last_used_at
    program.get("segments")
    assert ApiKey.objects.get().last_used_at == at


def test_a_key_that_asks_too_much_waits(tmp_path: Any) -> None:
    from tests.homes import opened

    from regulars.web.api.limits import BUCKETS

    slow = opened(tmp_path / "home", api_rate="0.1", api_burst="3")
    BUCKETS.forget()
    mine, other = Program(key_of(slow)), Program(key_of(slow))
    left = [mine.get("segments") for _ in range(3)]
    assert [each.headers["RateLimit-Remaining"] for each in left] == ["2", "1", "0"]
    assert left[0].headers["RateLimit-Limit"] == "3"
    refused = mine.get("segments")
    problem(refused, 429, "api.too_many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert int(refused.headers["RateLimit-Reset"]) >= int(refused.headers["Retry-After"])
    assert other.get("segments").status_code == 200
