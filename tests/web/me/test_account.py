"""The shopper's page: opened once by what the shop signed, for one person, inside the shop's pages alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.docs.pages import ROOT, blocks
from tests.web.console import shop

SERVER = "https://regulars.example.com"
PAGE = ROOT / "docs" / "account-page.md"


@pytest.fixture(autouse=True)
def fresh() -> None:
    from regulars.web.me.throttle import THROTTLE

    THROTTLE.forget()


@pytest.fixture
def settings(home: Any) -> Any:
    found = home(time_zone="Europe/Warsaw", storefronts="https://shop.example,https://www.shop.example")
    shop.made(3)
    return found


def made_key(settings: Any) -> Any:
    from regulars.access import actions

    return actions.create("Pages", ["collect"], settings.home, who="test", now=datetime.now(UTC))


def address_of() -> Any:
    """The function of the documentation's example."""
    names: dict[str, Any] = {}
    code = next(block.text for block in blocks(PAGE) if block.language == "python")
    exec(compile(code, "example", "exec"), names)
    return names["account_address"]


class Shopper:
    def __init__(self, settings: Any, **headers: str) -> None:
        from django.test import Client

        self.client = Client(headers=headers)
        self.key = made_key(settings)

    def address(self, customer: str, **more: Any) -> str:
        told = address_of()(SERVER, self.key.text, self.key.signing, customer, **more)
        return str(told.removeprefix(SERVER))

    def enter(self, customer: str, **more: Any) -> str:
        answer = self.client.get(self.address(customer, **more))
        assert answer.status_code == 302, answer.content.decode()
        return str(answer.headers["Location"])

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.content.decode()
        return str(answer.content.decode())


def code_of(answer: Any) -> str:
    assert answer.status_code == 403, answer.content.decode()
    found = re.search(r"<small>(me\.\w+)</small>", answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def test_the_shop_opens_the_page_of_one_customer(settings: Any) -> None:
    shopper = Shopper(settings)
    path = shopper.enter("c1", language="pl", look="accent:ffd400,radius:4,font:serif")
    page = shopper.page(path)
    assert 'lang="pl"' in page
    for mine in ("Ada1", "ada1@shop.example", "FV/1", "FV/2", "FV/3", "123,45", "Polska"):
        assert mine in page, mine
    assert "&lt;b&gt;Green&lt;/b&gt; tea" in page
    for other in ("Brzęczyszczykiewicz", "ada2@shop.example", "Ada3"):
        assert other not in page, other
    style = shopper.page(f"{path}/look.css")
    assert "--me-accent: #ffd400" in style
    assert "--me-accent-text: #000000" in style, "black is easier to read on yellow"
    assert "--me-radius: 4px" in style
    assert "FV/1" not in shopper.page(shopper.enter("c2"))


def test_browsers_are_told_who_may_frame_it_and_that_nobody_learns_its_address(settings: Any) -> None:
    shopper = Shopper(settings)
    answer = shopper.client.get(shopper.enter("c1"))
    told = answer.headers
    assert (
        "frame-ancestors 'self' https://shop.example https://www.shop.example"
        in told["Content-Security-Policy"]
    )
    assert "default-src 'none'" in told["Content-Security-Policy"]
    assert "script-src" not in told["Content-Security-Policy"]
    assert "X-Frame-Options" not in told, "it would forbid what the policy allows"
    assert told["Referrer-Policy"] == "no-referrer"
    assert told["Cache-Control"] == "no-store"
    assert not answer.cookies
    page = answer.content.decode()
    assert "<script" not in page
    assert " style=" not in page
    assert not re.findall(r'(?:href|src|action)="(?!/me/|data:,)[^"]*"', page), "it leads nowhere else"
    assert shopper.client.get("/sign-in").headers["X-Frame-Options"] == "DENY"


def test_an_entry_works_once_and_not_for_long(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shopper = Shopper(settings)
    address = shopper.address("c1")
    first = shopper.client.get(address)
    assert first.status_code == 302
    assert code_of(shopper.client.get(address)) == "me.used"
    now = int(time.time())
    for until in (now - 1, now + 4000):
        assert code_of(shopper.client.get(shopper.address("c1", until=until))) == "me.expired"
    path = first.headers["Location"]
    shopper.page(path)
    monkeypatch.setattr(time, "time", lambda: now + 31 * 60)
    assert code_of(shopper.client.get(path)) == "me.expired"
    assert (
        code_of(shopper.client.post(f"{path}/consents", {"asked-email": "1", "email": "on"})) == "me.expired"
    )


def test_nothing_can_be_changed_in_an_entry(settings: Any) -> None:
    from regulars.access import actions

    shopper = Shopper(settings)
    told = {
        name: values[0]
        for name, values in parse_qs(
            urlsplit(shopper.address("c1", language="pl", look="radius:4")).query
        ).items()
    }
    other = made_key(settings)
    for change in (
        {"customer": "c2"}, {"customer": "c1 "}, {"until": str(int(told["until"]) + 1)}, {"nonce": "another-nonce-1"}, {"language": "en"},
        {"look": "radius:5"}, {"signature": "0" * 64}, {"key": other.text}, {"key": "wk_nothing"}, {"key": told["key"][:-1] + "_"},
    ):  # fmt: skip
        assert code_of(shopper.client.get(f"/me?{urlencode(told | change)}")) == "me.signature", change
    for change in (
        {"customer": ""}, {"customer": "c1\n"}, {"customer": "x" * 400}, {"until": "soon"}, {"until": "9" * 30}, {"nonce": "short"}, {"nonce": "a b c d e f"},
        {"language": "xx"}, {"look": "accent:red"}, {"look": "accent:0a7d55;}"}, {"look": "url(x)"}, {"look": "x" * 300}, {"signature": ""}, {"signature": "ż" * 64},
    ):  # fmt: skip
        assert code_of(shopper.client.get(f"/me?{urlencode(told | change)}")) == "me.entry", change
    assert code_of(shopper.client.get("/me")) == "me.entry"
    assert shopper.client.get(f"/me?{urlencode(told)}").status_code == 302, "and as it was signed it works"
    secret = actions.create("Orders", ["orders:read"], settings.home, who="test", now=datetime.now(UTC))
    assert code_of(shopper.client.get(f"/me?{urlencode(told | {'key': secret.text})}")) == "me.signature"


def test_a_signature_for_events_opens_nothing(settings: Any) -> None:
    from regulars.web.edge.trust import signature

    shopper = Shopper(settings)
    told = {
        "key": shopper.key.text,
        "customer": "c1",
        "until": str(int(time.time()) + 60),
        "nonce": "0123456789",
    }
    proof = signature(shopper.key.signing.encode(), "c1")
    assert code_of(shopper.client.get(f"/me?{urlencode(told | {'signature': proof})}")) == "me.signature"


def test_a_pass_cannot_be_made_or_changed_and_ends_with_its_key(settings: Any) -> None:
    from regulars.store.models import ApiKey

    shopper = Shopper(settings)
    path = shopper.enter("c1")
    body, _, proof = path.removeprefix("/me/").partition(".")
    for wrong in (
        f"{body}x.{proof}",
        f"{body}.{proof[:-1]}A",
        body,
        f".{proof}",
        "x",
        "ż",
        "a.b",
        "%2e%2e",
        "x" * 5000,
    ):
        assert code_of(shopper.client.get(f"/me/{wrong}")) == "me.expired", wrong
    ApiKey.objects.update(revoked_at=datetime.now(UTC))
    assert code_of(shopper.client.get(path)) == "me.expired"


def test_what_a_shopper_agrees_to_is_written_down_once(settings: Any) -> None:
    from regulars.store.models import Consent

    shopper = Shopper(settings)
    path = shopper.enter("c2", language="pl")
    asked = {f"asked-{each}": "1" for each in ("analytics", "profiling", "email", "sms")}
    for _ in range(2):
        answer = shopper.client.post(
            f"{path}/consents", asked | {"analytics": "on", "email": "on", "push": "on", "nothing": "on"}
        )
        assert answer.headers["Location"] == f"{path}?saved=1"
    said = {each.purpose: each for each in Consent.objects.all()}
    assert {each: one.granted for each, one in said.items()} == {"profiling": False, "email": True}
    assert {one.customer_id for one in said.values()} == {2}
    assert said["email"].source == "account page"
    assert "e-mail" in said["email"].wording
    page = shopper.page(f"{path}?saved=1")
    assert "Zapisano" in page
    assert re.search(r'name="email" checked', page)
    assert not re.search(r'name="profiling" checked', page)
    # A page that did not ask says nothing: what was not on it stays.
    shopper.client.post(f"{path}/consents", {"asked-sms": "1"})
    assert Consent.objects.count() == 2


def test_a_form_of_another_site_changes_nothing(settings: Any) -> None:
    from regulars.store.models import Consent

    shopper = Shopper(settings)
    path = shopper.enter("c2")
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = shopper.client.post(f"{path}/consents", {"asked-email": "1", "email": "on"}, headers=headers)
        assert answer.status_code == 403, headers
    assert shopper.client.get(f"{path}/consents").status_code == 405
    assert shopper.client.post(path).status_code == 405
    assert not Consent.objects.exists()
    # A page that sends no referrer names no origin.
    assert (
        shopper.client.post(
            f"{path}/consents", {"asked-email": "1", "email": "on"}, headers={"Origin": "null"}
        ).status_code
        == 302
    )


def test_somebody_unknown_and_somebody_merged(settings: Any) -> None:
    from regulars.store.models import Customer

    shopper = Shopper(settings)
    path = shopper.enter("nobody-yet")
    assert "Nothing is kept of you here yet" in shopper.page(path)
    assert (
        code_of(shopper.client.post(f"{path}/consents", {"asked-email": "1", "email": "on"})) == "me.expired"
    )
    # Our own keys are no names of the shop's.
    assert "Nothing is kept" in shopper.page(shopper.enter("key:1"))
    path = shopper.enter("c3")
    Customer.objects.filter(id=3).update(merged_into=1)
    assert "Ada1" in shopper.page(path)


def test_who_asks_too_much_waits(settings: Any) -> None:
    shopper = Shopper(settings)
    answers = [shopper.client.get("/me").status_code for _ in range(70)]
    assert answers[:60] == [403] * 60
    assert answers[-1] == 429
    assert shopper.client.get("/sign-in").status_code == 200, "others go on"


def test_it_asks_no_more_the_more_there_is(settings: Any, queries: Any) -> None:
    from datetime import timedelta

    from regulars.store.models import Order, OrderLine

    shopper = Shopper(settings)
    path = shopper.enter("c1")
    shopper.page(path)
    few = queries(lambda: shopper.page(path))
    for number in range(10, 40):
        Order.objects.create(
            id=number, order_id=f"FV/{number}", customer_id=1, ordered_at=shop.AT + timedelta(days=number), ordered_on=shop.DAY, currency="PLN", content=number,
            updated_at=shop.AT, status="cancelled" if number % 2 else "test",
        )  # fmt: skip
        OrderLine.objects.create(order_id=number, line=1, product_id=1, quantity=1, gross_minor=100)
    page = shopper.page(path)
    assert "Cancelled" in page
    assert "FV/38" not in page, "test orders are nobody's"
    assert queries(lambda: shopper.page(path)) == few <= 14


def test_pages_with_no_shop_are_framed_by_nobody(home: Any) -> None:
    settings = home(time_zone="UTC")
    shop.made(3)
    shopper = Shopper(settings)
    told = shopper.client.get(shopper.enter("c1")).headers["Content-Security-Policy"]
    assert told.endswith("frame-ancestors 'self'")


@pytest.mark.parametrize("program", ["node", "php"])
def test_the_other_examples_sign_the_same(settings: Any, tmp_path: Path, program: str) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"no {program} on this machine")
    shopper = Shopper(settings)
    text = next(
        block.text for block in blocks(PAGE) if block.language == {"node": "js", "php": "php"}[program]
    )
    told = ", ".join(
        f'"{each}"' for each in (SERVER, shopper.key.text, shopper.key.signing, "c1", "pl", "radius:4")
    )
    if program == "node":
        script = tmp_path / "sign.mjs"
        script.write_text(f"{text}\nconsole.log(accountAddress({told}));\n")
    else:
        script = tmp_path / "sign.php"
        script.write_text(f"<?php\n{text}\necho account_address({told});\n")
    done = subprocess.run([found, str(script)], capture_output=True, text=True, timeout=60, check=True)
    assert shopper.client.get(done.stdout.strip().removeprefix(SERVER)).status_code == 302
