"""What a customer did, as the lake keeps it: read one customer at a time, from the files of their bucket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from regulars.lake.folder import Lake

COLUMNS = ["type", "occurred_at", "product_id", "order_id", "value"]


def of(
    lake: Lake, customer: int, since: datetime | None, until: datetime | None, most: int
) -> list[dict[str, Any]]:
    """Return a customer's events with :data:`COLUMNS`, the latest first, at most ``most``; what still waits is told by ``happening.waiting``."""  # fmt: skip
    with lake.reading():
        held = f"bucket={customer % lake.buckets}"
        files = [str(path) for path in lake.events.files() if path.parent.name == held]
        if not files:
            return []
        wanted = pc.field("customer_key") == customer
        if since is not None:
            wanted &= pc.field("occurred_at") >= since
        if until is not None:
            wanted &= pc.field("occurred_at") < until
        found = ds.dataset(files).to_table(columns=COLUMNS, filter=wanted)
    told: list[dict[str, Any]] = found.sort_by([("occurred_at", "descending")]).slice(0, most).to_pylist()
    return told
