"""The console in a real Chromium: asks nobody else for anything, fits any screen, passes axe, in both themes and languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.browsing import AXE, chromium, kept_by, serving
from tests.homes import opened
from tests.web.console.conftest import PASSWORD

pytestmark = pytest.mark.browser
OWNER = "owner.of.the.shop@long-name-of-a-shop.example"
PAGES = (
    "/",
    "/value",
    "/segments",
    "/segments/new",
    "/segments/own/quiet",
    "/segments/own/quiet/edit",
    "/customers",
    "/customers?segment=at_risk",
    "/customers?q=nobody+at+all",
    "/customers/1",
    "/recommendations",
    "/recommendations?slot=cart&product=a1&product=a2&customer=1",
    "/recommendations?slot=similar&find=thing&who=ada",
    "/recommendations/rules",
    "/recommendations/rules?slot=for_you",
    "/data",
    "/data/imports/1",
    "/privacy",
    "/settings",
    "/data/imports/2",
    "/data/loads/2",
    "/data/events",
    "/data/events?type=refund",
    "/account",
    "/account/two-factor",
    "/users",
    "/keys",
    "/audit",
    "/nowhere",
)


def something(settings: Any) -> None:
    """A file with rows that cannot be used, a load that goes on, and events, of which some still wait."""
    from tests.web.console.test_events import arrive, compact
    from tests.web.console.test_uploads import orders

    from regulars.runtime.load import load
    from regulars.store.models import Job

    inbox = settings.home / "inbox"
    inbox.mkdir()
    (inbox / "orders.csv").write_bytes(orders())
    load(str(inbox / "orders.csv"), settings)
    now = datetime.now(UTC)
    Job.objects.create(
        id=2, kind="load", payload={"file": "orders.csv"}, state="running", progress=0.4, step="loading",
        run_at=now, most_attempts=1, created_at=now,
    )  # fmt: skip
    arrive(settings, ("view", "c1", "v1"), ("purchase", "c2", "v2"))
    compact(settings)
    arrive(settings, ("cart", "c1", "v1"), ("search", None, "v3"))


def refreshed_before() -> None:
    """Leave refreshes of the days before, so that sizes are drawn over time."""
    from regulars.runtime.segmenting import FAMILY
    from regulars.store.models import Run

    run = Run.objects.defer("page", "summary").get()
    for days, size in enumerate((28, 30, 27, 19, 22, 12, 9)):
        told = run.sizes | {FAMILY: {"quiet": {"title": "Quiet for long", "customers": size}}}
        if not days:
            Run.objects.filter(id=run.id).update(sizes=told)
            continue
        times = {"as_of": run.as_of - timedelta(days=days), "started_at": run.started_at}
        Run.objects.create(id=-days, state=Run.PUBLISHED, sizes=told, **times)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("console") / "home"
    settings = opened(home, currency="PLN", time_zone="Europe/Warsaw")
    from tests.web.console import shelves

    shelves.made(settings, 60)
    something(settings)
    from regulars.access import actions as keys
    from regulars.access.people import actions
    from regulars.recommend.rulebook import Rulebook
    from regulars.runtime import steering
    from regulars.segments import actions as segments

    now = datetime.now(UTC)
    actions.create(OWNER, "Żaneta Brzęczyszczykiewicz", ["owner"], PASSWORD, who="test", now=now)
    actions.create("ben@shop.example", "Ben", ["marketer", "analyst"], PASSWORD, who="test", now=now)
    segments.create(
        "quiet", "Quiet for long", {"field": "last_on", "operator": "before_last_days", "value": 60}, now
    )
    refreshed_before()
    keys.create("Order sync", ["orders:read", "orders:write"], settings.home, who="test", now=now)
    book = Rulebook.from_json({"for_you": {"pin": {"1": "c7"}, "exclude": ["a2"], "boost": [{"category": "d", "factor": 2}]}})  # fmt: skip
    steering.change(book, 0, who="user:1", now=now)
    with serving(home) as found:
        yield found


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def signed_in(browser: Any, address: str) -> Any:
    """What a browser keeps that has signed in."""
    return kept_by(browser, address, OWNER, PASSWORD)


def looked_at(page: Any, address: str, path: str, width: int, name: str) -> None:
    """Hold one page against everything that holds for all."""
    troubles: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + path)
    assert all(url.startswith((address, "data:")) for url in asked), asked
    assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    page.evaluate(AXE.read_text(encoding="utf-8"))  # the page's own policy keeps scripts out of the document
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    grave = [
        (each["id"], each["nodes"][0]["html"][:120])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert not grave, (path, grave)
    assert not troubles, (path, troubles)
    folder = os.environ.get("REGULARS_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}{path.replace('/', '_').replace('?', '-')}.png", full_page=True)


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1280, "light", "en-GB"), (390, "dark", "pl-PL"), (1280, "dark", "pl-PL")],
)
def test_every_page(
    browser: Any, address: str, signed_in: Any, width: int, scheme: str, language: str
) -> None:
    for state, paths in ((None, ("/sign-in",)), (signed_in, PAGES)):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            locale=language,
            storage_state=state,
        )
        page = context.new_page()
        page.set_default_timeout(8000)
        for path in paths:
            looked_at(page, address, path, width, f"{width}-{scheme}-{language[:2]}")
        if language == "pl-PL" and state is None:
            assert page.locator("html").get_attribute("lang") == "pl"
        context.close()


def test_it_works_without_a_script_and_signs_out(browser: Any, address: str, signed_in: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(8000)
    page.goto(f"{address}/keys")
    assert "/sign-in" in page.url
    page.fill("input[name=email]", OWNER)
    page.fill("input[name=password]", "not the password at all")
    page.click("button.first")
    assert page.locator("[role=alert]").count() == 1
    page.fill("input[name=email]", OWNER)
    page.fill("input[name=password]", PASSWORD)
    page.click("button.first")
    page.wait_for_url(f"{address}/keys")
    page.get_by_role("button", name="Sign out").first.click()
    page.goto(f"{address}/keys")
    assert "/sign-in" in page.url
    context.close()


def test_charts_are_drawn_under_the_policy_and_are_tables_without_a_script(
    browser: Any, address: str, signed_in: Any
) -> None:
    context = browser.new_context(storage_state=signed_in)
    page = context.new_page()
    page.set_default_timeout(8000)
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    for path in ("/", "/value", "/segments"):
        page.goto(address + path)
        page.wait_for_selector("html[data-ready]")
        charts = page.locator("[data-chart]").count()
        assert charts
        assert page.locator("[data-chart] svg").count() == charts
        assert page.evaluate(
            "[...document.querySelectorAll('[data-chart] text')].every((text) => text.style.font || text.style.fontSize || text.getAttribute('font-size'))"
        )
    assert not refused, refused
    page.goto(address)
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("button", name="Auto").click()
    context.close()
    context = browser.new_context(storage_state=signed_in, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(8000)
    page.goto(f"{address}/value")
    assert page.locator("details.numbers[open] table").count() >= 5
    assert not page.locator("[data-chart]").first.is_visible()
    context.close()


def test_somebody_is_found_noted_and_kept_in_a_list(browser: Any, address: str, signed_in: Any) -> None:
    context = browser.new_context(storage_state=signed_in, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(8000)
    page.goto(address)
    page.get_by_role("searchbox", name="Find a customer").fill("ada7@shop.example")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/customers/7")
    page.get_by_role("textbox", name="Note").fill("Prefers to be called after six.")
    page.get_by_role("button", name="Write it down").click()
    assert page.get_by_text("Prefers to be called after six.").is_visible()
    page.goto(f"{address}/customers")
    page.get_by_label("Segment").select_option("at_risk")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("Save this list").click()
    page.get_by_label("Name of the list").fill("Slipping")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Slipping").click()
    assert page.locator("a.who").count() == 20
    with page.expect_download() as taken:
        page.get_by_role("link", name="Export as CSV").click()
    assert taken.value.suggested_filename == "customers-at_risk.csv"
    context.close()
