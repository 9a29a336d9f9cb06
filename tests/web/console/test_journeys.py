"""What a merchant does, in a real Chromium against a real server with its worker: a bad file is repaired, an event is seen, a shopper is let in."""

from __future__ import annotations

import csv
import http.server
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.browsing import AXE, chromium, serving, sign_in
from tests.homes import opened
from tests.web.console.conftest import PASSWORD
from tests.web.console.test_browser import OWNER
from tests.web.console.test_uploads import orders
from tests.web.me.test_account import address_of

pytestmark = pytest.mark.browser
SECONDS = 30_000


class Shop(NamedTuple):
    """A shop with one key and its own web pages, and Regulars beside it."""

    regulars: str
    pages: str
    key: Any
    frame: dict[str, str]
    """What the shop's page shows in a frame."""
    settings: Any


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    frame: dict[str, str] = {}

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<!doctype html><title>Shop</title><iframe src='{frame.get('src', '')}' width=900 height=1200></iframe>".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pages = f"http://localhost:{server.server_address[1]}"
    home = tmp_path_factory.mktemp("journeys") / "home"
    settings = opened(home, currency="PLN", time_zone="Europe/Warsaw", storefronts=pages)
    from regulars.access import actions as keys
    from regulars.access.people import actions

    now = datetime.now(UTC)
    actions.create(OWNER, "Olga", ["owner"], PASSWORD, who="test", now=now)
    key = keys.create("Pages", ["collect"], settings.home, who="test", now=now)
    with serving(home, worker=True) as regulars:
        yield Shop(regulars, pages, key, frame, settings)
    server.shutdown()


def apart(work: Callable[[], Any]) -> Any:
    """Ask the store in a thread of its own, where the browser's loop is not."""
    from django.db import connections

    def done() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result()


@pytest.fixture(scope="module")
def browser(shop: Shop) -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Any, shop: Shop) -> Iterator[Any]:
    context = browser.new_context(locale="en-GB", accept_downloads=True)
    found = context.new_page()
    found.set_default_timeout(SECONDS)
    yield found
    context.close()


def track(shop: Shop, event: str, number: int) -> None:
    """Tell of an event as a shop's server does that has no proof of who it was."""
    connection = HTTPConnection(shop.regulars.removeprefix("http://"), timeout=10)
    told = {
        "event": event,
        "messageId": f"journey-{number}",
        "anonymousId": f"v-{number}",
        "properties": {"product_id": f"tea-{number}"},
    }
    headers = {
        "Authorization": "Basic " + b64encode(f"{shop.key.text}:".encode()).decode(),
        "Content-Type": "application/json",
        "User-Agent": "Mozilla/5.0",
    }
    connection.request("POST", "/v1/track", json.dumps(told), headers)
    assert connection.getresponse().status == 200
    connection.close()


def test_import_a_bad_file_and_repair_it(page: Any, shop: Shop, tmp_path: Path) -> None:
    sign_in(page, shop.regulars, OWNER, PASSWORD)
    page.goto(f"{shop.regulars}/data")
    assert page.get_by_role("heading", name="Nothing has come in yet: upload your orders").is_visible()
    # A picture is refused, in words, without leaving the page.
    picture = tmp_path / "logo.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    page.set_input_files("#files", str(picture))
    page.get_by_role("button", name="Upload and load").click()
    page.get_by_text("logo.csv is a PNG picture").wait_for()
    assert page.url == f"{shop.regulars}/data"
    # A file of orders is dropped on the page, and loaded by the worker.
    page.evaluate(
        """content => {
            const files = new DataTransfer();
            files.items.add(new File([content], "orders.csv", {type: "text/csv"}));
            document.querySelector("[data-drop]").dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
        }""",
        orders().decode(),
    )
    page.wait_for_url("**/data/imports/1")
    page.get_by_text("4 of 41 rows could not be used").wait_for()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Rejected rows, to be corrected").click()
    file = tmp_path / "rows.csv"
    taken.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as told:
        rows = list(csv.DictReader(told))
    rows[0]["Order date"] = rows[0]["Order date"].replace(".13.", ".03.")
    rows[1]["Quantity"], rows[2]["Price"] = "3", "21,50"
    with file.open("w", encoding="utf-8", newline="") as out:
        write = csv.DictWriter(out, list(rows[0]), delimiter=";")
        write.writeheader()
        write.writerows(rows)
    page.set_input_files("#corrected", str(file))
    page.get_by_role("button", name="Upload and load").click()
    page.wait_for_url("**/data/imports/2")
    page.get_by_text("with 3 corrected rows").wait_for()
    facts = page.locator("main dl.facts").first.inner_text()
    assert "Changed\n3" in facts
    assert "As they were\n17" in facts
    assert "Rejected rows\n1" in facts


def test_watch_an_event_arrive(page: Any, shop: Shop) -> None:
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    sign_in(page, shop.regulars, OWNER, PASSWORD)
    track(shop, "Product Viewed", 1)
    page.goto(f"{shop.regulars}/data/events")
    page.get_by_text("tea-1").wait_for()
    track(shop, "Product Added", 2)
    page.get_by_text("tea-2").wait_for()
    assert page.locator("tbody tr").first.locator(".kind").inner_text() == "Put into the cart", "newest first"
    assert page.locator("tr.new").count() == 1, "what is new is marked as such"
    page.get_by_role("button", name="Pause").click()
    track(shop, "Product Viewed", 3)
    page.wait_for_timeout(5000)
    assert not page.get_by_text("tea-3").count()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("tea-3").wait_for()
    page.get_by_label("What").select_option("cart")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("tea-2").wait_for()
    assert page.locator("tbody tr").count() == 1
    assert not troubles, troubles
    without = page.context.browser.new_context(
        storage_state=page.context.storage_state(), java_script_enabled=False, locale="en-GB"
    )
    plain = without.new_page()
    plain.goto(f"{shop.regulars}/data/events")
    track(shop, "Products Searched", 4)
    assert not plain.get_by_role("button", name="Pause").is_visible()
    plain.get_by_role("link", name="Look again").click()
    assert plain.get_by_text("tea-4").is_visible()
    without.close()


def test_a_shopper_opens_their_account_inside_the_shop(page: Any, shop: Shop, tmp_path: Path) -> None:
    """The customers of a file, that of the first journey or its like, are known by e-mail only: one is told by the shop's own id."""
    from regulars.runtime.load import load
    from regulars.store.models import Consent, Identifier

    by_email = Identifier.objects.filter(kind="email").order_by("customer_id")

    def named() -> Any:
        if not by_email.exists():
            file = tmp_path / "orders.csv"
            file.write_bytes(orders())
            load(str(file), shop.settings)
        known = by_email[0]
        told = {"customer_id": known.customer_id, "since": datetime.now(UTC)}
        Identifier.objects.get_or_create(kind="store_id", value="c-17", defaults=told)
        return known

    known = apart(named)
    refused: list[str] = []
    asked: list[str] = []
    told: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.on("request", lambda request: told.append(request.headers.get("referer", "")))
    for width, look, language in (
        (900, "accent:0a7d55,radius:4", "en"),
        (390, "ground:101418,text:f2f2f2,accent:ffd400", "pl"),
    ):
        shop.frame["src"] = address_of()(
            shop.regulars, shop.key.text, shop.key.signing, "c-17", language, look
        )
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(shop.pages)
        inside = page.frame_locator("iframe")
        inside.get_by_text(known.value).wait_for()
        frame = page.frames[1]
        assert "signature" not in frame.url, "the entry was exchanged"
        frame.evaluate(AXE.read_text(encoding="utf-8"))
        found = frame.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert not [each["id"] for each in found if each["impact"] in ("serious", "critical")], found
        assert frame.evaluate("getComputedStyle(document.querySelector('button')).backgroundColor") == (
            "rgb(10, 125, 85)" if language == "en" else "rgb(255, 212, 0)"
        )
    inside.locator("input[name=email]").check()
    inside.get_by_role("button", name="Zapisz").click()
    inside.get_by_text("Zapisano").wait_for()
    assert apart(lambda: Consent.objects.get(customer=known.customer_id).purpose) == "email"
    assert not refused, refused
    assert all(url.startswith((shop.regulars, shop.pages, "data:")) for url in asked), asked
    assert not any("/me" in each for each in told), "its address is told to nobody"
    assert not page.context.cookies(), "nothing is kept on the device"
    # A page that the shop did not name may not show it.
    shop.frame["src"] = address_of()(shop.regulars, shop.key.text, shop.key.signing, "c-17")
    page.goto(shop.pages.replace("localhost", "127.0.0.1"))
    page.wait_for_timeout(1500)
    assert any("frame-ancestors" in text for text in refused), refused
