"""The stream of events: what waits and what is in the lake, each once, and nobody by person who refused to be measured."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.web.conftest import Counting
from tests.web.console import shop
from tests.web.console.conftest import Browser, signed_in

PART = {"X-Part": "events"}


def arrive(
    settings: Any,
    *told: tuple[str, str | None, str | None],
    product: str | None = "tea",
    ago_seconds: float = 5.0,
    **more: Any,
) -> list[str]:
    """Put events (type, customer, visitor) into the inbox, the last one the newest; return their ids."""
    from regulars.runtime.compaction import inbox_of
    from regulars.store.inbox import Event

    now = int((datetime.now(UTC) - timedelta(seconds=ago_seconds)).timestamp() * 1e6)
    events = []
    for number, (type_, customer, visitor) in enumerate(told):
        at = now + number
        name = more.get("name", f"{type_}-{customer}-{visitor}-{at}")
        events.append(
            Event(name, "w", visitor, customer, None, type_, at, at, product, None, None, None, "{}")
        )
    inbox = inbox_of(settings)
    inbox.append(events)
    inbox.close()
    return [event.event_id for event in events]


def compact(settings: Any) -> int:
    from regulars.runtime import compaction

    inbox = compaction.inbox_of(settings)
    try:
        return compaction.compact(settings, inbox)
    finally:
        inbox.close()


def text(browser: Browser, path: str = "/data/events", **more: Any) -> str:
    answer = browser.get(path, **more)
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def ids(page: str) -> list[str]:
    return re.findall(r'data-id="([^"]+)"', page)


def test_an_event_is_there_at_once_and_once(settings: Any) -> None:
    shop.made(3)
    owner = signed_in("owner")
    assert "No events yet" in text(owner)
    assert "<h1>" not in text(owner, headers=PART), "a page that asks for the list alone gets that"
    told = arrive(settings, ("view", "c2", "v1"), ("cart", None, "v9"), ("wish", None, None))
    page = text(owner)
    assert ids(page) == told[::-1], "newest first"
    assert 'href="/customers/2">Żaneta' in page
    assert "&lt;b&gt;Green&lt;/b&gt; tea" in page
    assert "Put into the cart" in page
    assert "wish" in page, "what nobody has a word for is shown as it came"
    assert page.count("in the inbox") == 3
    visitor = re.search(r"Visitor [0-9a-f]{4}", page)
    assert visitor
    assert compact(settings) == 3
    page = text(owner)
    assert ids(page) == told[::-1]
    assert "in the inbox" not in page
    assert visitor[0] in page, "the same number as before"
    # Sent again, it is still one.
    arrive(settings, ("view", "c2", "v1"), name=told[0])
    assert sorted(ids(text(owner))) == sorted(told)


def test_types_and_customers_are_told_apart(settings: Any) -> None:
    shop.made(3)
    owner = signed_in("owner")
    old = arrive(settings, ("view", "c1", "v"), ("view", "c2", "v"), ("cart", "c2", "v"))
    compact(settings)
    new = arrive(settings, ("view", "c2", "v"), ("cart", "c1", "v"))
    assert ids(text(owner, "/data/events?type=view")) == [new[0], old[1], old[0]]
    assert ids(text(owner, "/data/events?customer=c2")) == [new[0], old[2], old[1]]
    assert ids(text(owner, "/data/events?customer=key:2&type=cart")) == [old[2]]
    for hostile in (
        "customer=nobody",
        "customer=key:99999999999999999999",
        "type=%27%20OR%201%3D1",
        f"type={'x' * 5000}",
        "customer=%00",
        "type=%E0%A4%A",
    ):
        answer = owner.get(f"/data/events?{hostile}")
        assert answer.status_code in (200, 400), hostile
        assert not ids(answer.content.decode()), hostile


def test_who_refused_to_be_measured_is_not_there(settings: Any) -> None:
    from regulars.privacy import actions
    from regulars.store.models import Visitor

    shop.made(3)
    owner = signed_in("owner")
    now = datetime.now(UTC)
    arrive(settings, ("view", "c2", "v2"), ("view", "c1", "v1"))
    compact(settings)
    actions.say(2, "analytics", granted=False, at=now, source="shop", now=now)
    Visitor.objects.update_or_create(id="v2", defaults={"customer_id": 2, "since": now})
    arrive(settings, ("cart", "c2", "v3"), ("cart", None, "v2"), ("cart", "c1", "v1"))
    page = text(owner)
    assert len(ids(page)) == 2
    assert "/customers/2" not in page
    page = owner.get("/customers/2").content.decode()
    assert "Viewed" in page, "what the lake has from before is theirs to see and to erase"
    assert "Put into the cart" not in page, "what waits will be dropped"
    later = now + timedelta(seconds=1)
    actions.say(2, "analytics", granted=True, at=later, source="shop", now=later)
    assert len(ids(text(owner))) == 5


def test_merged_customers_are_who_they_are_now(settings: Any) -> None:
    from regulars.store.models import Customer

    shop.made(3)
    owner = signed_in("owner")
    arrive(settings, ("view", "c3", "v"))
    compact(settings)
    Customer.objects.filter(id=3).update(merged_into=1)
    assert 'href="/customers/1"' in text(owner)


@pytest.mark.parametrize("role", ["developer", "service", "analyst", "marketer"])
def test_whoever_may_not_read_of_customers_sees_no_names(settings: Any, role: str) -> None:
    shop.made(3)
    arrive(settings, ("view", "c2", "v"), ("view", "c1", "v"))
    somebody = signed_in(role)
    page = text(somebody)
    named = role != "developer"
    assert ("Żaneta" in page) == named
    assert ("/customers/2" in page) == named
    assert len(ids(text(somebody, "/data/events?customer=c2"))) == (1 if named else 2), (
        "nor may they be asked for one by one"
    )


def test_what_waits_is_in_the_timeline(settings: Any) -> None:
    shop.made(3)
    service = signed_in("service")
    arrive(settings, ("cart", "c2", "v"), ("cart", "c1", "v"))
    page = service.get("/customers/2").content.decode()
    assert page.count("Put into the cart") == 1
    compact(settings)
    arrive(settings, ("search", "c2", "v"), product=None)
    page = service.get("/customers/2").content.decode()
    assert page.count("Put into the cart") == 1
    assert page.count("Searched") == 1


def test_looking_by_itself_keeps_no_session(settings: Any) -> None:
    from regulars.store.models import Session

    owner = signed_in("owner")
    before = datetime.now(UTC) - timedelta(minutes=10)
    Session.objects.update(seen_at=before)
    owner.get("/data/events", headers=PART)
    assert Session.objects.get().seen_at == before
    owner.get("/data/events")
    assert Session.objects.get().seen_at > before


def test_it_asks_no_more_the_more_there_is(settings: Any, queries: Counting) -> None:
    shop.made(40)
    owner = signed_in("owner")
    arrive(settings, ("view", "c1", "v1"))
    compact(settings)
    arrive(settings, ("view", "c2", "v2"))
    owner.get("/data/events")
    few = queries(lambda: owner.get("/data/events"))
    arrive(settings, *((("view", "cart")[each % 2], f"c{each % 40 + 1}", f"v{each}") for each in range(200)))
    compact(settings)
    arrive(settings, *(("view", f"c{each % 40 + 1}", f"w{each}") for each in range(200)))
    assert len(ids(text(owner))) == 100
    assert queries(lambda: owner.get("/data/events")) == few <= 14


def test_an_inbox_that_does_not_answer_is_said(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from regulars.runtime import happening
    from regulars.store.inbox.failing import unavailable

    def broken(*_: Any, **__: Any) -> Any:
        raise unavailable(OSError("disk"))

    shop.made(3)
    owner = signed_in("owner")
    monkeypatch.setattr(happening, "newest", broken)
    answer = owner.get("/data/events")
    assert answer.status_code in (422, 503)
    assert owner.get("/customers/1").status_code == 200, "a timeline goes on without"
