"""What was expected of each customer at every refresh: written to the lake before the refresh is shown, read one customer at a time.

A refresh that ends badly after its history was written leaves rows of a run that was never published; nobody is shown them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from regulars.lake.folder import Lake
from regulars.store.models import Run

if TYPE_CHECKING:
    from datetime import date

APPLICATION = "scores"
COLUMNS = (
    "orders", "net_minor", "p_alive", "expected_orders", "clv_minor", "clv_low_minor", "clv_high_minor", "tier", "rfm", "lifecycle",
)  # fmt: skip
"""Of a score, what is kept of every run."""


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
