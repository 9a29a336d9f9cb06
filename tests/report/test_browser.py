"""The report in a real Chromium: asks nobody for anything, fits any screen, draws its charts, passes axe, reads without a script."""

from __future__ import annotations

import pytest
from tests.browsing import AXE, chromium, photographed
from tests.report import sample
from tests.report.test_page import hostile_page

from regulars import report

pytestmark = pytest.mark.browser
PAGES = {
    "whole-en": lambda: report.render(sample.page()),
    "whole-pl": lambda: report.render(sample.page(), language="pl"),
    "bare": lambda: report.render(sample.bare()),
    "failed": lambda: report.render(sample.failed(), language="pl"),
    "hostile": lambda: report.render(hostile_page()),
}


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    for name, make in PAGES.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(make(), encoding="utf-8")
    return found


@pytest.fixture
def visit(browser, files):
    contexts = []

    def go(name, width=1440, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.troubles, page.asked = [], []
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("console", lambda said: page.troubles.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(files[name].as_uri())
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]")
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", PAGES)
def test_it_asks_for_itself_only_and_nothing_goes_wrong(visit, name):
    page = visit(name)
    page.mouse.move(700, 900)
    assert page.asked == [page.url]
    assert page.troubles == []


def test_what_was_on_the_screen_is_kept_where_a_test_fails(visit, tmp_path):
    visit("bare")
    kept = photographed("tests/x.py::test[a b/c]", tmp_path / "failed")
    assert [path.name for path in kept] == ["tests-x-py--test-a-b-c--0.png"]
    assert kept[0].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", PAGES)
def test_it_never_scrolls_sideways(visit, name):
    page = visit(name, 2200)
    for width in (2200, 1440, 1100, 800, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_chart_is_drawn_and_follows_the_window(visit):
    page = visit("whole-en")
    marks = "[...document.querySelectorAll('[data-chart]')].map(e => e.querySelectorAll('svg path').length)"
    assert all(count > 3 for count in page.evaluate(marks))
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function(
        "[...document.querySelectorAll('[data-chart]')].every(e => Math.abs("
        "e.querySelector('svg').getBoundingClientRect().width - e.getBoundingClientRect().width) < 2)"
    )


def test_the_month_that_still_runs_is_hatched(visit):
    assert visit("whole-en").locator("#chart-revenue svg pattern").count() > 0


def test_the_theme_follows_the_system_and_then_the_reader(visit):
    page = visit("whole-en", color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    bar = "document.querySelector('#chart-gaps svg path[fill]:not([fill=none])').getAttribute('fill')"
    button = page.get_by_role("button", name="Dark")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert page.evaluate(ground) != dark
    assert page.evaluate(bar) is not None
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(ground) != dark


def test_definitions_open_by_keyboard_and_close_by_escape(visit):
    page = visit("whole-en")
    first = page.locator("details.why").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.locator("p").is_visible()
    page.set_viewport_size({"width": 390, "height": 900})
    for each in page.locator("details.why summary").all():
        each.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    first.locator("summary").click()
    page.keyboard.press("Escape")
    assert not first.locator("p").is_visible()


def test_tables_stand_behind_their_charts(visit):
    page = visit("whole-en")
    table = page.locator("#sales table")
    assert not table.is_visible()
    page.locator("#sales summary").click()
    assert table.is_visible()
    assert table.locator("tbody tr").count() == 31


def test_without_a_script_everything_is_readable(visit):
    page = visit("whole-pl", 390, java_script_enabled=False)
    assert page.locator("table").count() == page.locator("table:visible").count()
    assert page.locator(".chart:visible").count() == 0
    assert page.locator("[data-theme-toggle]:visible").count() == 0
    first = page.locator("details.why").first
    first.locator("summary").click()
    assert first.locator("p").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_hostile_names_do_not_run(visit):
    page = visit("hostile")
    page.on("dialog", lambda _: page.troubles.append("dialog"))
    page.locator("#chart-rfm").hover()
    page.wait_for_timeout(100)
    assert page.locator("script").count() == 2
    assert page.locator("img").count() == 0
    assert page.troubles == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "width"), [("whole-en", 1440), ("whole-pl", 390), ("bare", 1440), ("failed", 800)]
)
def test_axe_finds_nothing_serious(visit, name, width, scheme):
    page = visit(name, width, color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details.numbers').forEach(each => { each.open = true })")
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)"
    )
    heavy = [
        f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]
    assert heavy == []


def test_on_paper_it_is_light_and_keeps_its_charts(visit):
    page = visit("whole-en", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".rail").is_hidden()
    assert page.locator("#h-definitions").is_visible()
    assert len(page.pdf()) > 50_000
