"""Who gets in, how far, and what a browser of somebody else can make of it."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.web.console.conftest import PASSWORD, Browser, person, signed_in

from regulars.access.people import rules


def path_of(route: str) -> str:
    return "/" + re.sub(r"<int:\w+>", "1", re.sub(r"<str:\w+>", "x", route))


def something(home: Path) -> None:
    """A customer, a load with a file of rejects, and a job that loads, all number one, and a segment called x."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from regulars.segments import actions
    from regulars.store.models import Customer, Import, Job

    now = datetime.now(UTC)
    Customer.objects.create(id=1, created_at=now, updated_at=now)
    actions.create("x", "X", {"field": "orders", "operator": ">=", "value": 2}, now)
    told = {"source": {"file": "a.csv", "print": [0, 0]}}
    Import.objects.create(
        id=1, origin="a.csv", state="done", started_at=now, rejects="rejects.parquet", account=told
    )
    Job.objects.create(
        id=1,
        kind="load",
        payload={"file": "a.csv"},
        state="waiting",
        run_at=now,
        most_attempts=1,
        created_at=now,
    )
    (home / "imports").mkdir()
    for name in ("rejects", "imports/1-rows"):
        pq.write_table(
            pa.table({"file": ["a.csv"], "line": [1], "value": ["=1+1"]}), home / f"{name}.parquet"
        )


def test_every_page_says_whom_it_is_for_and_is_for_nobody_else(settings: Any) -> None:
    from regulars.web.console.door import EVERYBODY, PAGES, SIGNED_IN, urlpatterns

    assert len(PAGES) == len(urlpatterns)
    person("owner", email="first@shop.example")
    something(settings.home)
    browsers = {role: signed_in(role) for role in rules.ROLES}
    for page in PAGES:
        assert page.whom in (EVERYBODY, SIGNED_IN, *rules.PERMISSIONS)
        path = path_of(page.route)
        if page.whom == EVERYBODY:
            continue
        for method in [name for name in ("get", "post") if getattr(page, name) is not None]:
            stranger = getattr(Browser().client, method)(path)
            assert (stranger.status_code, stranger.headers["Location"][:8]) == (302, "/sign-in"), path
            for role, browser in browsers.items():
                allowed = page.whom == SIGNED_IN or rules.may([role], page.whom)
                # A post without a form's token: who may is told of the form, who may not of the role.
                answer = getattr(browser.client, method)(path)
                assert answer.status_code == (200 if allowed and method == "get" else 403), (path, role)
                if answer.streaming:
                    continue
                assert ("role" in answer.content.decode().split("<h1>")[1][:60]) == (not allowed), (
                    path,
                    role,
                )


def test_no_form_does_anything_without_its_token(settings: Any) -> None:
    from regulars.web.console.door import PAGES

    owner = signed_in("owner")
    other = Browser()
    theirs = other.token()
    for page in PAGES:
        if page.post is None:
            continue
        path = path_of(page.route)
        for token in ("", "x" * 32, theirs, "ż"):
            assert owner.post(path, token=token, act="link").status_code == 403, path
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert owner.post("/users", headers=headers, name="x").status_code == 403
    assert owner.post("/keys", name="K", scope="orders:read").status_code == 200


def test_a_session_given_beforehand_is_not_the_one_that_signs_in(settings: Any) -> None:
    user = person("owner")
    browser = Browser()
    browser.client.cookies["regulars-session"] = "chosen-by-somebody-else"
    browser.sign_in(user.email)
    first = browser.client.cookies["regulars-session"].value
    assert first != "chosen-by-somebody-else"
    attacker = Browser()
    attacker.client.cookies["regulars-session"] = "chosen-by-somebody-else"
    assert attacker.get("/").status_code == 302
    browser.sign_in(user.email)
    assert browser.client.cookies["regulars-session"].value != first
    attacker.client.cookies["regulars-session"] = first
    assert attacker.get("/").status_code == 302, "the session before is over"


def test_wrong_e_mail_and_wrong_password_are_told_alike(settings: Any, monkeypatch: Any) -> None:
    from django.contrib.auth.hashers import ScryptPasswordHasher

    person("owner")
    gone = person("analyst")
    from regulars.access.people import actions

    actions.set_active(gone.id, False, who="test", now=datetime.now(UTC))
    actions.create("new@shop.example", "New", ["analyst"], "", who="test", now=datetime.now(UTC))
    worked = []
    encode = ScryptPasswordHasher.encode
    monkeypatch.setattr(
        ScryptPasswordHasher,
        "encode",
        lambda self, *told, **more: worked.append(1) or encode(self, *told, **more),
    )
    told = set()
    for email in ("owner@shop.example", "nobody@shop.example", gone.email, "new@shop.example", "no e-mail"):
        browser = Browser()
        token = browser.token()
        worked.clear()
        answer = browser.post("/sign-in", token=token, email=email, password="wrong wrong wrong")
        text = answer.content.decode().replace(token, "").replace(email, "")
        told.add((answer.status_code, text, len(worked)))
    assert len(told) == 1
    assert next(iter(told))[0] == 403
    assert next(iter(told))[2] == 1, "each of them works out one slow hash"


@pytest.mark.parametrize("email", ["owner@shop.example", "nobody@shop.example"])
def test_guessing_grows_slower_whoever_is_guessed(settings: Any, email: str) -> None:
    person("owner")
    statuses = [Browser().sign_in(email, "wrong wrong wrong").status_code for _ in range(8)]
    assert statuses[:5] == [403] * 5
    assert statuses[-1] == 429
    late = Browser().sign_in(email)
    assert (late.status_code, int(late.headers["Retry-After"]) >= 1) == (429, True)


def test_a_stranger_who_guesses_does_not_lock_out_a_browser_that_is_known(settings: Any) -> None:
    owner = signed_in("owner")
    owner.post("/sign-out")
    from regulars.store.models import Attempt

    for _ in range(8):
        Browser().sign_in("owner@shop.example", "wrong wrong wrong")
    Attempt.objects.filter(key__startswith="address:").delete()  # the stranger is somewhere else
    assert Browser().sign_in("owner@shop.example").status_code == 429
    assert owner.sign_in("owner@shop.example").status_code == 302


def test_many_guesses_at_once_are_not_more_than_one_after_another(settings: Any, monkeypatch: Any) -> None:
    from django.db import connections

    from regulars.access.people import passwords
    from regulars.access.sessions import actions
    from regulars.access.sessions.actions import Browser as From
    from regulars.kit.errors import RegularsError

    monkeypatch.setattr(passwords, "_seats", threading.BoundedSemaphore(12))
    monkeypatch.setattr(passwords, "_hashing", threading.BoundedSemaphore(12))
    person("owner")
    codes, now = [], datetime.now(UTC)

    def guess() -> None:
        try:
            actions.sign_in(
                "owner@shop.example", "wrong wrong", From("10.0.0.1", "", ""), settings.home, now=now
            )
        except RegularsError as error:
            codes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(codes)) == ["people.wait", "people.wrong"]
    assert codes.count("people.wrong") == 5


def test_sessions_end(settings: Any) -> None:
    from regulars.access.sessions import queries
    from regulars.store.models import Session

    browser = signed_in("owner")
    token = browser.client.cookies["regulars-session"].value
    now = datetime.now(UTC)
    assert queries.session(token, now + timedelta(hours=11)) is not None
    assert queries.session(token, now + timedelta(hours=13)) is None, "idle"
    Session.objects.update(seen_at=now + timedelta(days=7))
    assert queries.session(token, now + timedelta(days=7, minutes=1)) is None, "too old"
    Session.objects.update(seen_at=now)
    second = Browser()
    second.sign_in("owner@shop.example")
    assert second.get("/").status_code == 200
    changed = browser.post("/account/password", password=PASSWORD, new_password="another long password")
    assert changed.status_code == 302
    assert browser.get("/").status_code == 200
    assert second.get("/").status_code == 302, "another password signs out everywhere else"
    assert token != browser.client.cookies["regulars-session"].value


def test_other_people_cannot_end_a_session(settings: Any) -> None:
    from regulars.store.models import Session

    owner, analyst = signed_in("owner"), signed_in("analyst")
    theirs = Session.objects.get(user__email="owner@shop.example")
    analyst.post("/account/sessions", session=str(theirs.id))
    assert owner.get("/").status_code == 200


@pytest.mark.parametrize(
    "told",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:x",
        "/\tx",
        "",
        "/a\r\nb",
    ],
)
def test_signing_in_leads_nowhere_else(settings: Any, told: str) -> None:
    user = person("owner")
    assert Browser().sign_in(user.email, next=told).headers["Location"] == "/"
    assert Browser().sign_in(user.email, next="/keys?x=1").headers["Location"] == "/keys?x=1"


def test_every_answer_says_what_pages_may_do(settings: Any) -> None:
    browser = signed_in("owner")
    for path in (
        "/",
        "/sign-in",
        "/nothing",
        "/users/99999999999999999999999",
        "/link/x",
        "/%00",
        "/audit?before=x",
    ):
        answer = browser.get(path)
        assert answer.status_code in (200, 302, 400, 404), path
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "<script" not in answer.content.decode()
        assert "style=" not in answer.content.decode()
    cookie = browser.client.cookies["regulars-session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    assert Browser().client.put("/sign-in").status_code == 405
    assert Browser().client.get("/sign-out").status_code in (302, 405)


def test_behind_a_proxy_that_is_believed_cookies_are_for_https_only(home: Any) -> None:
    from django.conf import settings as django

    home(behind_proxy="true", allowed_hosts="testserver")
    answer = Browser(**{"X-Forwarded-Proto": "https"}).get("/sign-in")
    assert answer.headers["Strict-Transport-Security"]
    cookie = answer.cookies["__Host-regulars-form"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert Browser().get("/sign-in", headers={"Host": "evil.example"}).status_code == 400
    home(behind_proxy="false")
    assert not django.REGULARS.behind_proxy
    assert "__Host-regulars-form" not in Browser(**{"X-Forwarded-Proto": "https"}).get("/sign-in").cookies


def test_hostile_names_stay_text(settings: Any) -> None:
    owner = signed_in("owner")
    name = "<img src=x onerror=alert(1)> {{7*7}} %s"
    told = owner.post("/users", name=name, email="a'b@x.example", role="analyst").content.decode()
    assert "/link/" in told
    for path in ("/users", "/users/2", "/audit"):
        assert "<img src=x" not in owner.get(path).content.decode()
    for fields in ({"name": "\0", "email": "x", "role": "owner"}, {"name": "a" * 5000, "email": "b@c.d"}, {}):
        assert owner.post("/users", **fields).status_code == 422
    assert "two-factor" in owner.get("/account").content.decode()


def test_pages_speak_polish_where_the_browser_or_the_person_does(settings: Any) -> None:
    assert 'lang="pl"' in Browser(**{"Accept-Language": "pl-PL,pl;q=0.9"}).get("/sign-in").content.decode()
    owner = signed_in("owner")
    owner.post("/account/language", language="pl")
    assert 'lang="pl"' in owner.get("/").content.decode()


def test_keys_are_made_shown_once_and_revoked(settings: Any) -> None:
    from regulars.store.models import ApiKey

    owner = signed_in("owner")
    shown = owner.post("/keys", name="Sync", scope=["orders:read", "orders:write"]).content.decode()
    key = ApiKey.objects.get()
    assert f"rk_{key.prefix}_" in shown
    assert f"rk_{key.prefix}_" not in owner.get("/keys").content.decode()
    owner.post("/keys/revoke", prefix=key.prefix)
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert owner.post("/keys", name="None").status_code == 422
    log = owner.get("/audit?what=key.").content.decode()
    assert "key.create" in log
    assert "key.revoke" in log
    assert "session.start" not in log
