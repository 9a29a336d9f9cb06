"""The demo shop without a browser: it is there only for a demonstration, and its forms and orders hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from tests.homes import opened

from regulars.kit.errors import RegularsError
from regulars.runtime import demonstration
from regulars.runtime.settings import Settings


@pytest.fixture
def shop(demo_home: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    opened(demo_home.home, currency="EUR", time_zone="Europe/Warsaw")
    monkeypatch.setenv(demonstration.SWITCH, str(demo_home.home))
    return Client(HTTP_HOST="localhost")


def token(html: bytes) -> str:
    found = re.search(r'name="form" value="([^"]+)"', html.decode())
    assert found
    return found[1]


def test_it_is_there_only_where_it_was_asked_for(
    demo_home: Settings, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.get("/shop/").status_code == 200
    assert shop.get("/shop/", REMOTE_ADDR="192.0.2.7").status_code == 404
    monkeypatch.delenv(demonstration.SWITCH)
    assert shop.get("/shop/").status_code == 404
    monkeypatch.setenv(demonstration.SWITCH, str(demo_home.home.parent))
    assert shop.get("/shop/").status_code == 404


def test_visits_of_the_last_weeks_say_who_left_a_cart(demo_home: Settings, shop: Client) -> None:
    from regulars.runtime.publication import published

    run = published()
    assert run is not None
    sizes = run.sizes["behaviour"]
    assert sizes["cart_abandoner"]["customers"] > 0
    assert sizes["browse_abandoner"]["customers"] > 0


def test_the_switch_alone_makes_no_shop_of_a_real_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = opened(tmp_path / "real", currency="EUR")
    monkeypatch.setenv(demonstration.SWITCH, str(settings.home))
    assert demonstration.shown(settings) is None
    assert Client(HTTP_HOST="localhost").get("/shop/").status_code == 404


def test_a_home_with_orders_is_never_made_a_demonstration(demo_home: Settings) -> None:
    from regulars import simulator

    settings = opened(demo_home.home, currency="EUR", time_zone="Europe/Warsaw")
    with pytest.raises(RegularsError) as refused:
        demonstration.prepare(simulator.demo(), demo_home.home / "nowhere", settings)
    assert refused.value.code == "demo.home"


def test_forms_of_others_change_nothing(shop: Client) -> None:
    html = shop.get("/shop/product/1001").content
    told = {"product": "1001", "pieces": "2", "form": token(html)}
    assert shop.post("/shop/cart", told, HTTP_ORIGIN="https://evil.example").status_code == 403
    assert shop.post("/shop/cart", told | {"form": "x"}).status_code == 403
    assert Client(HTTP_HOST="localhost").post("/shop/cart", told).status_code == 403
    assert shop.post("/shop/cart", told, HTTP_ORIGIN="http://localhost").status_code == 302
    assert "1001x2" in shop.cookies["shop-cart"].value


def test_an_order_is_one_however_often_it_is_sent(shop: Client) -> None:
    from regulars.store.models import Order, OrderLine

    html = shop.get("/shop/product/1001").content
    shop.post("/shop/cart", {"product": "1001", "pieces": "3", "form": token(html)})
    html = shop.get("/shop/cart").content
    hidden = dict(re.findall(r'type="hidden" name="(order|proof|form)" value="([^"]+)"', html.decode()))
    wrong = shop.post("/shop/order", hidden | {"email": "nobody"})
    assert wrong.status_code == 422
    first = shop.post("/shop/order", hidden | {"email": "guest@shop.example"})
    shop.post("/shop/cart", {"product": "1002", "pieces": "1", "form": hidden["form"]})
    second = shop.post("/shop/order", hidden | {"email": "guest@shop.example"})
    assert first.status_code == second.status_code == 302
    made = Order.objects.get(order_id=hidden["order"])
    line = OrderLine.objects.get(order=made)
    assert int(line.quantity) == 3
    assert 0 < line.tax_minor < line.gross_minor
    assert shop.get(first["Location"]).status_code == 200
    assert shop.get(f"/shop/order/{hidden['order']}?proof=guess").status_code == 404
    assert shop.post("/shop/order", hidden | {"order": "W000000000000"}).status_code == 404


def test_what_a_shopper_agrees_to_is_written_down(demo_home: Settings, shop: Client) -> None:
    from regulars.customers import queries
    from regulars.privacy import queries as consents

    demo = demonstration.marked(demo_home.home)
    assert demo is not None
    who = demo.accounts[0].customer
    form = token(shop.get("/shop/sign-in").content)
    shop.post("/shop/sign-in", {"customer": who, "form": form})
    assert shop.get("/shop/account").status_code == 200
    shop.post("/shop/account/consent", {"email": "on", "profiling": "on", "form": form})
    found = queries.by_name(who)
    assert found is not None
    assert consents.allows(found.id, "email")
    assert not consents.allows(found.id, "analytics")
    shop.post("/shop/account/consent", {"analytics": "on", "profiling": "on", "form": form})
    assert consents.allows(found.id, "analytics")


def test_nobody_signs_in_as_a_customer_that_is_not_on_offer(shop: Client) -> None:
    form = token(shop.get("/shop/sign-in").content)
    assert shop.post("/shop/sign-in", {"customer": "1", "form": form}).status_code == 404
    shop.cookies["shop-who"] = "1|99999999999|forged"
    assert shop.get("/shop/account").status_code == 302


def test_the_owners_link_opens_the_console_once(demo_home: Settings, shop: Client) -> None:
    link = demonstration.owner_link(demo_home.home)
    assert shop.get("/shop/owner/guess").status_code == 404
    assert shop.get(f"/shop/owner/{link}").status_code == 302
    assert shop.get("/account").status_code == 200
    assert Client(HTTP_HOST="localhost").get(f"/shop/owner/{link}").status_code == 404


def test_a_taken_port_is_no_reason_to_see_nothing() -> None:
    import socket

    from regulars.cli.demo import _free

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert _free(taken) not in (taken, 0)
    assert _free(taken) == taken
