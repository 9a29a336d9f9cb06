"""Segments of the shop's own as people make them: without a script, by each role, with hostile forms, and from a rule to its members."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from tests.web.api.told import line, order
from tests.web.conftest import Counting, Program, key_of
from tests.web.console import shop
from tests.web.console.conftest import Browser, signed_in
from tests.web.console.forms import Form

NOW = datetime(2024, 6, 1, tzinfo=UTC)
OFTEN = {"field": "orders", "operator": ">=", "value": 2}


def make(name: str, rule: Any = OFTEN, title: str = "") -> Any:
    from regulars.segments import actions

    return actions.create(name, title or name.title(), rule, NOW)


class Person:
    """Fills in the form of a rule and presses its buttons, as a browser without scripts does."""

    def __init__(self, browser: Browser, path: str) -> None:
        self.browser, self.path = browser, path
        self.read(browser.get(path))

    def read(self, answer: Any) -> None:
        self.answer, self.html = answer, answer.content.decode()
        if answer.status_code in (200, 409, 422):
            self.form = Form(self.html, "building")

    def set(self, **values: str) -> Person:
        self.form.set(**values)
        return self

    def press(self, act: str) -> Person:
        assert act in self.form.buttons, (act, self.form.buttons)
        self.read(self.browser.client.post(self.path, self.form.lists | {"act": act}))
        return self

    @property
    def rule(self) -> Any:
        return json.loads(dict(self.form.fields)["text"])


def lively(settings: Any) -> None:
    """Ada bought tea twice, Ben a cup once; a refresh found who is in the segment ``tea``."""
    from regulars.runtime.refresh import refresh

    program = Program(key_of(settings))
    for number, (who, product) in enumerate((("ada", "tea"), ("ada", "tea"), ("ben", "cup")), 1):
        told = order(line(product), customer={"id": who}, ordered_at=f"2024-05-1{number}T18:05:00+02:00")
        assert program("PUT", f"orders/{number}", told).status_code == 201
    where = {"property": "product", "operator": "is", "value": "tea"}
    make("tea", {"event": {"type": "purchase", "operator": ">=", "value": 2, "where": where}}, "Tea & more")
    refresh(settings)


def test_a_segment_is_built_counted_kept_and_changed_without_a_script(settings: Any) -> None:
    from regulars.store.models import Audit, Segment

    lively(settings)
    me = Person(signed_in("marketer"), "/segments/new")
    me.set(title="Żółta herbata", r_0_what="field.net").press("change").set(r_0_v0="5").press("group:r")
    assert dict(me.form.fields)["r-0-v0"] == "5", "what was typed is still there"
    me.set(r_1_0_what="event.purchase").press("change").press("where:r-1-0")
    me.set(r_1_0_w_0_what="field.product").press("change").set(r_1_0_w_0_v0="tea").press("add:r-1")
    me.set(r_1_1_what="segment").press("change").set(r_1_1_v0="tea").press("look")
    assert "1 customer" in me.html
    assert "50.0% of 2 customers" in me.html
    assert 'class="who" href="/customers/' in me.html
    me.press("save")
    assert me.answer.headers["Location"] == "/segments/own/zolta-herbata?done=made"
    kept = Segment.objects.get(name="zolta-herbata")
    assert (kept.title, kept.rule) == (
        "Żółta herbata",
        {
            "all": [
                {"field": "net", "operator": ">=", "value": "5"},
                {
                    "any": [
                        {
                            "event": {
                                "type": "purchase",
                                "aggregate": "count",
                                "operator": ">=",
                                "value": 1,
                                "where": {"property": "product", "operator": "is", "value": "tea"},
                            }
                        },
                        {"segment": "tea"},
                    ]
                },
            ]
        },
    )
    again = Person(me.browser, "/segments/own/zolta-herbata/edit")
    assert again.rule == kept.rule
    again.press("remove:r-1-0").set(r_0_operator="between").press("change").set(r_0_v1="99,5").press("save")
    assert again.answer.status_code == 302
    kept.refresh_from_db()
    assert kept.version == 2
    assert kept.rule["all"][0] == {"field": "net", "operator": "between", "value": ["5", "99.5"]}
    assert kept.rule["all"][1] == {"any": [{"segment": "tea"}]}
    notes = Audit.objects.filter(object="zolta-herbata").order_by("id").values_list("what", flat=True)
    assert list(notes) == ["segment.create", "segment.change"]


def test_the_text_and_the_form_are_one_rule(settings: Any) -> None:
    me = Person(signed_in("owner"), "/segments/new")
    deep = {
        "not": {"any": [OFTEN, {"not": {"field": "country", "operator": "one_of", "value": ["CZ", "PL"]}}]}
    }
    me.set(text=json.dumps(deep)).press("add:r")
    assert "was changed, and not applied yet" in me.html
    assert me.rule == deep, "the text is still there"
    me.set(title="X").press("save")
    assert me.answer.status_code == 422
    assert "Apply the text" in me.html
    me.press("json")
    assert (
        me.rule,
        dict(me.form.fields)["r-1-lines" if "r-1-lines" in dict(me.form.fields) else "r-0-1-lines"],
    ) == (deep, "CZ\r\nPL")
    for text, said in (
        ('{"all": [', "look at line 1"),
        ('{"all": [{"field": "x", "operator": "="}]}', "all[0].field"),
        ("[" * 5000, "no JSON"),
        ('{"field": "orders", "operator": "=", "value": ' + "9" * 9000 + "}", "no JSON"),
        ('{"field": "p_alive", "operator": "=", "value": NaN}', "value"),
        ('{"all": [], "any": []}', "$ of the rule"),
        ('{"not": ' * 9 + json.dumps(OFTEN) + "}" * 9, "8 levels"),
    ):
        me.set(text=text).press("json")
        assert said in me.html, text[:60]
        assert 'aria-invalid="true"' in me.html
    me.press("untext")
    assert me.rule == deep
    me.press("save")
    assert me.answer.status_code == 302


def test_what_is_missing_or_wrong_is_said_beside_it(settings: Any) -> None:
    me = Person(signed_in("owner"), "/segments/new").set(title="X", r_0_what="field.orders").press("change")
    me.set(r_0_v0="many").press("save")
    assert me.answer.status_code == 422
    assert me.form.ids["r-0-v0"]["aria-describedby"] == "r-0-wrong"
    assert me.form.ids["r-0-v0"]["aria-invalid"] == "true"
    assert "a whole number" in me.html.split('id="r-0-wrong"')[1][:200]
    me.set(r_0_what="field.country").press("save")
    assert "has other inputs" in me.html, "nobody saw how the country is compared"
    me.press("save")
    assert "Fill this in." in me.html
    assert "aria-invalid" not in me.form.ids["r-0-v0"]
    me.set(r_0_v0="PL", title=" ").press("save")
    assert "1 to 100 visible characters" in me.html
    me.browser.post("/account/language", language="pl")
    me.set(r_0_what="field.net").press("change").set(r_0_v0="dużo").press("look")
    assert "Dozwolone: liczba" in me.html


def test_a_segment_page_says_what_there_is_and_what_needs_it(settings: Any) -> None:
    from regulars.store.models import Audit, Segment

    lively(settings)
    make("both", {"all": [{"segment": "tea"}, OFTEN]}, "Both")
    owner, analyst = signed_in("owner"), signed_in("analyst")
    page = owner.get("/segments/own/tea?with=repeat").content.decode()
    assert "<h1>Tea &amp; more</h1>" in page
    assert "where Product is “tea”" in page
    assert 'href="/customers?segment=tea"' in page
    assert 'href="/customers/export?segment=tea"' in page
    assert 'aria-label="Of 1 customer in either, 1 are in both."' in page
    assert 'href="/segments/own/both"' in page
    assert "Yes, delete it" not in page, "it is named by another"
    read_only = analyst.get("/segments/own/tea").content.decode()
    assert "/export" not in read_only
    assert "/edit" not in read_only

    refused = owner.post("/segments/own/tea/delete")
    assert refused.status_code == 409
    assert "both" in refused.content.decode()
    assert owner.post("/segments/own/both/delete").status_code == 302
    assert owner.post("/segments/own/tea/delete").headers["Location"] == "/segments?done=deleted"
    assert not Segment.objects.exists()
    assert Audit.objects.filter(what="segment.delete").count() == 2
    for path in (
        "/segments/own/tea",
        "/segments/own/tea/edit",
        "/segments/own/..",
        "/segments/own/%F0%9F%AB%96",
    ):
        assert owner.get(path).status_code == 404, path
    assert owner.post("/segments/own/tea/delete").status_code == 404


def test_own_segments_are_listed_filtered_and_exported(settings: Any) -> None:
    lively(settings)
    make("later", OFTEN, "<i>Later</i>")
    owner = signed_in("owner")
    listed = owner.get("/segments").content.decode()
    row = listed.split('href="/segments/own/tea"')[1].split("</tr>")[0]
    assert 'href="/customers?segment=tea">1</a>' in row
    assert "50.0%" in row
    assert 'href="/segments/own/tea/edit"' in row
    assert "&lt;i&gt;Later" in listed
    assert "being found" in listed.split('href="/segments/own/later"')[1].split("</tr>")[0]
    found = owner.get("/customers?segment=tea").content.decode()
    assert "1 customer" in found
    assert '<option value="tea" selected>Tea &amp; more</option>' in found
    assert 'value="later"' not in found, "the run does not know it yet"
    csv = b"".join(owner.get("/customers/export?segment=tea").streaming_content).decode()
    assert re.findall(r"^(ada|ben),", csv, re.MULTILINE) == ["ada"]
    key = re.findall(r'class="who" href="/customers/(\d+)"', found)[0]
    assert ">Tea &amp; more</a>" in owner.get(f"/customers/{key}").content.decode()


def test_a_segment_whose_rule_cannot_be_read_any_more_is_said_to_be_so(settings: Any) -> None:
    from regulars.store.models import Segment

    shop.made(3)
    make("old")
    Segment.objects.update(rule={"field": "shoe_size", "operator": "=", "value": 42})
    owner = signed_in("owner")
    assert "cannot read its rule" in owner.get("/segments").content.decode()
    assert "cannot read its rule" in owner.get("/segments/own/old").content.decode()
    me = Person(owner, "/segments/own/old/edit")
    assert me.rule["field"] == "shoe_size"
    me.press("untext").press("add:r").set(r_0_what="field.orders").press("change").set(r_0_v0="2").press(
        "save"
    )
    assert me.answer.status_code == 302
    assert Segment.objects.get().rule == {"all": [OFTEN]}


def test_two_people_who_change_one_segment_do_not_lose_each_others_work(settings: Any) -> None:
    from regulars.store.models import Segment

    make("both")
    one, other = signed_in("owner"), signed_in("marketer")
    mine, theirs = Person(one, "/segments/own/both/edit"), Person(other, "/segments/own/both/edit")
    theirs.set(r_0_v0="3").press("save")
    assert theirs.answer.status_code == 302
    mine.set(r_0_v0="4").press("save")
    assert mine.answer.status_code == 409
    assert dict(mine.form.fields)["r-0-v0"] == "4"
    assert Segment.objects.get().rule["value"] == 3


def test_names_come_from_titles_and_are_nobody_elses(settings: Any) -> None:
    from regulars.segments.actions import slug
    from regulars.store.models import Segment

    owner = signed_in("owner")
    for title in ("VIP", "Łódź", "łódź!", "123", "茶", "preview", "a" * 100):
        me = Person(owner, "/segments/new").set(title=title, r_0_what="field.orders").press("change")
        assert me.set(r_0_v0="2").press("save").answer.status_code == 302, title
    names = set(Segment.objects.values_list("name", flat=True))
    assert names == {"vip-2", "lodz", "lodz-2", "segment-123", "segment", "preview-2", "a" * 40}
    assert all(
        re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", slug(told)) for told in ("", "-", "_x", "ŻÓŁĆ " * 30, "\x00")
    )


def test_hostile_forms_are_refused_and_keep_nothing(settings: Any) -> None:
    from regulars.store.models import Segment

    make("mine")
    owner = signed_in("owner")
    good = dict(Person(owner, "/segments/new").form.fields)
    base = {name: value for name, value in good.items() if name not in ("form", "act")}
    hostile = (
        {"r-0-what": "field.password", "r-0-operator": "="},
        {"r-0-what": "field.orders", "r-0-operator": "=", "r-0-v0": "1; DROP TABLE"},
        {"r-0-what": "segment", "r-0-v0": "../../x"},
        {"r-0-what": "segment", "r-0-v0": "nobody"},
        {
            "r-0-what": "event.order",
            "r-0-window": "last_days",
            "r-0-s0": "9" * 4000,
            "r-0-operator": ">=",
            "r-0-v0": "1",
        },
        {"r-0-what": "field.city", "r-0-operator": "is", "r-0-v0": "x" * 900_000},
        {"r-0-what": "field.city", "r-0-operator": "is", "r-0-v0": "\x00\ud7ff"},
        {"text": "{" * 90_000, "text-digest": "x"},
        {"r-0-kind": "", "r-kind": "condition"},
        {"title": "\x00", "r-0-what": "field.orders", "r-0-operator": "=", "r-0-v0": "1"},
    )
    for told in hostile:
        for act in (
            "save",
            "look",
            "json",
            "change",
            "add:r-0-0-0",
            "remove:r",
            "where:" + "x" * 500,
            "\x00",
        ):
            answer = owner.post("/segments/new", **(base | {"title": "X"} | told | {"act": act}))
            assert answer.status_code in (200, 422), (told, act, answer.status_code)
        for path in ("/segments/preview", "/segments/builder"):
            assert owner.post(path, **(base | told | {"segment": "\x00" * 90})).status_code == 200, (
                path,
                told,
            )
    deep = {"-".join(["r", *["0"] * depth]) + "-kind": "group" for depth in range(300)}
    wide = {f"r-{number}-kind": "condition" for number in range(1900)}
    many = {f"x{number}": "" for number in range(2500)}
    for told in (deep, base | wide, many):
        for path in ("/segments/new", "/segments/preview", "/segments/builder", "/segments/own/mine/edit"):
            assert owner.post(path, **told).status_code == 400, path
    assert Segment.objects.get().name == "mine"
    levels = {"-".join(["r", *["0"] * depth]) + "-kind": "group" for depth in range(9)}
    told = owner.post("/segments/new", **(base | levels | {"title": "X", "act": "save"}))
    assert told.status_code == 422


def test_a_segment_cannot_lead_back_to_itself(settings: Any) -> None:
    make("a")
    make("b", {"segment": "a"})
    owner = signed_in("owner")
    me = Person(owner, "/segments/own/a/edit").press("add:r").set(r_1_what="segment").press("change")
    assert "a" not in me.form.options["r-1-v0"]
    me.set(r_1_v0="b").press("look")
    assert "a → b → a" in me.html
    me.press("save")
    assert "lead back to themselves" in me.html


def test_who_may_read_and_who_may_write(settings: Any) -> None:
    make("mine")
    for role, reads, writes in (
        ("owner", 200, 200),
        ("marketer", 200, 200),
        ("analyst", 200, 403),
        ("service", 403, 403),
        ("developer", 403, 403),
    ):
        browser = signed_in(role)
        assert browser.get("/segments/own/mine").status_code == reads, role
        for path in ("/segments/new", "/segments/own/mine/edit"):
            assert browser.get(path).status_code == writes, (role, path)
        for path in ("/segments/preview", "/segments/builder"):
            assert browser.post(path).status_code == writes, (role, path)
    for path in ("/segments/preview", "/segments/builder", "/segments/own/mine/delete"):
        assert Browser().post(path).status_code == 302
        assert signed_in_once().post(path, token="x" * 32).status_code == 403


def signed_in_once() -> Browser:
    browser = Browser()
    browser.sign_in("owner@shop.example")
    return browser


def test_pages_ask_the_store_no_more_the_more_segments_there_are(settings: Any, queries: Counting) -> None:
    shop.made(12)
    make("s0")
    owner = signed_in("owner")
    paths = (
        "/segments",
        "/segments/own/s0?with=vip",
        "/segments/own/s0/edit",
        "/segments/new",
        "/customers?segment=s0",
    )
    form = {
        name: value for name, value in Person(owner, "/segments/own/s0/edit").form.fields if name != "form"
    }

    def asked() -> list[int]:
        for path in paths:
            # No refresh has looked for members of these segments yet: there is no list of them, and not everybody's.
            assert owner.get(path).status_code == (404 if path.startswith("/customers") else 200)
        token = owner.token()
        owner.post("/segments/preview", token=token, **form)  # who objects to profiling is asked once
        found = [queries(lambda path=path: owner.get(path)) for path in paths]
        for path in ("/segments/builder", "/segments/preview"):
            found.append(queries(lambda path=path: owner.post(path, token=token, **form)))
        return found

    few = asked()
    for number in range(1, 40):
        make(f"s{number}", {"all": [OFTEN, {"segment": f"s{number - 1}"}]})
    assert asked() == few
    assert max(few) <= 16, few


def test_beginnings_open_the_form_filled_in(settings: Any) -> None:
    from regulars.web.console.builder.begin import STARTS

    shop.made(3)
    owner = signed_in("owner")
    page = owner.get("/segments").content.decode()
    for start in STARTS:
        assert f'href="/segments/new?begin={start.name}"' in page
        me = Person(owner, f"/segments/new?begin={start.name}")
        assert dict(me.form.fields)["title"] == start.title
        assert len(me.rule["all"]) == 2
    assert Person(owner, "/segments/new?begin=x").rule == {"all": [{"field": "", "operator": ""}]}
    assert "begin=" not in signed_in("analyst").get("/segments").content.decode()


def test_its_size_is_drawn_from_the_second_day_on(settings: Any) -> None:
    from datetime import timedelta

    from regulars.runtime.segmenting import FAMILY
    from regulars.store.models import Run

    shop.made(6)
    make("often", title="Often & <b>more</b>")
    run = Run.objects.get()

    def on(days: int, size: int | None, known: bool = True) -> None:
        told = {FAMILY: {"often": {"title": "Often", "customers": size}} if known else {}}
        day = run.as_of + timedelta(days=days)
        times = {"as_of": day, "started_at": NOW, "ended_at": NOW}
        Run.objects.create(id=Run.objects.count() + 1, state=Run.PUBLISHED, sizes=run.sizes | told, **times)

    owner = signed_in("owner")
    on(1, 111)
    on(1, 3)
    assert 'data-chart="own-sizes"' not in owner.get("/segments/own/often").content.decode()
    # One that could not be read, and one that did not know it, are no zeros.
    on(2, None)
    on(3, 9, known=False)
    assert 'data-chart="own-sizes"' not in owner.get("/segments/own/often").content.decode()
    on(4, 0)
    on(5, 54321)
    page = owner.get("/segments/own/often").content.decode()
    assert 'data-chart="own-sizes"' in page
    spec = json.loads(re.search(r'id="charts">(.*?)</script>', page)[1])["charts"]["own-sizes"]
    assert spec["series"][0]["values"] == [3, 0, 54321]
    assert len(spec["labels"]) == 3
    assert "54,321" in page
    assert "<b>more" not in page
