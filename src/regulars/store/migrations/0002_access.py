"""Keys, answers that are kept, who changed what, and refunds that are told one by one."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0001_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("prefix", models.CharField(max_length=16, unique=True)),
                ("secret_hash", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=100)),
                ("scopes", models.JSONField(default=list)),
                ("signing", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "api_keys",
            },
        ),
        migrations.CreateModel(
            name="Audit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("who", models.CharField(max_length=100)),
                ("what", models.CharField(max_length=60)),
                ("object", models.CharField(max_length=260)),
                ("details", models.JSONField(default=dict)),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "audit",
            },
        ),
        migrations.AddField(
            model_name="order",
            name="shipping_refunded_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="orderline",
            name="paid_back_minor",
            field=models.BigIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Idempotency",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                ("request", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("status", models.IntegerField()),
                ("answer", models.TextField()),
                ("created_at", models.DateTimeField(db_index=True)),
                (
                    "api_key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.apikey"
                    ),
                ),
            ],
            options={
                "db_table": "idempotency",
                "constraints": [models.UniqueConstraint(fields=("api_key", "key"), name="idempotency_once")],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("refund_id", models.CharField(max_length=200)),
                ("amount_minor", models.BigIntegerField()),
                ("shipping_minor", models.BigIntegerField(default=0)),
                ("lines", models.JSONField(default=list)),
                ("asked", models.CharField(max_length=64)),
                ("refunded_at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="refunds", to="store.order"
                    ),
                ),
            ],
            options={
                "db_table": "refunds",
                "constraints": [models.UniqueConstraint(fields=("order", "refund_id"), name="refunds_once")],
            },
        ),
    ]
