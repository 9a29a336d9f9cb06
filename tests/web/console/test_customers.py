"""Lists of customers miss nobody and repeat nobody, a search finds by how things begin, and what is taken along is harmless."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from urllib.parse import quote

import pytest
from tests.web.console import shop
from tests.web.console.conftest import person, signed_in

from regulars.customers.listing import NEW, SORTINGS


def keys(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'class="who" href="/customers/(\d+)"', page)]


def walked(browser: Any, path: str) -> list[int]:
    """Follow a list to its end."""
    found: list[int] = []
    while path:
        page = browser.get(path).content.decode()
        found += keys(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    return found


@pytest.mark.parametrize("sort", [*SORTINGS, NEW])
def test_each_sorting_has_everybody_once(settings: Any, monkeypatch: pytest.MonkeyPatch, sort: str) -> None:
    from regulars.customers import listing
    from regulars.store.models import Score

    shop.made(11)
    monkeypatch.setattr(listing.page, "__kwdefaults__", {"size": None, "limit": 3})
    found = walked(signed_in("owner"), f"/customers?sort={sort}")
    assert sorted(found) == list(range(1, 12)), found
    if sort != NEW:
        column, falling = SORTINGS[sort].column, SORTINGS[sort].falling
        values = dict(Score.objects.values_list("customer_id", column))
        told = [values[key] for key in found]
        assert told == sorted(told, reverse=falling), "equal values are told apart by the key"


@pytest.mark.parametrize("few", [0, 100])
@pytest.mark.parametrize("sort", [*SORTINGS, NEW])
def test_segments_and_tiers_are_the_same_whichever_way_they_are_looked_up(
    settings: Any, monkeypatch: pytest.MonkeyPatch, sort: str, few: int
) -> None:
    from regulars.customers import listing

    shop.made(25)
    monkeypatch.setattr(listing, "FEW", few)
    monkeypatch.setattr(listing.page, "__kwdefaults__", {"size": None, "limit": 2})
    owner = signed_in("owner")
    assert sorted(walked(owner, f"/customers?segment=at_risk&sort={sort}")) == [3, 6, 9, 12, 15, 18, 21, 24]
    assert sorted(walked(owner, f"/customers?segment=at_risk&tier=top&sort={sort}")) == [12, 24]
    assert sorted(walked(owner, f"/customers?tier=top&sort={sort}")) == [4, 8, 12, 16, 20, 24]
    assert "Nobody is in this list" in owner.get(f"/customers?segment=vip&sort={sort}").content.decode()


HOSTILE = ("' OR 1=1 --", "100%", "_", "\\", "=1+1", "<script>", "🦊", "a" * 5000, "\u202e", "‮x", "~", "~1", "1~", "1~1~1", "nan~1", "inf~1",
           "-1~-1", "9" * 30 + "~1", "1e5~1", "2024-13-01~1", "٣~١", "{}", "%", "x\ty")  # fmt: skip


def test_hostile_input_is_an_answer_and_never_a_failure(settings: Any) -> None:
    shop.made(3)
    owner = signed_in("owner")
    for told in HOSTILE:
        for name in ("q", "segment", "tier", "sort"):
            answer = owner.get(f"/customers?{name}={quote(told)}")
            lost = bool(told) and name in ("segment", "tier")
            assert answer.status_code == (404 if lost else 200), (name, told)
            assert "<script>" not in answer.content.decode()
        for sort in (*SORTINGS, NEW):
            answer = owner.get(f"/customers?sort={sort}&after={quote(told)}")
            assert answer.status_code in (200, 422), (sort, told)
        assert owner.get(f"/customers/1?before={quote(told)}").status_code == 200
        assert owner.get(f"/customers/export?segment={quote(told)}").status_code == (404 if told else 200)
    assert owner.get("/customers?q=a%00b").status_code == 400
    for path in ("/customers/2", "/customers/999", f"/customers/{1 << 63}", f"/customers/{'9' * 40}", "/customers/x", "/customers/-1",
                 f"/data/imports/{1 << 63}", "/data/imports/77", "/data/imports/77/rejects", "/value/x", "/segments/x"):  # fmt: skip
        assert owner.get(path).status_code == (200 if path == "/customers/2" else 404), path


def test_a_search_finds_by_how_things_begin(settings: Any) -> None:
    shop.made(12)
    owner = signed_in("owner")

    def found(query: str) -> Any:
        answer = owner.get(f"/customers?q={quote(query)}")
        return (
            answer.headers["Location"] if answer.status_code == 302 else sorted(keys(answer.content.decode()))
        )

    # What is exactly somebody's opens at once.
    for query in ("c3", "ADA3@shop.example", " ada3@shop.example "):
        assert found(query) == "/customers/3"
    assert found("FV/2") == "/customers/1"
    # What begins like it is listed.
    assert found("ada1") == [1, 10, 11, 12]
    assert found("żan") == found("ŻANETA") == found("Żaneta Brz") == found("brzęcz") == [2]
    assert found("nowak") == [1, *range(3, 13)]
    assert found("Nowak Ada3") == [3]
    assert found("dak") == [], "the middle of a name is not looked for"
    for sign in ("%", "_", "a%", "c_"):
        assert found(sign) == [], sign
    assert "Nobody was found" in owner.get("/customers?q=nobody").content.decode()


def test_a_merged_customer_is_shown_as_the_one_they_are(settings: Any) -> None:
    from regulars.store.models import Customer

    shop.made(4)
    Customer.objects.filter(id=3).update(merged_into=1)
    owner = signed_in("owner")
    assert owner.get("/customers/3").headers["Location"] == "/customers/1"
    assert owner.get("/customers?q=c3").headers["Location"] == "/customers/1"
    for sort in (*SORTINGS, NEW):
        assert 3 not in walked(owner, f"/customers?sort={sort}")
    assert owner.post("/customers/3/notes", text="x").status_code == 404


def test_what_is_taken_along_is_whole_harmless_and_written_down(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.customers import listing
    from regulars.store.models import Audit, Customer, Identifier

    shop.made(7)
    evil = '=HYPERLINK("https://evil.example")'
    Customer.objects.filter(id=2).update(first_name=evil, last_name="", country="\t=1")
    Identifier.objects.filter(customer_id=3, kind="store_id").update(value="-2+3")
    monkeypatch.setattr(listing.everybody, "__kwdefaults__", {"size": None, "limit": 2})
    marketer = signed_in("marketer")
    answer = marketer.get("/customers/export?sort=value")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="customers.csv"'
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    rows = sorted(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))), key=lambda row: row["email"])
    assert [row["email"] for row in rows] == [f"ada{key}@shop.example" for key in range(1, 8)]
    assert rows[1]["name"] == f"'{evil}"
    assert rows[1]["country"] == "'\t=1"
    assert rows[2]["id"] == "'-2+3"
    assert rows[0]["clv"] == "1000.00"
    some = b"".join(marketer.get("/customers/export?segment=at_risk").streaming_content).decode()
    assert len(some.splitlines()) == 3
    noted = Audit.objects.filter(what="customers.export").order_by("id")
    assert [each.details["segment"] for each in noted] == ["", "at_risk"]
    for role in ("analyst", "service", "developer"):
        assert signed_in(role).get("/customers/export").status_code == 403


def test_lists_are_kept_under_a_name_and_are_ones_own(settings: Any) -> None:
    from regulars.store.models import SavedView

    shop.made(6)
    owner, service = signed_in("owner"), signed_in("service")
    assert owner.post("/customers", name=" Slipping  away ", segment="at_risk", sort="leaving").headers["Location"] == "/customers?segment=at_risk&sort=leaving"  # fmt: skip
    view = SavedView.objects.get()
    assert (view.name, view.asked) == ("Slipping away", {"segment": "at_risk", "tier": "", "sort": "leaving"})
    owner.post("/customers", name="Slipping away", segment="at_risk", tier="top")
    assert SavedView.objects.get().asked["tier"] == "top"
    assert "Slipping away" in owner.get("/customers").content.decode()
    assert "Slipping away" not in service.get("/customers").content.decode()
    service.post("/customers", forget=str(view.id))
    assert SavedView.objects.count() == 1
    for name in ("", " ", "x" * 61, "a\x07"):
        assert owner.post("/customers", name=name).status_code == 422
    assert owner.post("/customers", forget="x").status_code == 400
    for number in range(19):
        owner.post("/customers", name=f"List {number}")
    assert owner.post("/customers", name="one more").status_code == 422
    assert owner.post("/customers", forget=str(view.id)).status_code == 302
    assert not SavedView.objects.filter(id=view.id).exists()


def test_notes_are_written_shown_and_taken_away_by_who_wrote_them(settings: Any) -> None:
    from regulars.store.models import Audit, Note

    shop.made(3)
    service, owner = signed_in("service"), signed_in("owner")
    person("service", email="other@shop.example")
    from tests.web.console.conftest import Browser

    other = Browser()
    other.sign_in("other@shop.example")
    assert (
        service.post("/customers/1/notes", text="<b>Allergic</b> to nuts\r\nAsk first\x00\x07").status_code
        == 302
    )
    note = Note.objects.get()
    assert note.text == "<b>Allergic</b> to nuts\nAsk first"
    page = owner.get("/customers/1").content.decode()
    assert "&lt;b&gt;Allergic&lt;/b&gt; to nuts" in page
    assert "Note by Service" in page
    for text in ("", " \n ", "x" * 4001):
        assert service.post("/customers/1/notes", text=text).status_code == 422
    assert "take it away" not in other.get("/customers/1").content.decode()
    assert other.post("/customers/1/notes", remove=str(note.id)).status_code == 422
    assert service.post("/customers/2/notes", remove=str(note.id)).status_code == 422, (
        "a note of another customer"
    )
    assert service.post("/customers/1/notes", remove="x").status_code == 422
    assert Note.objects.count() == 1
    assert service.post("/customers/1/notes", remove=str(note.id)).status_code == 302
    assert not Note.objects.exists()
    assert list(
        Audit.objects.filter(what__startswith="note.").values_list("what", flat=True).order_by("id")
    ) == ["note.add", "note.remove"]
    assert "Allergic" not in str(list(Audit.objects.values_list("details", flat=True)))
    service.post("/customers/1/notes", text="mine")
    assert owner.post("/customers/1/notes", remove=str(Note.objects.get().id)).status_code == 302, (
        "an owner may"
    )
    for role in ("marketer", "analyst"):
        assert signed_in(role).post("/customers/1/notes", text="x").status_code == 403


def test_the_timeline_goes_on_where_it_ended(settings: Any) -> None:
    from datetime import timedelta

    from regulars.store.models import Consent, Note, Order

    shop.made(1)
    for number in range(4, 60):
        Order.objects.create(
            id=number, order_id=f"A{number}", customer_id=1, ordered_at=shop.AT + timedelta(days=number), ordered_on=shop.DAY, currency="PLN",
            content=number, updated_at=shop.AT,
        )  # fmt: skip
    Note.objects.create(customer_id=1, text="in the middle", at=shop.AT + timedelta(days=30, hours=1))
    Consent.objects.create(
        customer_id=1, purpose="email", granted=True, at=shop.AT + timedelta(hours=1), recorded_at=shop.AT
    )
    owner, path, found, notes = signed_in("owner"), "/customers/1", [], 0
    while path:
        page = owner.get(path).content.decode()
        found += re.findall(r"Order ([A-Z/]+\d+)<", page)
        notes += page.count("in the middle")
        following = re.search(r'href="(\?before=[^"]+)"', page)
        path = f"/customers/1{following[1]}" if following else ""
    assert found == [f"A{number}" for number in range(59, 3, -1)] + ["FV/3", "FV/2", "FV/1"]
    assert notes == 1
    assert "Agreed: E-mail" in page, "it stands where it was said, on the last page"


def test_who_objects_to_profiling_has_no_forecast_and_nothing_personal(settings: Any) -> None:
    from regulars.store.models import Consent, Score

    shop.made(2)
    Score.objects.filter(customer_id=1).delete()
    Consent.objects.create(customer_id=1, purpose="profiling", granted=False, at=shop.AT, recorded_at=shop.AT)
    page = signed_in("owner").get("/customers/1").content.decode()
    assert "objects to profiling" in page
    assert "Refused: Profiling" in page
    assert "Because:" not in page


def test_what_a_customer_says_is_written_down_with_where(settings: Any) -> None:
    from regulars.store.models import Audit, Consent, Score

    shop.made(3)
    service = signed_in("service")
    told = {"purpose": "profiling", "source": "  on the\tphone ", "granted": "no"}
    assert service.post("/customers/2/consents", **told).headers["Location"] == "/customers/2#h-allowed"
    said = Consent.objects.get()
    assert (said.customer_id, said.purpose, said.granted, said.source) == (
        2,
        "profiling",
        False,
        "on the phone (Service)",
    )
    assert not Score.objects.filter(customer=2).exists(), "obeyed at once"
    assert Audit.objects.get(what="consent.put").object == "customer:2"
    page = service.get("/customers/2").content.decode()
    assert "on the phone (Service)" in page
    assert "objects to profiling" in page
    assert (
        service.post("/customers/2/consents", **told | {"granted": "yes", "source": "x" * 500}).status_code
        == 302
    )
    assert Consent.objects.count() == 2
    for wrong, status in (
        ({"purpose": "nothing"}, 422), ({"source": " "}, 422), ({"source": "a\x00b"}, 422), ({"granted": "maybe"}, 400), ({"granted": ""}, 400), ({"purpose": ""}, 422),
    ):  # fmt: skip
        assert service.post("/customers/2/consents", **told | wrong).status_code == status, wrong
    for number in (99, 1 << 70):
        assert service.post(f"/customers/{number}/consents", **told).status_code == 404
    assert Consent.objects.count() == 2
    for role in ("marketer", "analyst", "developer"):
        assert signed_in(role).post("/customers/2/consents", **told).status_code == 403, role


@pytest.mark.parametrize("query", ["segment=of_last_year", "tier=golden", "segment=at_risk&tier=golden"])
def test_a_list_of_what_is_not_there_is_nobody_and_not_everybody(settings: Any, query: str) -> None:
    from regulars.store.models import Audit, SavedView

    shop.made()
    owner = signed_in("owner")
    page = owner.get(f"/customers?{query}")
    assert page.status_code == 404
    assert "There is no such list" in page.content.decode()
    assert 'class="who"' not in page.content.decode()
    assert "/customers/export" not in page.content.decode()
    taken = owner.get(f"/customers/export?{query}")
    assert taken.status_code == 404
    assert "ada1@shop.example" not in taken.content.decode()
    assert not Audit.objects.filter(what="customers.export").exists()
    told = dict(part.split("=") for part in query.split("&"))
    assert owner.post("/customers", name="Mine", **told).status_code == 404
    assert not SavedView.objects.exists()
