"""The rendered page as a document: whole, safe, honest about what is not known, and readable without a script."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from tests.report import sample

from regulars import report
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import LANGUAGES
from regulars.report import model as m
from regulars.report import page as pages

HOSTILE = """</script><script>alert(1)</script><img src=x onerror="alert(2)">'"&{{7*7}}"""


class Reader(HTMLParser):
    """Collects what tests ask about: tags with attributes, visible text, headings in order."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts, self.headings, self._skip = [], [], [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._skip += tag in ("script", "style")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        self._skip -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._skip:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module", params=LANGUAGES)
def read(request):
    return request.param, Reader(report.render(sample.page(), language=request.param))


def test_it_says_its_language_and_has_one_title(read):
    language, page = read
    assert page.all("html")[0]["lang"] == language
    assert page.headings.count(1) == 1


def test_headings_never_skip_a_level(read):
    _, page = read
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))


def test_it_refers_to_nothing_outside_itself(read):
    _, page = read
    for tag, attrs in page.tags:
        for name in ("src", "srcset", "action", "data", "poster", "formaction"):
            assert name not in attrs, (tag, attrs)
        if "href" in attrs:
            assert attrs["href"].startswith("#"), attrs
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed", "form", "base", "img"}


def test_links_lead_somewhere_and_ids_are_unique(read):
    _, page = read
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for attrs in page.all("a")} <= set(ids)


def test_the_policy_allows_only_its_own_script(read):
    _, page = read
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_every_chart_has_a_label_and_a_table(read):
    _, page = read
    charts = [attrs for _, attrs in page.tags if "data-chart" in attrs]
    assert {chart["data-chart"] for chart in charts} == {
        "revenue", "second", "gaps", "ltv", "spread", "forecast", "deciles", "reliability", "rfm", "discounts"
    }  # fmt: skip
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert len(page.all("table")) >= len(charts)


def test_every_table_has_a_caption_and_scoped_headers(read):
    _, page = read
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(attrs.get("scope") in ("row", "col") for attrs in page.all("th"))


def test_no_placeholder_and_no_python_is_left_in_the_text(read):
    _, page = read
    assert "{" not in page.text
    for leak in ("None", "Undefined", "nan", "Unknown(", "Sentence(", "Phrase("):
        assert not re.search(rf"\b{re.escape(leak)}", page.text), leak


def test_chart_data_is_json_and_holds_every_chart():
    html = report.render(sample.page())
    data = json.loads(re.search(r'<script type="application/json" id="charts">(.*?)</script>', html, re.S)[1])
    assert data["currency"] == "EUR"
    assert set(data["charts"]) >= {"revenue", "gaps", "rfm"}


def test_polish_says_nothing_in_english_that_has_a_translation():
    text = Reader(report.render(sample.page(), language="pl")).text
    for english in (
        "Net revenue by month",
        "Show as a table",
        "Forecast beside",
        "What was read",
        "Coming back",
    ):
        assert english not in text


def hostile_page():
    page = sample.page()
    return replace(
        page,
        shop=replace(page.shop, title=HOSTILE),
        products=(m.Product(HOSTILE, 1, 10.0, 1),),
        pairs=(m.Pair(HOSTILE, HOSTILE, 20, 0.5, 2.0),),
        channels=m.Channels((m.Channel(HOSTILE, 1, 10.0, 5.0, 5.0, 1.0, 0.2),)),
        rfm=(m.Group("x", HOSTILE, HOSTILE.replace("{", "("), 5, 1.0, 10.0),),
        intake=replace(
            page.intake,
            rules=(m.Rule("A rule", "rejected", 1, HOSTILE),),
            columns=(("customer", HOSTILE),),
            files=(HOSTILE,),
        ),
    )


def test_hostile_names_stay_names():
    html = report.render(hostile_page())
    clean = report.render(sample.page())
    assert Reader(html).all("script") == Reader(clean).all("script")
    assert not Reader(html).all("img")
    assert "<script>alert" not in html
    assert HOSTILE.replace("  ", " ") in Reader(html).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_shop_is_told_what_is_missing(language):
    text = Reader(report.render(sample.bare(), language=language)).text
    assert text.count("500") >= 5  # each unknown part says how many customers it needs
    assert ("Not known." if language == "en" else "Nie wiadomo.") in text


def test_a_failed_backtest_stands_in_place_of_the_number():
    page = replace(sample.failed(), forecast=sample.forecast())
    html = report.render(page)
    assert "Its total was off by more than the total itself." in html
    assert "€716,000" not in html
    assert "€716,000" in report.render(sample.page())


def test_sections_left_out_leave_no_trace():
    page = replace(sample.page(), channels=None, discounts=None, products=None, pairs=None, intake=None)
    html = report.render(page)
    for section in ("channels", "discounts", "products", "quality"):
        assert f'id="{section}"' not in html
        assert f'href="#{section}"' not in html.replace('class="more"><a href="#' + section, "")


def test_the_same_page_is_the_same_file():
    assert report.render(sample.page()) == report.render(sample.page())


def test_without_its_assets_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(pages, "ASSETS", ("absent.css", "absent.js"))
    with pytest.raises(RegularsError, match="make setup") as caught:
        report.render(sample.page())
    assert caught.value.code == "report.no_assets"


def test_assets_are_small_enough_to_mail():
    assert len(report.render(sample.page())) < 900_000
