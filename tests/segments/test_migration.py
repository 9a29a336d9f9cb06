"""Where customers stood is what a look on that day would have said, and everybody is counted once."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segments.conftest import scores
from tests.shops import make_orders

from regulars.kit.unknown import Unknown
from regulars.segments import Segments, Thresholds, assign, rfm

AS_OF = date(2024, 6, 30)


def run(rows: list[dict[str, Any]], as_of: date = AS_OF, days: int = 90) -> Segments:
    with make_orders(rows) as orders:
        return assign(orders, scores(rows, as_of), thresholds=Thresholds(migration_days=days))


def buys(customer: int | None, days_ago: int, amount: float = 50, **more: Any) -> dict[str, Any]:
    return {"customer": customer, "at": AS_OF - timedelta(days=days_ago), "amount": amount, **more}


def groups(result: Segments) -> dict[int, str]:
    return {row["customer_key"]: row["rfm_group"] for row in result.customers.to_pylist()}


def counted(result: Segments) -> Counter[tuple[str | None, str]]:
    found: Counter[tuple[str | None, str]] = Counter()
    assert not isinstance(result.migration, Unknown)
    for then, row in zip([*rfm.GROUPS, None], result.migration.customers.tolist(), strict=True):
        for now, count in zip(rfm.GROUPS, row, strict=True):
            if count:
                found[then, now] = count
    return found


def test_a_regular_who_falls_silent_and_one_who_comes_are_seen_to_move() -> None:
    rows = [
        *(buys(1, ago) for ago in (100, 130, 160, 190, 220)),
        *(buys(2, ago) for ago in (1, 31, 61, 95, 125, 155)),
        buys(3, 2),
    ]
    # Then there were two: 2 came last (R5F3M2), 1 before (R3F4M4). Now there are three: R5F4M5, R2F4M3, and 3 with R4F1M1.
    assert counted(run(rows)) == {
        ("needs_attention", "at_risk"): 1,
        ("active", "champions"): 1,
        (None, "promising"): 1,
    }
    told = run(rows).migration
    assert not isinstance(told, Unknown)
    assert (told.since, told.there, told.stayed) == (AS_OF - timedelta(days=90), 2, 0)


def test_who_looks_back_no_further_than_nobody_is_told_why() -> None:
    result = run([buys(1, 5), buys(2, 50)])
    assert isinstance(result.migration, Unknown)
    assert result.migration.code == "segments.nobody_then"
    assert "90 days" in str(result.migration)
    assert "unknown" in result.to_json()["migration"]
    assert not isinstance(run([buys(1, 5), buys(2, 50)], days=30).migration, Unknown)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.builds(
            buys,
            st.sampled_from([None, 1, 2, 3, 4, 5, 6]),
            st.integers(-3, 300),
            st.sampled_from([5.0, 50.0, 80.0]),
            kind=st.sampled_from(["order", "order", "order", "refund"]),
            status=st.sampled_from(["paid", "paid", "paid", "cancelled"]),
        ),
        max_size=40,
    ),
    st.sampled_from([1, 30, 90]),
)
def test_groups_of_then_are_those_of_a_look_on_that_day(rows: list[dict[str, Any]], days: int) -> None:
    today, before = run(rows, days=days), run(rows, AS_OF - timedelta(days=days))
    now, then = groups(today), groups(before)
    if not then:
        assert isinstance(today.migration, Unknown)
        return
    assert counted(today) == Counter((then.get(key), group) for key, group in now.items())


@pytest.mark.parametrize("days", ["0", "-5", "1.5", "many"])
def test_a_look_back_is_a_whole_number_of_days(days: str) -> None:
    with pytest.raises(Exception, match="migration_days"):
        Thresholds.parse([f"migration_days={days}"])
