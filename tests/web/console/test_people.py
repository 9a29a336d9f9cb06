"""People: links of one use, two factors, the last owner, and what the audit keeps."""

from __future__ import annotations

import json
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.web.console.conftest import PASSWORD, Browser, person, signed_in

from regulars.access.people import totp
from regulars.kit.errors import RegularsError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def together(*calls: Any) -> list[str]:
    """Make calls at once; return the code of each error, ``done`` for none."""
    from django.db import connections

    told: list[str] = []

    def run(call: Any) -> None:
        try:
            call()
            told.append("done")
        except RegularsError as error:
            told.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


def enrolled(browser: Browser) -> tuple[str, list[str]]:
    """Switch the second factor on; return its secret and the recovery codes."""
    page = browser.get("/account/two-factor").content.decode()
    assert "<svg" in page
    secret = re.search(r'<code class="secret">([A-Z2-7]{32})<', page)[1]
    shown = browser.post("/account/two-factor", code=code_now(secret), password=PASSWORD).content.decode()
    return secret, re.findall(r"<li>([a-z2-9-]{19})</li>", shown)


def code_now(secret: str, later: int = 0) -> str:
    import base64

    return totp.code(base64.b32decode(secret), int(datetime.now(UTC).timestamp()) // 30 + later)


def test_the_first_owner_comes_by_a_link_that_opens_once(settings: Any) -> None:
    from regulars.access.people import actions, queries

    token = actions.invite(None, who="command", now=datetime.now(UTC))
    browser = Browser()
    fields = {"name": "Ada", "email": " Ada@Shop.Example ", "password": PASSWORD}
    assert browser.post(f"/link/{token}", **(fields | {"password": "short"})).status_code == 422
    assert browser.post(f"/link/{token}", **(fields | {"password": "password1234"})).status_code == 422
    assert browser.post(f"/link/{token}", **fields).headers["Location"] == "/"
    assert browser.get("/users").status_code == 200
    assert queries.everybody()[0].email == "ada@shop.example"
    assert Browser().get(f"/link/{token}").status_code == 404
    assert Browser().post(f"/link/{token}", **fields).status_code == 422
    assert queries.link(token, datetime.now(UTC)) is None


def test_a_link_used_twice_at_once_makes_one_owner(settings: Any) -> None:
    from regulars.access.people import actions

    token = actions.invite(None, who="command", now=NOW)
    calls = [
        lambda n=n: actions.accept(token, PASSWORD, now=NOW, address=f"{n}@x.pl", name="A") for n in "abc"
    ]
    assert together(*calls) == ["done", "people.link", "people.link"]


def test_a_link_ends(settings: Any) -> None:
    from regulars.access.people import actions, queries

    user = person("owner")
    first = actions.invite(user.id, who="test", now=NOW)
    second = actions.invite(user.id, who="test", now=NOW)
    assert queries.link(first, NOW) is None
    assert queries.link(second, NOW + timedelta(days=2)) is not None
    assert queries.link(second, NOW + timedelta(days=4)) is None


def test_a_second_factor_is_asked_for_and_no_code_counts_twice(settings: Any) -> None:
    owner = signed_in("owner")
    secret, codes = enrolled(owner)
    assert len(set(codes)) == 10
    browser = Browser()
    assert browser.sign_in("owner@shop.example").headers["Location"] == "/sign-in/code?next=%2F"
    half = browser.client.cookies["regulars-session"].value
    assert browser.get("/").status_code == 302, "a password alone opens nothing"
    token = re.search(r'name="form" value="([^"]+)"', browser.get("/sign-in/code").content.decode())[1]
    used = code_now(secret)
    assert browser.post("/sign-in/code", token=token, code=used).status_code == 422, "enrolment used it"
    assert browser.post("/sign-in/code", token=token, code=code_now(secret, 1)).status_code == 302
    assert browser.get("/").status_code == 200
    assert browser.client.cookies["regulars-session"].value != half
    again = Browser()
    again.sign_in("owner@shop.example")
    token = re.search(r'name="form" value="([^"]+)"', again.get("/sign-in/code").content.decode())[1]
    for wrong in (code_now(secret, 1), "", "ż", "000000' OR 1=1"):
        assert again.post("/sign-in/code", token=token, code=wrong).status_code == 422
    assert again.post("/sign-in/code", token=token, code=codes[0].upper()).status_code == 302


def test_a_recovery_code_used_many_times_at_once_counts_once(settings: Any) -> None:
    from regulars.access.people import actions

    user = person("owner")
    secret = actions.begin_two_factor(user.id, settings.home)
    import base64

    code = totp.code(base64.b32decode(secret), int(NOW.timestamp()) // 30)
    codes = actions.confirm_two_factor(user.id, code, settings.home, now=NOW)
    user.refresh_from_db()
    assert secret not in user.totp, "encrypted"
    taken: list[bool] = []
    together(*[lambda: taken.append(actions.take_code(user, codes[0], settings.home, NOW))] * 6)
    assert taken.count(True) == 1


def test_the_last_owner_stays(settings: Any) -> None:
    from regulars.access.people import actions

    one, other = person("owner"), person("owner", email="other@shop.example")
    calls = [lambda u=u: actions.set_active(u.id, False, who="test", now=NOW) for u in (one, other)]
    assert together(*calls) == ["done", "people.last_owner"]
    for user in (one, other):
        user.refresh_from_db()
    left = one if one.is_active else other
    with pytest.raises(RegularsError, match="Nobody would be left"):
        actions.set_roles(left.id, ["analyst"], who="test", now=NOW)


def test_the_audit_keeps_no_secret(settings: Any) -> None:
    from regulars.store.models import Audit

    owner = signed_in("owner")
    secret, codes = enrolled(owner)
    Browser().sign_in("my secret password typed here", "x")
    Browser().sign_in("owner@shop.example", "wrong wrong wrong")
    told = json.dumps(list(Audit.objects.values("who", "what", "object", "details")))
    for kept in (PASSWORD, secret, codes[0], "typed here", "wrong wrong", "owner@shop.example"):
        assert kept not in told
    assert {"user.create", "session.start", "session.refused", "user.two_factor_on"} <= set(
        Audit.objects.values_list("what", flat=True)
    )


def test_who_is_deactivated_is_out_at_once(settings: Any) -> None:
    from regulars.store.models import User

    owner, analyst = signed_in("owner"), signed_in("analyst")
    user = User.objects.get(email="analyst@shop.example")
    assert owner.post(f"/users/{user.id}", act="deactivate").status_code == 302
    assert analyst.get("/").status_code == 302
    assert analyst.sign_in(user.email).status_code == 403


def test_a_sign_in_under_way_ends_where_the_password_changes(settings: Any, monkeypatch: Any) -> None:
    from regulars.access.people import passwords
    from regulars.access.sessions import actions as sessions
    from regulars.store.models import Session, User

    user = person("owner")
    slow, other = passwords.matches, passwords.hashed("another long password")

    def matches(told: str, kept: str) -> bool:
        found = slow(told, kept)
        User.objects.filter(id=user.id).update(password=other)
        return found

    monkeypatch.setattr(passwords, "matches", matches)
    browser = sessions.Browser("10.0.0.1", "", "")
    with pytest.raises(RegularsError, match="do not go together"):
        sessions.sign_in("owner@shop.example", PASSWORD, browser, settings.home, now=NOW)
    assert not Session.objects.exists()


def test_a_second_factor_under_way_ends_where_the_session_does(settings: Any, monkeypatch: Any) -> None:
    from regulars.access.people import actions
    from regulars.access.sessions import actions as sessions
    from regulars.store.models import Session

    user = person("owner")
    browser = sessions.Browser("10.0.0.1", "", "")
    _, first = sessions.sign_in("owner@shop.example", PASSWORD, browser, settings.home, now=NOW)

    def taken(*_: Any) -> bool:
        actions.set_password(user.id, "another long password", who="test", now=NOW)
        return True

    monkeypatch.setattr(actions, "take_code", taken)
    with pytest.raises(RegularsError, match="do not go together"):
        sessions.second_factor(first, "000000", browser, settings.home, NOW)
    assert not Session.objects.exists()
