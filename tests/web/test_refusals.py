"""Who does not want to be measured is not, on no device of theirs; who objects to profiling is shown what everybody is shown."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.runtime.test_compaction import event, in_lake
from tests.runtime.test_refresh import shop
from tests.web.asking import edge, once
from tests.web.conftest import Program, key_of

from regulars.web.edge import signature

NOW = datetime.now(UTC)
VIEW = {"event": "Product Viewed", "properties": {"product_id": "p1"}}


def proven(customer: str, **more: Any) -> Any:
    return VIEW | {"userId": customer, "context": {"signature": signature(b"secret", customer)}} | more


def test_the_door_keeps_nothing_of_who_refuses() -> None:
    settings = edge(refuses=lambda customer, visitor: customer == "ada" or visitor == "phone")
    batch = [
        proven("ada", type="track"),
        proven("ben", type="track"),
        VIEW | {"type": "track", "anonymousId": "phone"},
        VIEW | {"type": "track", "anonymousId": "other", "userId": "ada"},  # anybody can say so
    ]
    told = once(settings, "POST", "/v1/batch", {"batch": batch}).json
    assert (told["accepted"], told["withheld"]) == (2, 2)
    assert {(one.customer_id, one.visitor_id) for one in settings.inbox.events} == {  # type: ignore[attr-defined]
        ("ben", None),
        (None, "other"),
    }


def test_the_recommender_hears_of_looks_of_proven_customers_only() -> None:
    heard: list[Any] = []
    settings = edge(looked=heard.extend)
    batch = [proven("ada", type="track"), VIEW | {"type": "track", "anonymousId": "x", "userId": "ben"}]
    once(settings, "POST", "/v1/batch", {"batch": batch})
    assert [(one.customer_id, one.product_id) for one in heard] == [("ada", "p1")]


def test_refusals_are_followed(settings: Any) -> None:
    from regulars.privacy import actions, queries
    from regulars.store.models import Customer, Identifier, Visitor
    from regulars.web.following import Refusals

    for key, name in ((1, "ada"), (2, "ben")):
        Customer.objects.create(id=key, created_at=NOW, updated_at=NOW)
        Identifier.objects.create(customer_id=key, kind="store_id", value=name, since=NOW)
    Visitor.objects.create(id="phone", customer_id=1, since=NOW)
    followed = Refusals(every_seconds=60)
    try:
        assert not followed.refuses("ada", "phone")
        actions.say(1, "analytics", granted=False, at=NOW - timedelta(days=1), now=NOW)
        actions.say(2, "profiling", granted=False, at=NOW - timedelta(days=1), now=NOW)
        actions.say(2, "analytics", granted=False, at=NOW - timedelta(days=3), now=NOW)
        actions.say(2, "analytics", granted=True, at=NOW - timedelta(days=2), now=NOW)
        followed.read()
        assert followed.refuses("ada", None)
        assert followed.refuses(None, "phone")
        assert not followed.refuses("ben", None)
        assert (followed.objects("ada"), followed.objects("ben")) == (False, True)
        actions.say(1, "analytics", granted=True, at=NOW, now=NOW)
        followed.read()
        assert not followed.refuses("ada", "phone")
        assert queries.refusing("profiling") == {2}
    finally:
        followed.stop()


def test_whoever_listens_hears_of_words_that_change_something(settings: Any) -> None:
    from regulars.privacy import actions
    from regulars.store.models import Customer, Outbox

    Customer.objects.create(id=1, created_at=NOW, updated_at=NOW)
    for granted, days in ((True, 5), (True, 4), (False, 3), (True, 9)):
        actions.say(1, "email", granted=granted, at=NOW - timedelta(days=days), now=NOW)
    facts = Outbox.objects.filter(fact="consent.changed").order_by("id")
    assert [fact.payload["granted"] for fact in facts] == [True, False], "said again, or before another word"
    assert facts[0].payload["customer"] == "key:1"


def test_a_new_device_of_who_refuses_is_known_from_then_on(settings: Any) -> None:
    from regulars.privacy import actions
    from regulars.store.models import Customer, Identifier, Visitor
    from regulars.web.following import Refusals

    Customer.objects.create(id=1, created_at=NOW, updated_at=NOW)
    Identifier.objects.create(customer_id=1, kind="store_id", value="ada", since=NOW)
    actions.say(1, "analytics", granted=False, at=NOW - timedelta(days=1), now=NOW)
    followed = Refusals(every_seconds=60)
    try:
        assert not followed.refuses(None, "tablet")
        assert followed.refuses("ada", "tablet")
        assert followed.refuses(None, "tablet"), "at once"
        followed.read()
        assert Visitor.objects.get().customer_id == 1
        assert followed.refuses(None, "tablet")
        actions.say(1, "analytics", granted=True, at=NOW, now=NOW)
        followed.read()
        assert not followed.refuses("ada", "tablet")
        assert not followed.refuses(None, "tablet")
    finally:
        followed.stop()


def test_what_came_before_the_door_knew_does_not_reach_the_lake(settings: Any) -> None:
    from regulars.privacy import actions
    from regulars.runtime import compaction
    from regulars.store.models import Customer

    with closing(compaction.inbox_of(settings)) as inbox:
        inbox.append([event(1, customer_id="ada", visitor_id="phone")])
        compaction.compact(settings, inbox)
        actions.say(Customer.objects.get().id, "analytics", granted=False, at=NOW, now=NOW)
        inbox.append(
            [
                event(2, customer_id="ada", visitor_id="new"),
                event(3, visitor_id="phone"),
                event(5, visitor_id="new"),
                event(4, visitor_id="somebody"),
            ]
        )
        assert compaction.compact(settings, inbox) == 1
        assert not inbox.waiting().events
    assert [row["event_id"] for row in in_lake(settings)] == ["e1", "e4"]


def test_customers_say_who_they_are(settings: Any, program: Program) -> None:
    from regulars.runtime import compaction

    def identify(number: int, traits: Any, **more: Any) -> Any:
        return event(number, type="identify", properties=json.dumps(traits), **more)

    with closing(compaction.inbox_of(settings)) as inbox:
        inbox.append(
            [
                identify(2, {"firstName": "Ada", "address": {"city": "Łódź"}}, customer_id="ada"),
                identify(1, {"firstName": "Adah", "lastName": "L"}, customer_id="ada"),
                identify(3, {"firstName": "Mallory"}, visitor_id="v1"),
                identify(
                    4, {"email": "boss@example.com", "birthday": "soon", "language": 7}, customer_id="ada"
                ),
            ]
        )
        compaction.compact(settings, inbox)
    found = program.get("customers/ada").json()
    assert (found["first_name"], found["last_name"], found["city"]) == ("Ada", "L", "Łódź")
    assert (found["emails"], found["language"]) == ([], "")  # who somebody is only the shop's server says
    assert not any("Ada" in row["properties"] for row in in_lake(settings))


def test_who_objects_has_no_scores_and_nothing_personal(settings: Any, tmp_path: Path) -> None:
    from regulars.runtime.load import load
    from regulars.runtime.refresh import refresh
    from regulars.runtime.serving import served

    load(shop(tmp_path / "orders.csv", customers=60), settings)
    refresh(settings)
    served(settings).refresh()
    mine = Program(key_of(settings))
    before = mine.get("customers/c1").json()
    assert before["value"]
    assert before["segments"]
    figures = mine.get("figures").json()["figures"]
    (then,) = mine.get("customers/c1/history").json()["runs"]
    assert (then["clv"], then["tier"]) == (before["value"]["clv"], before["value"]["tier"])
    assert mine("PUT", "customers/c1/consents/profiling", {"granted": False}).status_code == 201

    def nothing_personal() -> None:
        told = mine.get("customers/c1").json()
        assert (told["value"], told["segments"]) == (None, [])
        assert mine.get("customers/c1/history").json()["runs"] == []
        answer = mine.get("customers/c1/recommendations").json()
        assert not answer["personal"]
        assert "recommend.objecting_customer" in {each["code"] for each in answer["warnings"]}
        assert answer["picks"]

    nothing_personal()  # at once
    refresh(settings)
    served(settings).refresh()
    nothing_personal()
    assert mine.get("figures").json()["figures"] == figures  # the shop sold as much
    from regulars.customers.actions import join
    from regulars.store.models import Identifier

    keys = dict(Identifier.objects.filter(value__in=("c1", "c2")).values_list("value", "customer_id"))
    assert mine.get("customers/c2").json()["value"]
    made = join(keys["c2"], keys["c1"], reason="test", now=datetime.now(UTC))
    assert mine.get("customers/c2").json()["value"] is None  # who objects, and is c2 now, is not shown as c2
    assert made.moved["consents"]
