"""What PostgreSQL asked of each order by itself, and nobody needed: loads ask once for all of theirs.

The index of ``varchar_pattern_ops`` that Django adds to a unique text answers only questions by the beginning of an order's id, which nobody asks.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

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
        migrations.AlterField(
            model_name="order",
            name="customer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="store.customer",
            ),
        ),
    ]
