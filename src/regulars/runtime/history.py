"""What was expected of each customer at every refresh: written to the lake before the refresh is shown, read one customer at a time.

A refresh that ends badly after its history was written leaves rows of a run that was never published; nobody is shown them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from regulars.lake.folder import Lake
from regulars.store.models import Run

APPLICATION = "scores"
COLUMNS = (
    "orders", "net_minor", "p_alive", "expected_orders", "clv_minor", "clv_low_minor", "clv_high_minor", "tier", "rfm", "lifecycle",
)  # fmt: skip
"""Of a score, what is kept of every run."""
WHOLE_DAYS = 90
"""So long every day's last run is kept; of earlier months the last one, as a shop with a million customers would fill a disk otherwise."""
FEWEST = 7
"""Runs are forgotten so many at a time: each time writes the table anew."""


def keep(lake: Lake, run: int, as_of: date, scores: pa.Table) -> None:
    """Write the scores of a run (columns as :data:`regulars.runtime.publication.COLUMNS`) to the lake, once however often it is called."""
    if lake.scores.applied(APPLICATION) >= run:
        return
    keys = scores["customer_id"]
    count = len(scores)
    columns: dict[str, Any] = {
        "run": pa.array([run] * count, pa.int32()),
        "as_of": pa.array([as_of] * count, pa.date32()),
        "customer_key": keys.cast(pa.int64()),
    }
    for name in COLUMNS:
        columns[name] = scores[name]
    columns["bucket"] = pc.bit_wise_and(keys.cast(pa.int64()), lake.buckets - 1).cast(pa.int32())
    with lake.writing():
        lake.scores.append(pa.table(columns), batch=(APPLICATION, run))


def thin(lake: Lake, today: date) -> tuple[int, ...]:
    """Forget what nobody will ask for: runs of long ago but the last of each month, all but the last of a day, and what was never published.

    Returns the runs that were forgotten; none until there are some.
    """
    there = _runs(lake)
    shown = dict(Run.objects.filter(state=Run.PUBLISHED, id__in=there).values_list("id", "as_of"))
    last = max(shown, default=0)
    kept = lasting(shown, today)
    gone = tuple(sorted(run for run in there if run <= last and run not in kept))
    if len(gone) < FEWEST:
        return ()
    with lake.writing():
        lake.scores.delete("run", gone)
    return gone


def lasting(runs: Mapping[int, date], today: date) -> set[int]:
    """Return the runs (number and day) that are kept: the last of each day of :data:`WHOLE_DAYS`, before that the last of each month."""
    since = today - timedelta(days=WHOLE_DAYS)
    best: dict[tuple[int, ...], int] = {}
    for run, day in sorted(runs.items()):
        best[(day.year, day.month, day.day) if day >= since else (day.year, day.month)] = run
    return set(best.values())


def _runs(lake: Lake) -> list[int]:
    """Return every run of which the lake has rows."""
    with lake.reading():
        by_bucket: dict[Path, list[Path]] = {}
        for path in lake.scores.files():
            by_bucket.setdefault(path.parent, []).append(path)
        found: set[int] = set()
        for files in by_bucket.values():
            # The statistics of a file do not name what lies between its least and its greatest.
            for run in ds.dataset([str(path) for path in files]).to_table(columns=["run"])["run"].unique():
                found.add(run.as_py())
        return sorted(found)


def of(lake: Lake, customer: int) -> list[dict[str, Any]]:
    """Return what was expected of a customer at each published run, the latest first."""
    with lake.reading():
        held = f"bucket={customer % lake.buckets}"
        files = [str(path) for path in lake.scores.files() if path.parent.name == held]
        if not files:
            return []
        found = ds.dataset(files).to_table(filter=pc.field("customer_key") == customer).to_pylist()
    published = set(Run.objects.filter(state=Run.PUBLISHED).values_list("id", flat=True))
    return sorted((row for row in found if row["run"] in published), key=lambda row: -row["run"])
