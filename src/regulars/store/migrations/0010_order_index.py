"""An index less for PostgreSQL to write with each order.

The one of ``varchar_pattern_ops`` that Django adds to a unique text answers only questions by the beginning of an order's id, which nobody asks.
"""

from typing import Any

from django.db import migrations

LIKE = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'orders' AND indexdef LIKE '%varchar_pattern_ops%'"


def _drop(_: Any, editor: Any) -> None:
    if editor.connection.vendor != "postgresql":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute(LIKE)
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        editor.execute(f"DROP INDEX {editor.quote_name(name)}", params=None)


def _make(_: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE INDEX orders_order_id_like ON orders (order_id varchar_pattern_ops)", params=None
        )


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0009_advertising"),
    ]

    operations = [
        migrations.RunPython(_drop, _make),
    ]
