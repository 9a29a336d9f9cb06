"""Every page of a real server in a real Chromium: light and dark, wide and narrow, English and Polish."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.homes import environment
from tests.report.test_browser import AXE, CHROMIUM, FLAGS
from tests.servers import _free_port

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery"
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}
LANGUAGES = {"en": "en-GB", "pl": "pl-PL"}
LONG = "Władysława Niezapominajkowska-Brzęczyszczykiewiczowa"
SHOTS = os.environ.get("REGULARS_SHOTS")
"""Where whoever wants to look at the pages has them kept."""


class Shop:
    """A server with a browser in front of it."""

    def __init__(self, address: str, browser: Any, state: Any, links: dict[str, str]) -> None:
        self.address, self.browser, self.state, self.links = address, browser, state, links

    def page(self, language: str, signed_in: bool = True) -> Any:
        """Open a page that notes what goes wrong and who is asked for something."""
        context = self.browser.new_context(
            locale=LANGUAGES[language],
            viewport=SIZES["wide"],
            reduced_motion="reduce",
            storage_state=self.state if signed_in else None,
        )
        page = context.new_page()
        page.troubles, page.strangers = [], []
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("console", lambda said: page.troubles.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda request: (
                page.strangers.append(request.url)
                if not request.url.startswith((f"{self.address}/", "data:"))
                else None
            ),
        )
        return page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server of an empty home; its address and the link that it printed."""
    home, port = tmp_path_factory.mktemp("console") / "home", _free_port()
    words = ["-m", "regulars", "serve", "--home", str(home), "--port", str(port), "--no-worker"]
    known = environment() | {"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "300", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, *words], env=known, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        text = process.stdout.readline() + process.stdout.readline()
        link = re.search(r"http://\S+/link/\S+", text)
        assert link is not None, text
        yield f"http://127.0.0.1:{port}", link[0]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


@pytest.fixture(scope="module")
def shop(server: tuple[str, str]) -> Iterator[Shop]:
    """A shop whose first owner came by the printed link, and which has people, keys and a log."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    address, link = server
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = Shop(address, browser, None, {})
        page = opened.page("en", signed_in=False)
        _arrive(page, link)
        page.fill("#name", "Ada")
        page.fill("#email", "ada@shop.example")
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="Go on").click()
        page.wait_for_url(f"{address}/")
        opened.state = page.context.storage_state()
        opened.links["invited"] = _invited(page, address)
        _key(page, address)
        yield opened
        browser.close()


def _arrive(page: Any, link: str) -> None:
    """Open a page of a server that is still starting."""
    for _ in range(200):
        try:
            page.goto(link)
        except Exception:  # noqa: BLE001 - Playwright's own, for a port where nobody listens yet
            page.wait_for_timeout(50)
        else:
            return
    pytest.fail("the server does not answer")


def _invited(page: Any, address: str) -> str:
    page.goto(f"{address}/users")
    page.fill("#name", LONG)
    page.fill("#email", "wladyslawa.niezapominajkowska-brzeczyszczykiewiczowa@shop.example")
    for role in ("marketer", "service", "analyst"):
        page.check(f"input[value={role}]")
    page.get_by_role("button", name="Invite").click()
    return str(page.locator("code.secret").inner_text())


def _key(page: Any, address: str) -> None:
    page.goto(f"{address}/keys")
    page.fill("#name", "The shop's own pages")
    page.check("input[value=collect]")
    page.get_by_role("button", name="Make the key").click()
    assert page.locator("code.secret").count() == 2


def looked_at(page: Any, name: str) -> list[str]:
    """Return what is wrong with a page in any colours and any width."""
    found = []
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{name} {size}: {wide} px"] if wide > viewport["width"] else []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += [f"{name} {size} {scheme}: {each}" for each in _violations(page)]
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{size}-{scheme}.png", full_page=True)
    return found


def _violations(page: Any) -> list[str]:
    told = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
    return [
        f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
        for each in told
        if each["impact"] in ("serious", "critical") or each["id"].startswith("landmark")
        for node in each["nodes"][:3]
    ]


def listed(shop: Shop) -> tuple[dict[str, str], dict[str, str]]:
    """Return every address of the list of pages that shows something: before signing in, and after."""
    from regulars.web.console.door import EVERYBODY, PAGES

    before, after = {}, {}
    for page in PAGES:
        if page.get is None or page.route in ("assets/<str:name>", "sign-in/code"):
            continue  # a style sheet; a page that only a second factor leads to, which has a test of its own
        path = page.route.replace("<str:token>", shop.links["invited"].rsplit("/", 1)[1])
        path = path.replace("<int:user>", "2")
        (before if page.whom == EVERYBODY else after)[re.sub(r"\W+", "-", page.route) or "start"] = f"/{path}"
    assert not any("<" in path for path in (*before.values(), *after.values()))
    return before, after


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_calm_wherever_it_is_read(shop: Shop, language: str) -> None:
    wrong = []
    for paths, signed_in in zip(listed(shop), (False, True), strict=True):
        page = shop.page(language, signed_in)
        for name, path in paths.items():
            page.goto(shop.address + path)
            assert page.url == shop.address + path
            assert page.locator("html").get_attribute("lang") == language
            wrong += looked_at(page, f"{language}-{name}")
        wrong += page.troubles + page.strangers
        page.context.close()
    assert wrong == []


def test_what_is_shown_once_and_what_goes_wrong_is_calm_too(shop: Shop) -> None:
    page = shop.page("pl")
    page.goto(f"{shop.address}/users/2")
    page.locator("button[value=link]").click()
    assert page.locator("code.secret").count() == 1
    wrong = looked_at(page, "pl-link-made")
    page.goto(f"{shop.address}/keys")
    page.fill("#name", "x")
    page.check("input[value=collect]")
    page.locator("main form button.first").click()
    wrong += looked_at(page, "pl-key-made")
    wrong += page.troubles + page.strangers
    page.goto(f"{shop.address}/nothing")
    wrong += looked_at(page, "pl-nothing")
    page.goto(f"{shop.address}/users")
    page.fill("#name", "x")
    page.fill("#email", "ada@shop.example")
    page.check("input[value=analyst]")
    page.locator("main form button.first").click()
    assert page.get_by_role("alert").count() == 1
    wrong += looked_at(page, "pl-refused")
    page.context.close()
    assert wrong == []


def test_two_factor_sign_in_by_hand(shop: Shop) -> None:
    """Last of all: from here on the owner signs in with a code."""
    page = shop.page("pl")
    page.goto(f"{shop.address}/account/two-factor")
    code = page.locator("code.secret").inner_text()
    page.fill("#password", PASSWORD)
    page.fill("#code", _code(code))
    page.locator("main form button.first").click()
    recovery = page.locator("ul.codes li").all_inner_texts()
    assert len(recovery) == 10
    wrong = looked_at(page, "pl-codes")
    page.goto(f"{shop.address}/account/two-factor")
    wrong += looked_at(page, "pl-two-factor-on")
    page.goto(f"{shop.address}/account")
    wrong += looked_at(page, "pl-account-two-factor-on")
    page.locator(".me button").click()
    page.fill("#email", "ada@shop.example")
    page.fill("#password", PASSWORD)
    page.locator("button.first").click()
    page.wait_for_selector("#code")
    wrong += looked_at(page, "pl-sign-in-code")
    page.fill("#code", recovery[0])
    page.locator("button.first").click()
    page.wait_for_url(f"{shop.address}/")
    assert wrong + page.troubles + page.strangers == []


def _code(secret: str) -> str:
    import base64
    import time

    from regulars.access.people import totp

    return totp.code(base64.b32decode(secret), int(time.time()) // 30)
