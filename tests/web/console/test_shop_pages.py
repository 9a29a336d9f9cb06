"""Pages over figures: what each role sees of them, what they cost the store, and what they say where there is nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.report.sample import bare, failed
from tests.web.conftest import Counting
from tests.web.console import shop
from tests.web.console.conftest import signed_in

FIGURES = ("/", "/value", "/segments")
PAGES = (
    *FIGURES,
    "/customers",
    "/customers/1",
    "/customers?q=ada",
    "/customers?segment=at_risk",
    "/data",
    "/data/imports/1",
    "/data/events",
)


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_no_page_asks_more_of_the_store_the_more_there_is(settings: Any, queries: Counting) -> None:
    from regulars.store.models import Import, Job, Run

    shop.made(4)
    owner = signed_in("owner")
    for path in PAGES:
        owner.get(path)
    few = {path: queries(lambda path=path: owner.get(path)) for path in PAGES}
    for model in (Import, Job, Run):
        model.objects.all().delete()
    for table in (
        "Score",
        "Membership",
        "OrderLine",
        "Order",
        "Product",
        "Identifier",
        "Customer",
        "Counter",
        "Setting",
    ):
        from regulars.store import models

        getattr(models, table).objects.all().delete()
    shop.made(40)
    for number in range(2, 12):
        Import.objects.create(id=number, origin=f"{number}.csv", state="done", started_at=shop.AT)
        Job.objects.create(
            kind="load",
            state="done",
            run_at=shop.AT,
            most_attempts=1,
            created_at=shop.AT,
            payload={"file": "a.csv"},
        )
    for path in PAGES:
        owner.get(path)
    many = {path: queries(lambda path=path: owner.get(path)) for path in PAGES}
    assert many == few
    assert max(few.values()) <= 22, few


def test_figures_are_laid_out_and_escaped(settings: Any) -> None:
    shop.made()
    owner = signed_in("owner")
    for path in FIGURES:
        page = text(owner.get(path))
        assert "<h1>" in page
        assert " style=" not in page, "the policy forbids it"
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page), "nor scripts in the page"
        assert "charts" in page
    assert 'href="/customers?segment=' in text(owner.get("/segments"))
    assert 'href="/customers?tier=top"' in text(owner.get("/value"))


@pytest.mark.parametrize("sample", [bare(), failed()], ids=["bare", "failed"])
def test_too_little_and_a_forecast_that_failed_are_said(settings: Any, sample: Any) -> None:
    shop.made(3, forecast=False, sample=sample)
    owner = signed_in("owner")
    for path in (*FIGURES, "/customers", "/customers/1"):
        assert "<h1>" in text(owner.get(path))
    assert "sort=value" not in text(owner.get("/customers"))
    assert "Not known" in text(owner.get("/customers/1"))


def test_an_empty_home_says_what_to_do(settings: Any) -> None:
    owner = signed_in("owner")
    upload = 'class="button first" href="/data">Upload your orders'
    for path in (*FIGURES, "/customers"):
        page = text(owner.get(path))
        assert upload in page
        assert "regulars load" not in page, "whoever has the console alone can go on from here"
    assert "There are no customers yet" in page
    assert "Nothing has come in yet" in text(owner.get("/data"))
    for path in ("/", "/customers"):
        page = text(signed_in("analyst").get(path)) if path == "/" else text(signed_in("marketer").get(path))
        assert upload not in page, "a way that is closed to them is not shown"
        assert "owner or a developer" in page


def test_what_to_do_leads_to_whom_it_is_about(settings: Any) -> None:
    shop.made()
    found = re.findall(r'<p class="act">.*?</p>', text(signed_in("owner").get("/")), re.S)
    assert any('href="/customers?' in each for each in found), found


def test_what_an_earlier_version_published_is_said_to_be_so(settings: Any) -> None:
    from regulars.store.models import Run

    shop.made()
    Run.objects.update(page=None, sizes={})
    owner = signed_in("owner")
    for path in FIGURES:
        assert "earlier version" in text(owner.get(path))
    for path in ("/customers", "/customers/1"):
        assert "<h1>" in text(owner.get(path))


def test_a_new_run_is_shown_at_once(settings: Any) -> None:
    from regulars.report import kept
    from regulars.store.models import Run

    shop.made()
    owner = signed_in("owner")
    before = text(owner.get("/"))
    Run.objects.create(
        id=2,
        state="published",
        as_of=shop.DAY,
        started_at=shop.AT,
        ended_at=shop.AT,
        page=kept.written(bare()),
    )
    assert text(owner.get("/")) != before


def test_customer_service_sees_the_person_and_no_money_of_forecasts(settings: Any) -> None:
    shop.made()
    service, analyst = signed_in("service"), signed_in("analyst")
    one, many = text(service.get("/customers/1")), text(service.get("/customers"))
    assert "Order FV/1" in one
    assert "123.45" in one, "what was paid is known to whoever answers"
    for page in (one, many):
        assert "Net so far" not in page
        assert "Expected" not in page
    assert "clv" not in many
    assert "Because:" in one
    assert "Net so far" in text(analyst.get("/customers/1"))
    assert "Write it down" in one
    assert "Write it down" not in text(analyst.get("/customers/1"))
    assert "/customers/export" not in many
    assert "/customers/export" not in text(analyst.get("/customers"))
    assert 'href="/value"' not in many
    assert 'value="net"' not in text(service.get("/customers?sort=net"))


def test_the_theme_is_the_browsers_and_the_language_the_persons(settings: Any) -> None:
    owner = signed_in("owner")
    assert "data-theme" not in text(owner.get("/"))
    owner.post("/account/theme", theme="dark", back="/customers")
    assert 'data-theme="dark"' in text(owner.get("/"))
    owner.post("/account/theme", theme="'><script>", back="/")
    assert "data-theme" not in text(owner.get("/"))
    answer = owner.post("/account/language", language="pl", back="/customers?segment=x")
    assert answer.headers["Location"] == "/customers?segment=x"
    assert '<html lang="pl"' in text(owner.get("/"))
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        assert owner.post("/account/theme", theme="dark", back=back).headers["Location"] == "/"


def test_segments_over_time_come_from_the_runs(settings: Any) -> None:
    from regulars.store.models import Run

    shop.made()
    owner = signed_in("owner")
    assert "One refresh is known" in text(owner.get("/segments"))
    first = Run.objects.get(id=1)
    sizes = {"behaviour": {"at_risk": {"title": "At risk", "customers": 4321}}}
    Run.objects.create(
        id=2,
        state="published",
        as_of=shop.DAY.replace(day=9),
        started_at=shop.AT,
        ended_at=shop.AT,
        page=first.page,
        sizes=sizes,
    )
    page = text(owner.get("/segments"))
    assert "4,321" in page
    assert 'data-chart="sizes"' in page


@pytest.mark.parametrize("kind", ["css", "js"])
def test_assets_are_kept_for_good_and_small(settings: Any, kind: str) -> None:
    from tests.web.console.conftest import Browser

    from regulars.web.console import assets

    if not assets.content(kind):
        pytest.skip("the front end was not built")
    plain = Browser().get(assets.address(kind))
    packed = Browser().get(assets.address(kind), headers={"Accept-Encoding": "gzip, br"})
    assert plain.status_code == 200
    assert "immutable" in plain.headers["Cache-Control"]
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 2
    assert Browser().get(f"/assets/console.{'0' * 16}.{kind}").status_code == 404
