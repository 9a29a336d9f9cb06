"""The columns of a server's lake, so that one which an older version wrote is given those that came later."""

from __future__ import annotations

import pyarrow as pa

_DEC = pa.decimal128(18, 4)
ORDERS = pa.schema(
    [
        ("order_key", pa.int64()),
        ("customer_key", pa.int64()),
        ("ordered_at", pa.timestamp("us", "UTC")),
        ("ordered_on", pa.date32()),
        ("kind", pa.string()),
        ("status", pa.string()),
        ("valid", pa.bool_()),
        ("lines", pa.int32()),
        *[(name, _DEC) for name in ("units", "gross", "discount", "shipping", "tax", "refunded", "net")],
        ("coupon_code", pa.string()),
        ("channel", pa.string()),
        ("country", pa.string()),
        ("bucket", pa.int32()),
    ]
)
"""As :mod:`regulars.lake.tables` describes them, and the bucket of the customer."""
LINES = pa.schema(
    [
        ("order_key", pa.int64()),
        ("line", pa.int32()),
        ("customer_key", pa.int64()),
        ("product_key", pa.int64()),
        ("ordered_on", pa.date32()),
        ("kind", pa.string()),
        ("valid", pa.bool_()),
        *[(name, _DEC) for name in ("quantity", "gross", "discount", "tax", "refunded")],
        ("bucket", pa.int32()),
        ("net", _DEC),
    ]
)
EVENTS = pa.schema(
    [
        ("event_id", pa.string()),
        ("customer_key", pa.int64()),
        ("visitor_key", pa.int64()),
        ("session_key", pa.int64()),
        ("type", pa.string()),
        ("occurred_at", pa.timestamp("us", "UTC")),
        ("received_at", pa.timestamp("us", "UTC")),
        ("product_key", pa.int64()),
        ("product_id", pa.string()),
        ("order_id", pa.string()),
        ("value", pa.float64()),
        ("source", pa.string()),
        ("properties", pa.string()),
        ("bucket", pa.int32()),
    ]
)
