"""Segments built in a real Chromium, over a shop with a lake: what a person does, by keys and by hand, and how the page bears a slow server."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.browsing import AXE, chromium, kept_by, serving
from tests.homes import opened
from tests.web.api.told import line, order
from tests.web.conftest import Program, key_of
from tests.web.console.conftest import PASSWORD
from tests.web.console.test_browser import looked_at

pytestmark = pytest.mark.browser
OWNER = "owner@shop.example"
NEVER_KEPT = {"all": [{"field": "orders", "operator": ">=", "value": 1}, {"any": [{"segment": "repeat"}, {"event": {
    "type": "purchase", "aggregate": "sum", "of": "net", "operator": "between", "value": ["5", "99.50"], "window": {"last_days": 90},
    "where": {"property": "product", "operator": "one_of", "value": ["cup", "tea"]}}}]}]}  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Thirty customers who bought lately, and Ada, who bought most of all and has not been seen for four months."""
    from regulars.access.people import actions as people
    from regulars.runtime.refresh import refresh
    from regulars.segments import actions

    now = datetime.now(UTC)
    found = opened(
        tmp_path_factory.mktemp("segments") / "home", currency="EUR", api_rate="10000", api_burst="10000"
    )
    program = Program(key_of(found))
    sold = [("ada", "tea", 400, 120), ("ada", "tea", 350, 125), ("ada", "cup", 500, 130)]
    for number in range(30):
        sold += [
            (f"c{number}", ("tea", "cup")[number % 2], 10 + number, days) for days in (5 + number % 3, 30)
        ]
    for number, (who, product, gross, days) in enumerate(sold):
        at = (now - timedelta(days=days)).isoformat()
        customer = {"id": who, "email": f"{who}@shop.example"}
        told = order(line(product, f"{gross}.00"), customer=customer, ordered_at=at)
        assert program("PUT", f"orders/{number}", told).status_code == 201
    actions.create("big", "Big & complicated", NEVER_KEPT, now)
    people.create(OWNER, "Olga", ["owner"], PASSWORD, who="test", now=now)
    refresh(found)
    return found


@pytest.fixture(scope="module")
def address(settings: Any) -> Iterator[str]:
    with serving(settings.home) as found:
        yield found


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def state(browser: Any, address: str) -> Any:
    return kept_by(browser, address, OWNER, PASSWORD)


@pytest.fixture
def page(browser: Any, state: Any) -> Iterator[Any]:
    context = browser.new_context(storage_state=state, locale="en-GB", accept_downloads=True)
    found = context.new_page()
    found.set_default_timeout(15_000)
    troubles: list[str] = []
    found.on("pageerror", lambda error: troubles.append(str(error)))
    found.on("console", lambda said: troubles.append(said.text) if "Security Policy" in said.text else None)
    yield found
    context.close()
    assert not troubles, troubles


def refreshed(settings: Any) -> None:
    """Refresh in a thread of its own: the browser's loop runs in this one."""
    from django.db import connections

    from regulars.runtime.refresh import refresh

    def work() -> None:
        refresh(settings)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def counted(page: Any, said: str) -> None:
    """Wait until the count says something, and is said aloud too."""
    page.locator("#count", has_text=said).wait_for()
    page.locator("#count-said", has_text=said).wait_for(state="attached")


def number(page: Any, said: str) -> None:
    """Wait until exactly so many are counted."""
    page.locator("#count .large", has_text=re.compile(f"^{said}$")).wait_for()
    page.locator("#count-said", has_text=re.compile(f"^{said}")).wait_for(state="attached")


def test_build_a_segment_see_its_count_and_export_it(page: Any, address: str, settings: Any) -> None:
    page.goto(f"{address}/segments")
    page.get_by_role("link", name="New segment").click()
    page.get_by_label("What it asks for").select_option("field.net")
    page.get_by_label("Value", exact=True).fill("abc")
    counted(page, "A place of the rule is wrong")
    assert page.get_by_label("Value", exact=True).get_attribute("aria-invalid") == "true"
    assert page.locator("#r-0-wrong").is_visible()
    page.get_by_label("Value", exact=True).fill("60")
    number(page, "11 customers")
    assert page.locator("#r-0-wrong").is_hidden()
    page.keyboard.press("Enter")  # counts, and presses none of the other buttons
    assert page.locator(".condition").count() == 1

    page.get_by_role("button", name="Add a condition").focus()
    page.keyboard.press("Enter")
    second = page.locator("#r-1-what")
    second.wait_for()
    assert page.evaluate("document.activeElement.id") == "r-1-what"
    second.select_option("event.purchase")
    page.locator("#r-1-limit").click()
    page.locator("#r-1-w-0-what").select_option("field.product")
    page.locator("#r-1-w-0-v0").fill("tea")
    number(page, "6 customers")
    assert "19.4% of 31 customers" in page.inner_text("#count")
    assert page.locator(".some li").count() == 6

    page.locator("[data-text] summary").click()
    text = page.get_by_label("Text of the rule")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == text.input_value()
    assert '"product"' in text.input_value()
    text.fill(text.input_value().replace('"60"', '"100"'))
    page.get_by_role("button", name="Apply the text").click()
    number(page, "1 customer")
    assert page.locator("#r-0-v0").input_value() == "100", "what was applied stands in the form"

    page.get_by_label("Title").fill("Tea, and much of it")
    page.get_by_role("button", name="Keep the segment").click()
    page.wait_for_url("**/segments/own/tea-and-much-of-it?done=made")
    assert page.get_by_text("Its members are being found.").is_visible()
    refreshed(settings)
    page.reload()
    assert page.get_by_role("link", name="Show its customers").is_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Export as CSV").click()
    assert taken.value.suggested_filename == "customers-tea-and-much-of-it.csv"
    rows = Path(taken.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert [row.split(",")[0] for row in rows] == ["id", "ada"]
    page.get_by_label("Segment", exact=True).select_option("big")
    page.get_by_role("button", name="Compare").click()
    assert page.locator("svg.overlap").get_attribute("aria-label").startswith("Of 31 customers in either")


def test_find_a_vip_who_is_at_risk(page: Any, address: str) -> None:
    page.goto(f"{address}/segments/new")
    page.get_by_role("link", name="VIPs who have gone quiet").click()
    number(page, "1 customer")
    page.locator(".some a").click()
    page.wait_for_url("**/customers/*")
    assert page.get_by_text("ada@shop.example").first.is_visible()


def test_make_a_segment_without_a_script(browser: Any, address: str, state: Any) -> None:
    context = browser.new_context(storage_state=state, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{address}/segments/new")
    page.get_by_label("Title").fill("Cups")
    page.get_by_label("What it asks for").select_option("event.purchase")
    page.get_by_role("button", name="Update the form").click()
    page.get_by_role("button", name="Only some of them").click()
    page.locator("#r-0-w-0-what").select_option("field.product")
    page.get_by_role("button", name="Update the form").click()
    page.locator("#r-0-w-0-v0").fill("cup")
    page.keyboard.press("Enter")
    # The form is sent, and the page that was there is still there for a moment.
    page.locator("#count .large").get_by_text("16 customers", exact=True).wait_for()
    page.get_by_role("button", name="Add a condition").last.click()
    assert page.locator("#r-0-w-0-v0").input_value() == "cup"
    page.get_by_role("button", name="Remove condition 2").click()
    page.get_by_role("button", name="Keep the segment").click()
    page.wait_for_url("**/segments/own/cups?done=made")
    page.get_by_text("Delete it", exact=True).click()
    page.get_by_role("button", name="Yes, delete it").click()
    assert page.get_by_text("The segment is deleted").is_visible()
    context.close()


def test_the_last_answer_wins_and_a_slow_one_says_so(page: Any, address: str) -> None:
    page.goto(f"{address}/segments/own/big/edit")
    number(page, "31 customers")
    waits: list[float] = [2.6, 0.0]

    def late(route: Any) -> None:
        time.sleep(waits.pop(0) if waits else 0)
        route.continue_()

    page.route("**/segments/preview", late)
    page.locator("#r-0-v0").fill("3")
    page.locator("#count-waits", has_text="Still counting").wait_for()
    page.locator("#r-0-v0").fill("4")
    number(page, "0 customers")
    page.wait_for_timeout(3000)
    assert "0 customers" in page.inner_text("#count"), "three orders would have been one customer"
    assert page.locator("#count-waits").is_hidden()
    page.unroute("**/segments/preview")
    page.route("**/segments/preview", lambda route: route.abort())
    page.locator("#r-0-v0").fill("1")
    page.locator("#count-waits", has_text="The server did not answer").wait_for()
    page.unroute("**/segments/preview")
    page.locator("#r-0-v0").fill("2")
    number(page, "31 customers")


def test_groups_come_and_go_by_keys_alone(page: Any, address: str) -> None:
    page.goto(f"{address}/segments/own/big/edit")
    number(page, "31 customers")
    page.locator("#r-group").focus()
    page.keyboard.press("Enter")
    page.locator("#r-2-0-what").wait_for()
    assert page.evaluate("document.activeElement.id") == "r-2-0-what"
    counted(page, "still to be filled in")
    page.locator("#r-2-remove").focus()
    page.keyboard.press("Enter")
    page.locator("#r-2").wait_for(state="detached")
    number(page, "31 customers")
    assert page.evaluate("document.activeElement !== document.body")
    page.locator("#r-how").focus()
    page.locator("#r-how").select_option("none")
    number(page, "0 customers")
    assert page.evaluate("document.activeElement.id") == "r-how"


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1280, "light", "en-GB"), (390, "dark", "pl-PL"), (390, "light", "en-GB"), (1280, "dark", "pl-PL")],
)
def test_every_state_of_the_form(
    browser: Any, address: str, state: Any, width: int, scheme: str, language: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, locale=language, storage_state=state
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    paths = (
        "/segments",
        "/segments/new",
        "/segments/new?begin=looked-not-bought",
        "/segments/own/big?with=repeat",
        "/segments/own/big/edit",
    )
    for path in paths:
        looked_at(page, address, path, width, f"own-{width}-{scheme}-{language[:2]}")
    counted(page, "31")
    page.locator("#r-0-v0").fill("x")
    page.locator("#r-0-wrong").wait_for()
    page.locator("[data-text] summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert not [each["id"] for each in found if each["impact"] in ("serious", "critical")]
    context.close()
