"""What was expected at each refresh is kept day by day for a while, then month by month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.homes import opened

from regulars.runtime.history import WHOLE_DAYS, lasting

TODAY = date(2024, 6, 15)


@given(st.dictionaries(st.integers(1, 500), st.dates(date(2022, 1, 1), TODAY), max_size=60))
def test_every_late_day_and_every_month_has_its_last_run(runs: dict[int, date]) -> None:
    kept = lasting(runs, TODAY)
    for run, day in runs.items():
        same = [other for other, its in runs.items() if its == day]
        if day >= TODAY - timedelta(days=WHOLE_DAYS):
            assert (run in kept) == (run == max(same))
        else:
            month = [
                other
                for other, its in runs.items()
                if (its.year, its.month) == (day.year, day.month) and its < TODAY - timedelta(days=WHOLE_DAYS)
            ]
            assert (run in kept) == (run == max(month))


@pytest.fixture
def lake(tmp_path: Path) -> Any:
    from regulars.runtime.projection import lake_of

    return lake_of(opened(tmp_path / "home"))


def scores(customers: int) -> pa.Table:
    from regulars.runtime.history import COLUMNS

    texts = {"tier", "rfm", "lifecycle"}
    told: dict[str, Any] = {"customer_id": list(range(1, customers + 1))}
    return pa.table(told | {name: ["a" if name in texts else 1] * customers for name in COLUMNS})


def ran(lake: Any, number: int, day: date, *, published: bool = True) -> None:
    from regulars.runtime import history
    from regulars.store.models import Run

    at = datetime(2024, 6, 15, tzinfo=UTC)
    state = Run.PUBLISHED if published else Run.FAILED
    Run.objects.create(id=number, state=state, as_of=day, started_at=at, ended_at=at)
    history.keep(lake, number, day, scores(40))


def test_runs_of_long_ago_are_forgotten_some_at_a_time(lake: Any) -> None:
    from regulars.runtime import history

    for number in range(1, 7):
        ran(lake, number, date(2024, 1, number))
    ran(lake, 7, date(2024, 1, 7), published=False)
    ran(lake, 8, date(2024, 6, 14))
    ran(lake, 9, date(2024, 6, 14))
    ran(lake, 10, TODAY)
    # Of January the last published one stays; 7 was never shown, and 8 was followed on its day.
    assert history.thin(lake, TODAY) == (1, 2, 3, 4, 5, 7, 8)
    assert [row["run"] for row in history.of(lake, 3)] == [10, 9, 6]
    assert history.thin(lake, TODAY) == ()
    history.keep(lake, 10, TODAY, scores(40))
    assert [row["run"] for row in history.of(lake, 3)] == [10, 9, 6], (
        "a run is kept once, whatever was forgotten"
    )


def test_a_few_wait_until_there_are_more(lake: Any) -> None:
    from regulars.runtime import history

    for number in range(1, 8):
        ran(lake, number, date(2024, 1, number))
    assert history.thin(lake, TODAY) == (), "six of seven: too few to write the table anew"
    ran(lake, 8, date(2024, 1, 20))
    assert history.thin(lake, TODAY) == (1, 2, 3, 4, 5, 6, 7)
    assert [row["run"] for row in history.of(lake, 3)] == [8]


def test_what_is_being_written_is_left_alone(lake: Any) -> None:
    from regulars.runtime import history
    from regulars.store.models import Run

    for number in range(1, 9):
        ran(lake, number, date(2024, 1, number))
    Run.objects.create(id=9, state=Run.RUNNING, started_at=datetime(2024, 6, 15, tzinfo=UTC))
    history.keep(lake, 9, TODAY, scores(40))
    assert 9 not in history.thin(lake, TODAY)
    Run.objects.filter(id=9).update(state=Run.PUBLISHED, as_of=TODAY)
    assert [row["run"] for row in history.of(lake, 3)] == [9, 8]
