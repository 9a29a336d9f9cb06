"""Online Retail II as recommenders are compared on it: cancellations, the doubled week and what is no product out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from regulars.recommend import Interactions
from regulars.recommend.recommender import purchases
from regulars.runtime.reading import read_orders

FILE = Path("online_retail_ii") / "transactions.parquet"
CUTOFFS = (date(2011, 11, 11), date(2011, 6, 10))


def cleaned(data: Path) -> pa.Table:
    """Return the 788,247 lines that the published comparisons count."""
    table = pq.read_table(data / FILE)
    code = pc.utf8_upper(pc.utf8_trim_whitespace(table["product_id"]))
    kept = pc.and_(pc.invert(table["in_next_sheet_too"]), pc.invert(table["is_cancellation"]))
    kept = pc.and_(kept, pc.and_(pc.is_valid(table["customer_id"]), pc.greater(table["quantity"], 0)))
    kept = pc.and_(kept, pc.match_substring_regex(code, r"^\d{5}"))
    columns = ["order_id", "ordered_at", "customer_id", "quantity", "unit_price"]
    told = table.select(columns).append_column("product_id", code)
    return told.append_column("title", table["description"]).filter(kept)


def read(data: Path) -> tuple[int, Interactions]:
    """Return how many lines there are and what the recommender sees of them, read through the door like any shop's."""
    lines = cleaned(data)
    with read_orders(lines) as orders:
        return len(lines), purchases(orders)
