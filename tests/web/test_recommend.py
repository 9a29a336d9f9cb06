"""Storefronts ask for slots and segments; what a customer bought is told to that customer only."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from tests.recommend.conftest import rows, taken
from tests.web.asking import ask, edge, once

from regulars.recommend import Rules, fit_interactions
from regulars.recommend.index import build, serve
from regulars.web.edge import Limits, application, signature
from regulars.web.following import Indexes


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    build(fit_interactions(taken(rows(days=60)), tune=False), folder)
    return serve(folder)


@pytest.fixture(scope="module")
def customer(served):
    """Somebody whom the index knows."""
    assert served.slots.serving.person("person 3") is not None
    return "person 3"


def get(served, query, **more):
    return once(edge(recommender=served), "GET", f"/v1/recommend?{query}", **more)


def test_a_slot_is_answered(served):
    told = get(served, "slot=trending&k=3")
    assert told.status == 200
    assert told.headers["cache-control"] == "no-store"
    assert "etag" not in told.headers
    said = told.json
    assert (said["slot"], said["fallback"], len(said["items"])) == ("trending", None, 3)
    assert len(said["answer_id"]) == 32
    assert set(said["items"][0]) == {"id", "title", "reason", "seeds", "note"}
    right = served.slots.trending(3)
    assert [item["id"] for item in said["items"]] == list(right.product_ids)


def test_every_slot_can_be_asked_both_ways(served, customer):
    from regulars.recommend import SLOTS

    product, other = served.slots.catalogue.product_ids[:2]
    proof = signature(b"secret", customer)
    for slot in SLOTS:
        asked = {"slot": slot, "customer": customer, "product": product, "cart": [other], "k": 4}
        query = f"slot={slot}&customer={quote(customer)}&product={product}&cart={other}&k=4&signature={proof}"
        got = get(served, query).json
        posted = once(edge(recommender=served), "POST", "/v1/recommend", {**asked, "signature": proof}).json
        assert got["slot"] == slot
        assert got["items"] == posted["items"]
        assert other not in {item["id"] for item in got["items"]}, "it is in the cart"


def test_a_proven_customer_gets_what_is_theirs(served, customer):
    right = served.slots.for_customer(customer, 5)
    for more in ({"x_signature": signature(b"secret", customer)}, {"key": "server"}):
        said = get(served, f"slot=for_you&customer={quote(customer)}&k=5", **more).json
        assert said["fallback"] is None
        assert [item["id"] for item in said["items"]] == list(right.product_ids)
        assert [item["reason"] for item in said["items"]] == [pick.reason for pick in right.picks]


@pytest.mark.parametrize("slot", ["for_you", "next_basket", "buy_again", "discover"])
def test_what_somebody_bought_is_not_told_to_others(served, customer, slot):
    said = get(served, f"slot={slot}&customer={quote(customer)}&k=5", x_signature="0" * 64).json
    stranger = get(served, f"slot={slot}&customer=nobody&k=5").json
    assert said["fallback"]["code"] == "edge.unproven_customer"
    assert said["items"] == stranger["items"], "the same as for somebody who does not exist"


def test_rules_about_what_was_bought_do_not_tell_either(served, customer):
    """Hiding what was bought from a list would tell what was bought."""
    settings = edge(
        recommender=served, rules_of=lambda slot: Rules(exclude_bought=True, bought_again_share=1.0)
    )
    product = "d0"
    asked = f"/v1/recommend?slot=similar&product={product}&k=5"
    plain, claimed = (once(settings, "GET", asked + more) for more in ("", f"&customer={quote(customer)}"))
    assert plain.json["items"] == claimed.json["items"]
    right = once(settings, "GET", f"{asked}&customer={quote(customer)}", key="server")
    assert right.json["items"] != plain.json["items"]


@pytest.mark.parametrize("k", ["0", "101", "-1", "9999999999999", "x", "1.5", ""])
def test_a_number_of_products_has_limits(served, k):
    told = get(served, f"slot=trending&k={k}")
    if k == "":
        assert told.status == 200, "left out"
    else:
        assert (told.status, told.json["code"]) in {(400, "edge.k"), (400, "edge.json")}


def test_an_unknown_slot_is_named_with_those_there_are(served):
    told = get(served, "slot=best")
    assert (told.status, told.json["code"]) == (400, "recommend.slot_unknown")
    assert told.headers["content-type"] == "application/problem+json"
    assert "for_you" in told.json["hint"]


def test_a_slot_says_what_it_starts_from(served):
    told = get(served, "slot=similar")
    assert (told.status, told.json["code"]) == (400, "recommend.slot_needs")


def test_ids_may_hold_anything_in_a_body(served):
    told = once(
        edge(recommender=served), "POST", "/v1/recommend", {"slot": "cart", "cart": ["a,b", "ż", 7], "k": 2}
    )
    assert told.json["fallback"]["code"] == "recommend.unknown_product"
    assert len(told.json["items"]) == 2
    assert get(served, f"slot=similar&product={quote('ż/ó')}").status == 200


def test_without_an_index_the_answer_says_so(tmp_path):
    for recommender in (None, serve(tmp_path)):
        said = get(recommender, "slot=for_you&customer=c1&k=5", key="server").json
        assert (said["items"], said["fallback"]["code"]) == ([], "recommend.no_index")


def test_nobody_asks_without_a_key(served):
    told = get(served, "slot=trending", key=None)
    assert (told.status, told.json["code"]) == (401, "edge.key")


@dataclass
class Slow:
    """A recommender that takes its time over every answer, and counts them."""

    asked: int = 0

    @property
    def current(self):
        self.asked += 1
        time.sleep(0.005)
        raise RuntimeError("never answers")


def test_events_are_taken_between_the_answers_to_many_questions():
    async def work():
        slow = Slow()
        app = application(edge(recommender=slow, limits=Limits(questions=100)))
        asked = [asyncio.create_task(ask(app, "GET", "/v1/recommend?slot=trending")) for _ in range(101)]
        while not slow.asked:
            await asyncio.sleep(0)
        told = await ask(app, "POST", "/v1/track", {"anonymousId": "a", "event": "x"})
        assert told.status == 200
        assert slow.asked < 100, "the event did not wait for all of them"
        *answered, last = [await one for one in asked]
        assert {one.status for one in answered} == {500}
        assert (last.status, last.json["code"]) == (429, "edge.busy"), "one more than may wait"
        assert slow.asked == 100
        await app.stop()

    asyncio.run(work())


def test_a_new_index_is_taken_up_beside_the_answers(tmp_path):
    build(fit_interactions(taken(rows(days=60)), tune=False), tmp_path)
    found = serve(tmp_path)
    before = found.current.serving.fit
    build(fit_interactions(taken(rows(days=50)), tune=False), tmp_path)
    assert found.current.serving.fit == before, "whoever must not wait does not look"
    following = Indexes(found, every_seconds=0.01)
    try:
        after = found.current.serving.fit
        assert after != before, "it looks at once"
        build(fit_interactions(taken(rows(days=40)), tune=False), tmp_path)
        until = time.monotonic() + 20
        while found.current.serving.fit == after and time.monotonic() < until:
            time.sleep(0.01)
        assert found.current.serving.fit not in (before, after)
    finally:
        following.stop()


def decide(body, **more):
    settings = edge(segments_of=lambda name: {"ada": ["vip", "loyal"]}.get(name, []))
    return once(settings, "POST", "/v1/decide", body, **more)


@pytest.mark.parametrize(
    ("body", "more", "segments"),
    [
        ({"customer": "ada", "signature": signature(b"secret", "ada")}, {}, ["vip", "loyal"]),
        ({"customer": "ada"}, {"key": "server"}, ["vip", "loyal"]),
        ({"customer": "ada"}, {}, []),
        ({"customer": "ben"}, {"key": "server"}, []),
        ({}, {}, []),
    ],
)
def test_segments_are_told_to_whoever_proves_who_they_are(body, more, segments):
    told = decide(body, **more)
    assert (told.status, told.json) == (200, {"segments": segments, "content": [], "offers": []})


def test_deciding_needs_a_key_and_json():
    assert decide({}, key=None).status == 401
    assert json.loads(decide(b"[]").body)["code"] == "edge.json"
