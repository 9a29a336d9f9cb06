"""Who left a cart or a product behind, by hand and again by a slow oracle that reads the events one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segments.conftest import scores
from tests.shops import make_orders

from regulars.kit.unknown import Unknown
from regulars.lake import Capabilities
from regulars.segments import Segments, Thresholds, assign
from regulars.sources.events import read_events

AS_OF = date(2024, 6, 30)
NOON = datetime(2024, 6, 30, 12, tzinfo=UTC)
CLOCK = Capabilities(clock=True)


def ago(days: float, hours: float = 0) -> datetime:
    return NOON - timedelta(days=days, hours=hours)


def order(customer: int, at: datetime, **more: Any) -> dict[str, Any]:
    return {"customer": customer, "at": at, "amount": 20, **more}


def view(
    who: int | None, at: datetime, product: str = "tea", visitor: str = "", kind: str = "view"
) -> dict[str, Any]:
    return {
        "type": kind,
        "occurred_at": at,
        "product_id": product,
        "customer_id": None if who is None else str(who),
        "visitor_id": visitor or f"v{who}",
    }


def cart(who: int | None, at: datetime, product: str = "tea", visitor: str = "") -> dict[str, Any]:
    return view(who, at, product, visitor, "cart")


def run(
    rows: list[dict[str, Any]],
    events: list[dict[str, Any]] | None,
    *,
    capabilities: Capabilities = CLOCK,
    **thresholds: int,
) -> Segments:
    days = [{**row, "at": row["at"].date()} for row in rows]
    with make_orders(rows, capabilities=capabilities) as orders:
        seen = None if events is None else read_events(pa.Table.from_pylist(events), orders.workspace)
        return assign(orders, scores(days, AS_OF), thresholds=Thresholds(**thresholds), events=seen)


def members(result: Segments, name: str) -> set[int]:
    return {row["customer_key"] for row in result.customers.to_pylist() if name in row["segments"]}


EARLY = [order(customer, ago(100)) for customer in range(1, 8)]


def test_a_cart_is_left_where_nothing_was_ordered_after_it() -> None:
    rows = [*EARLY, order(2, ago(1)), order(3, ago(4))]
    events = [
        cart(1, ago(2)),
        cart(2, ago(2)),  # ordered a day later
        cart(3, ago(3)),  # ordered a day before
        cart(4, ago(0, 0.5)),  # may still be ordered
        cart(5, ago(8)),  # too long ago
        cart(6, ago(2)),
        view(7, NOON),
    ]
    result = run(rows, events)
    assert members(result, "cart_abandoner") == {1, 3, 6}
    told = result.row("behaviour", "cart_abandoner")
    assert (told.customers, told.unknown) == (3, None)
    assert members(run(rows, events, abandoned_days=3), "cart_abandoner") == {1, 6}
    assert members(run(rows, events, abandoned_days=9), "cart_abandoner") == {1, 3, 5, 6}
    assert members(run(rows, events, abandoned_hours=48), "cart_abandoner") == {1, 3, 6}
    assert members(run(rows, events, abandoned_hours=49), "cart_abandoner") == {3}


def test_of_several_carts_the_last_that_is_old_enough_decides() -> None:
    rows = [*EARLY, order(1, ago(3)), order(2, ago(1))]
    events = [
        cart(1, ago(4)),
        cart(1, ago(2)),
        cart(1, ago(0, 0.1)),
        cart(2, ago(4)),
        cart(2, ago(0, 0.1)),
        view(3, NOON),
    ]
    assert members(run(rows, events), "cart_abandoner") == {1}


def test_on_the_same_day_the_moment_decides_where_orders_have_one() -> None:
    morning, evening = datetime(2024, 6, 29, 8, tzinfo=UTC), datetime(2024, 6, 29, 20, tzinfo=UTC)
    rows, events = [*EARLY, order(1, morning)], [cart(1, evening), view(2, NOON)]
    assert members(run(rows, events), "cart_abandoner") == {1}
    # Of a plain date nobody knows whether it was before or after.
    rows = [*EARLY, order(1, datetime.combine(morning.date(), time(0), UTC))]
    assert members(run(rows, events, capabilities=Capabilities()), "cart_abandoner") == set()


def test_who_views_one_product_again_and_puts_nothing_into_the_cart() -> None:
    rows = [*EARLY, order(5, ago(1))]
    events = [
        view(1, ago(3)), view(1, ago(2)),
        view(2, ago(3)), view(2, ago(2), "cup"),  # two products, each once
        view(3, ago(3)), view(3, ago(2)), cart(3, ago(1), "cup"),
        view(4, ago(9)), view(4, ago(2)),  # once of these days
        view(5, ago(3)), view(5, ago(2)),  # ordered
        view(6, NOON),
    ]  # fmt: skip
    assert members(run(rows, events), "browse_abandoner") == {1}
    assert members(run(rows, events, browsed_views=1), "browse_abandoner") == {1, 2, 4, 6}
    assert members(run(rows, events, abandoned_days=10), "browse_abandoner") == {1, 4}


def test_a_visitor_who_said_who_they_are_long_ago_is_known() -> None:
    events = [
        view(1, ago(60), visitor="phone"),
        cart(None, ago(2), visitor="phone"),
        cart(None, ago(2), visitor="other"),
    ]
    result = run(EARLY, [*events, view(2, NOON)])
    assert members(result, "cart_abandoner") == {1}


def test_what_was_not_recorded_is_unknown() -> None:
    for name in ("cart_abandoner", "browse_abandoner"):
        without = run(EARLY, None).row("behaviour", name).unknown
        assert isinstance(without, Unknown)
        assert without.code == "segments.no_events"
        old = run(EARLY, [view(1, ago(30)), cart(1, ago(40))]).row("behaviour", name).unknown
        assert isinstance(old, Unknown)
        assert old.code == "segments.no_recent_events"
        assert "7 days" in str(old)
        later = run(EARLY, [cart(1, ago(-3))]).row("behaviour", name).unknown
        assert isinstance(later, Unknown), "what comes after the as-of date is not known on it"
    strangers = run(EARLY, [cart(99, ago(2)), cart(None, ago(2)), view(98, NOON)])
    assert strangers.row("behaviour", "cart_abandoner").customers == 0


def test_definitions_name_their_thresholds() -> None:
    told = run(EARLY, [view(1, NOON)], abandoned_days=5, abandoned_hours=3, browsed_views=4)
    rows = {row["name"]: row["definition"] for row in told.to_json()["families"]["behaviour"]["segments"]}
    assert "between 3 h and 5 days ago" in rows["cart_abandoner"]
    assert "at least 4 times in the last 5 days" in rows["browse_abandoner"]


MOMENTS = st.integers(-30, 24 * 10).map(lambda hours: ago(0, hours))
EVENTS = st.lists(
    st.builds(
        view,
        st.sampled_from([None, 1, 2, 3]),
        MOMENTS,
        st.sampled_from(["tea", "cup"]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["view", "view", "cart"]),
    ),
    min_size=1,
    max_size=25,
)


def oracle(rows: list[dict[str, Any]], events: list[dict[str, Any]]) -> dict[str, set[int]] | None:
    """Read again as the page says it; None where nothing of these days was recorded."""
    until = [each for each in events if each["occurred_at"].date() <= AS_OF]
    lately = [each for each in until if (AS_OF - each["occurred_at"].date()).days < 7]
    if not lately:
        return None
    now = max(each["occurred_at"] for each in lately)

    def owner(event: dict[str, Any]) -> int | None:
        named = [each for each in until if each["visitor_id"] == event["visitor_id"] and each["customer_id"]]
        before = [each for each in named if each["occurred_at"] <= event["occurred_at"]]
        after = [each for each in named if each["occurred_at"] > event["occurred_at"]]
        teller = max(before, key=lambda each: each["occurred_at"], default=None) or min(
            after, key=lambda each: each["occurred_at"], default=None
        )
        return int((event if event["customer_id"] else teller or {"customer_id": -1})["customer_id"])

    found: dict[str, set[int]] = {"cart_abandoner": set(), "browse_abandoner": set()}
    for who in (1, 2, 3):
        mine = [each for each in lately if owner(each) == who]
        last = max(row["at"] for row in rows if row["customer"] == who and row["at"].date() <= AS_OF)
        carts = [each["occurred_at"] for each in mine if each["type"] == "cart"]
        if any(at > last and now - at >= timedelta(hours=1) for at in carts):
            found["cart_abandoner"].add(who)
        for product in ("tea", "cup"):
            views = [
                each["occurred_at"]
                for each in mine
                if each["type"] == "view" and each["product_id"] == product
            ]
            if len(views) >= 2 and not carts and max(views) > last:
                found["browse_abandoner"].add(who)
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.builds(order, st.sampled_from([1, 2, 3]), MOMENTS.map(lambda at: at + timedelta(minutes=30))),
        max_size=6,
    ),
    EVENTS.filter(lambda events: len({each["occurred_at"] for each in events}) == len(events)),
)
def test_any_events_agree_with_the_oracle(rows: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    rows = [*(order(customer, ago(100)) for customer in (1, 2, 3)), *rows]
    result, slow = run(rows, events), oracle(rows, events)
    for name in ("cart_abandoner", "browse_abandoner"):
        if slow is None:
            assert result.row("behaviour", name).unknown is not None
        else:
            assert members(result, name) == slow[name]


@pytest.mark.parametrize("setting", ["abandoned_days=0", "abandoned_hours=0.5", "browsed_views=-1"])
def test_thresholds_are_whole(setting: str) -> None:
    with pytest.raises(Exception, match=setting.partition("=")[0]):
        Thresholds.parse([setting])
