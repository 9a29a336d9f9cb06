"""What an owner does with the console of the demonstration, in a real Chromium; `make pictures` keeps what they see for the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.browsing import chromium, serving
from tests.pictures import keep
from tests.web.shop.test_browser import Visitor

from regulars.runtime import demonstration
from regulars.runtime.settings import Settings

pytestmark = pytest.mark.browser
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(demo_home: Settings) -> Iterator[str]:
    with serving(demo_home.home, "--demo") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def owner(browser: Any, address: str, demo_home: Settings) -> Any:
    """What the owner's browser keeps after the link that the command prints."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/shop/owner/{demonstration.owner_link(demo_home.home)}")
    page.wait_for_url(f"{address}/")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def page(browser: Any, owner: Any) -> Iterator[Any]:
    """A page of the owner's on a wide screen; what goes wrong in it fails the test."""
    context = browser.new_context(viewport=WIDE, storage_state=owner, locale="en-GB")
    found = context.new_page()
    found.set_default_timeout(10_000)
    troubles: list[str] = []
    found.on("pageerror", lambda error: troubles.append(str(error)))
    yield found
    context.close()
    assert not troubles


def test_from_the_first_run_to_the_first_finding(page: Any, address: str) -> None:
    """What the shop is worth stands at the top, what to do about it beside it, and one click further who it is about."""
    page.goto(address)
    assert page.locator("h1").inner_text() == "Overview"
    assert page.locator("h2#h-figures ~ *").first.is_visible()
    keep(page, "console-overview")
    findings = page.locator("ol.told > li")
    assert findings.count() >= 2
    first = findings.first
    assert first.locator("h3").inner_text().endswith(".")
    assert first.locator(".act").inner_text().startswith("Do ")
    first.locator(".act a").click()
    page.wait_for_load_state()
    assert page.url.startswith((f"{address}/value", f"{address}/#", f"{address}/segments"))


def test_somebody_worth_calling_is_found_and_known(page: Any, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Customers", exact=True).click()
    page.get_by_label("Sorted by").select_option(index=0)
    page.get_by_role("button", name="Show", exact=True).click()
    keep(page, "console-customers")
    page.locator("a.who").first.click()
    page.wait_for_url(f"{address}/customers/*")
    assert page.get_by_role("heading", name="Timeline").is_visible()
    assert page.locator("ol.line > li").count() >= 1
    keep(page, "console-customer")


def test_a_segment_is_begun_from_a_ready_rule(page: Any, address: str) -> None:
    page.goto(f"{address}/segments/new")
    page.get_by_role("link", name="Bought once").click()
    page.get_by_role("heading", name="Found now").wait_for()
    page.locator("[aria-live]").filter(has_text="customer").first.wait_for()
    keep(page, "console-segment")
    assert page.get_by_label("Title").input_value()


def test_what_a_page_of_the_shop_would_show_is_seen_with_its_reasons(page: Any, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Recommendations", exact=True).click()
    assert page.locator("main table tbody tr").count() >= 10
    keep(page, "console-recommendations")


def test_what_a_visitor_looks_at_arrives_while_the_owner_watches(
    page: Any, browser: Any, address: str
) -> None:
    shopper = Visitor(browser, address)
    shopper.agree("granted")
    page.goto(f"{address}/data/events")
    shopper.go("/shop/product/1003")
    keep(shopper.page, "shop-product")
    page.locator("tbody tr .kind").first.wait_for(timeout=30_000)
    shopper.go("/shop/product/1090")
    page.wait_for_timeout(3000)
    keep(page, "console-events")
    shopper.context.close()


def test_language_and_theme_are_switched_and_stay(page: Any, address: str) -> None:
    page.goto(f"{address}/value")
    page.get_by_role("button", name="Polski").click()
    assert page.locator("html").get_attribute("lang") == "pl"
    assert page.locator("h1").inner_text() == "Wartość"
    page.get_by_role("button", name="Ciemny").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto(address)
    assert page.locator("h1").inner_text() == "Przegląd"
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Auto").click()
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_way_to_a_customer_on_a_phone(browser: Any, owner: Any, address: str) -> None:
    context = browser.new_context(viewport=PHONE, storage_state=owner, locale="en-GB", has_touch=True)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(address)
    keep(page, "console-phone")
    for path in ("/", "/customers", "/value", "/segments", "/data"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.goto(f"{address}/customers")
    page.locator("a.who").first.tap()
    page.wait_for_url(f"{address}/customers/*")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
