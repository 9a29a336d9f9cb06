"""Recommendations in the console: what is shown whom and why, rules kept by a form, what they change, and who may do it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.web.conftest import Counting
from tests.web.console import shelves
from tests.web.console.conftest import signed_in

PAGES = (
    "/recommendations",
    "/recommendations?slot=cart&product=a2&product=a3&customer=1",
    "/recommendations/rules",
    "/recommendations/rules?slot=similar",
)
EMPTY = {"exclude": "", "categories": ""}


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content
    return str(answer.content.decode())


def listed(page: str) -> list[str]:
    """The codes of the products in the list of a page, in order."""
    found = re.search(r'<table class="shelf">.*?</table>', page, re.S)
    return re.findall(r"<small>([a-z0-9]+)</small></th><td>", found[0]) if found else []


def version(browser: Any) -> str:
    found = re.search(r'name="version" value="(\d+)"', text(browser.get("/recommendations/rules")))
    assert found
    return found[1]


def keep(browser: Any, slot: str, act: str = "keep", **fields: Any) -> Any:
    told = EMPTY | {"slot": slot, "act": act, "version": version(browser)} | fields
    return browser.post("/recommendations/rules/change", **told)


def test_what_is_shown_is_what_the_shop_would_get(settings: Any) -> None:
    from regulars.runtime import serving
    from regulars.store.models import Customer

    shelves.made(settings)
    owner = signed_in("owner")
    person = Customer.objects.prefetch_related("identifiers").get(id=5)
    for slot in ("for_you", "discover", "trending"):
        told = serving.for_customer(settings, person, slot, 10)
        assert listed(text(owner.get(f"/recommendations?slot={slot}&customer=5"))) == list(told.product_ids)
    page = text(owner.get("/recommendations?slot=for_you&customer=5"))
    assert "Bought this before" in page
    assert "You bought" not in page
    assert "PLN" in page
    page = text(owner.get("/recommendations?slot=similar&product=a2"))
    assert "Similar to Thing a2" in page
    assert "a2" not in listed(page)


def test_words_find_people_and_products(settings: Any) -> None:
    shelves.made(settings)
    owner = signed_in("owner")
    assert "Żaneta" in text(owner.get("/recommendations?who=Brzęcz"))
    many = text(owner.get("/recommendations?who=ada"))
    assert many.count('class="tag" href="/recommendations?slot=for_you&amp;customer=') > 1
    assert "Nobody was found" in text(owner.get("/recommendations?who=nobody+at+all"))
    assert "Thing a2" in text(owner.get("/recommendations?slot=similar&find=thing+a2"))
    assert "Which product do you mean?" in text(owner.get("/recommendations?slot=similar&find=thing"))
    assert "No product was found" in text(owner.get("/recommendations?slot=similar&find=zzz"))


@pytest.mark.parametrize(
    "query",
    [
        "slot=nonsense&customer=99999999999999999999&product=nothing",
        "slot=cart&product=" + "x" * 5000,
        "slot=for_you&customer=-1&who=" + "%F0%9F%92%A9" * 300,
        "slot[]=1&find=%01&who=%01&product=%01",
        "slot=similar&product=%3Cscript%3E&find=%25%25",
        "&".join(f"product=a{number}" for number in range(200)),
    ],
)
def test_whatever_is_asked_is_answered_and_escaped(settings: Any, query: str) -> None:
    shelves.made(settings)
    owner = signed_in("owner")
    for path in ("/recommendations", "/recommendations/rules"):
        page = text(owner.get(f"{path}?{query}"))
        assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in text(owner.get("/recommendations?slot=similar&product=a1"))


def test_rules_are_kept_hold_at_once_and_are_noted(settings: Any) -> None:
    from regulars.store.models import Audit
    from regulars.web.following import Rulebooks

    shelves.made(settings)
    owner = signed_in("owner")
    before = listed(text(owner.get("/recommendations?slot=for_you&customer=5")))
    edge = Rulebooks(every_seconds=3600)
    answer = keep(
        owner, "for_you", place="1", pinned="Thing c7", exclude=f"{before[0]}\n", kind="category", name="d", factor="0,5"
    )  # fmt: skip
    assert answer.status_code == 302
    page = text(owner.get("/recommendations?slot=for_you&customer=5"))
    after = listed(page)
    assert after[0] == "c7"
    assert before[0] not in after
    assert "Chosen by the shop" in page
    assert "Left out by name" in page
    assert "Kept." in text(owner.get(answer.headers["Location"]))
    noted = Audit.objects.filter(what="rules.change").get()
    assert noted.object == "for_you"
    assert noted.details["pin"] == "– → {'1': 'c7'}"
    edge.read()
    rules = edge.rules_of("for_you")
    assert rules.exclude == (before[0],)
    assert rules.bury[0].factor == 0.5
    assert edge.rules_of("cart").exclude == ()
    assert keep(owner, "everywhere", exclude="c7").status_code == 302
    edge.read()
    assert set(edge.rules_of("for_you").exclude) == {before[0], "c7"}
    assert "c7" not in listed(text(owner.get("/recommendations?slot=for_you&customer=5")))


def test_trying_shows_both_lists_and_keeps_nothing(settings: Any) -> None:
    from regulars.runtime import steering
    from regulars.store.models import Audit

    shelves.made(settings)
    owner = signed_in("owner")
    before = listed(text(owner.get("/recommendations?slot=for_you&customer=5")))
    page = text(keep(owner, "for_you", act="try", exclude=before[0], customer="5"))
    assert "Before and after" in page
    assert "gone" in page
    assert f">{before[0]}</textarea>" in page, "what was typed is still there"
    assert steering.read() == steering.NOTHING
    assert not Audit.objects.filter(what="rules.change").exists()


def test_two_people_do_not_undo_each_other(settings: Any) -> None:
    from regulars.runtime import steering

    shelves.made(settings)
    owner = signed_in("owner")
    old = version(owner)
    assert keep(owner, "cart", price_to="20").status_code == 302
    refused = keep(owner, "cart", version=old, price_to="30")
    assert "have been changed since" in text(refused, 422)
    assert 'name="price_to" value="20"' in text(refused, 422)
    assert steering.read().book.of("cart").price_to == 20
    assert keep(owner, "cart", version="1", price_to="20").status_code == 302
    assert steering.read().version == 1, "the same again changes nothing"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"price_to": "abc"}, "The rule Price up to is &#39;abc&#39;."),
        ({"price_from": "9", "price_to": "5"}, "price_to"),
        ({"exclude": "no such thing"}, "no such thing"),
        ({"place": "0", "pinned": "a1"}, "a whole place"),
        ({"place": "1000", "pinned": "a2"}, "goes to place 100"),
        ({"place": "1", "pinned": ""}, "there is none with this code or name"),
        ({"place": ["1", "1"], "pinned": ["a2", "a3"]}, "each once"),
        ({"kind": "product", "name": "a2", "factor": "0"}, "bury"),
        ({"kind": "brand", "name": "Acme", "factor": "1e99"}, "boost"),
        ({"kind": "brand", "name": "Acme", "factor": "nan"}, "factor"),
        ({"most_per_brand": "1.5"}, "most_per_brand"),
        ({"bought_again_share": "2"}, "bought_again_share"),
        ({"categories": "\n".join(f"c{number}" for number in range(1200))}, "1200 entries"),
        ({"categories": "x" * 400}, "300 visible"),
        ({"slot": "cart", "version": "99", "price_to": "3"}, "have been changed since"),
        ({"slot": "cart", "version": "x" * 50, "price_to": "3"}, "have been changed since"),
    ],
)
def test_what_cannot_be_is_said_and_not_kept(settings: Any, fields: dict[str, Any], said: str) -> None:
    from regulars.runtime import steering

    shelves.made(settings)
    owner = signed_in("owner")
    page = text(keep(owner, fields.pop("slot", "everywhere"), **fields), 422)
    assert said in page
    assert 'role="alert"' in page
    assert steering.read() == steering.NOTHING


def test_roles_and_forms(settings: Any) -> None:
    from regulars.runtime import steering

    shelves.made(settings)
    analyst, service, marketer = signed_in("analyst"), signed_in("service"), signed_in("marketer")
    for path in PAGES:
        assert analyst.get(path).status_code == 200
        assert service.get(path).status_code == 403
    assert "disabled" in text(analyst.get("/recommendations/rules"))
    assert "Keep and show" not in text(analyst.get("/recommendations/rules"))
    assert 'href="/recommendations"' not in text(service.get("/customers"))
    change = "/recommendations/rules/change"
    told = EMPTY | {"slot": "cart", "act": "keep", "version": "0", "price_to": "3"}
    assert analyst.post(change, **told).status_code == 403
    assert marketer.post(change, token="forged", **told).status_code == 403
    assert marketer.get(change).status_code == 405
    assert marketer.post(change, **(told | {"act": "sing"})).status_code == 400
    assert steering.read() == steering.NOTHING
    assert marketer.post(change, **told).status_code == 302
    assert steering.read().version == 1


def test_no_page_asks_more_of_the_store_the_more_there_is(settings: Any, queries: Counting) -> None:
    from regulars.store.models import Product

    shelves.made(settings, 12)
    owner = signed_in("owner")
    for path in PAGES:
        owner.get(path)
    few = {path: queries(lambda path=path: owner.get(path)) for path in PAGES}
    Product.objects.bulk_create(
        Product(id=number, product_id=f"x{number}", title=f"More {number}", updated_at=Product.objects.first().updated_at)
        for number in range(1000, 1500)
    )  # fmt: skip
    names = "\n".join(f"x{number}" for number in range(1000, 1400))
    assert keep(owner, "everywhere", exclude=names).status_code == 302
    many = {path: queries(lambda path=path: owner.get(path)) for path in PAGES}
    assert {path: many[path] - few[path] for path in PAGES if "rules" not in path} == dict.fromkeys(
        PAGES[:2], 0
    )
    assert max(many.values()) <= 22, many


def test_before_anything_is_published(settings: Any) -> None:
    owner = signed_in("owner")
    assert "Upload your orders" in text(owner.get("/recommendations"))
    assert "nothing to try it on yet" in text(owner.get("/recommendations/rules"))
    assert keep(owner, "everywhere", exclude_bought="yes").status_code == 302


def test_coverage_accuracy_and_the_index_are_told(settings: Any) -> None:
    shelves.made(settings)
    page = text(signed_in("owner").get("/recommendations"))
    assert "How much of the shop is ever shown" in page
    assert "Share of the products" in page
    assert "Version of the index" in page
    assert "Recommended lists were right for" in page
    assert "as an example: who ordered last" in page


def test_a_shop_whose_orders_name_no_products_is_told_so_and_nothing_is_said_to_be_broken(
    settings: Any,
) -> None:
    from tests.web.console import shop

    shop.made()
    page = text(signed_in("owner").get("/recommendations"))
    assert "There is nothing to recommend yet" in page
    assert "cannot be read" not in page
    assert 'href="/data">Upload your orders' in page


def test_an_index_that_is_damaged_is_still_said_to_be(settings: Any) -> None:
    from regulars.runtime.refresh import INDEX

    shelves.made(settings)
    for file in (settings.home / INDEX).rglob("*"):
        if file.is_file() and file.name not in ("CURRENT", "popular.json"):
            file.write_bytes(b"")
    assert "cannot be read" in text(signed_in("owner").get("/recommendations"))
