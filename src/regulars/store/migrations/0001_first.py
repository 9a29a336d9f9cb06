"""The first tables."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("last", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "counters",
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin", models.CharField(max_length=500)),
                ("state", models.CharField(max_length=10)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("orders", models.IntegerField(default=0)),
                ("committed", models.IntegerField(default=0)),
                ("added", models.IntegerField(default=0)),
                ("changed", models.IntegerField(default=0)),
                ("unchanged", models.IntegerField(default=0)),
                ("account", models.JSONField(default=dict)),
                ("rejects", models.CharField(blank=True, default="", max_length=200)),
                ("error", models.JSONField(null=True)),
            ],
            options={
                "db_table": "imports",
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("order_id", models.CharField(max_length=200, unique=True)),
                ("kind", models.CharField(default="order", max_length=10)),
                ("status", models.CharField(default="paid", max_length=10)),
                ("visitor_id", models.CharField(blank=True, default="", max_length=200)),
                ("ordered_at", models.DateTimeField()),
                ("ordered_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("shipping_minor", models.BigIntegerField(default=0)),
                ("shipping_net_minor", models.BigIntegerField(default=0)),
                ("coupon_code", models.CharField(blank=True, default="", max_length=100)),
                ("channel", models.CharField(blank=True, default="", max_length=100)),
                ("country", models.CharField(blank=True, default="", max_length=100)),
                ("content", models.BigIntegerField()),
                ("version", models.IntegerField(default=1)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "orders",
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("product_id", models.CharField(max_length=200, unique=True)),
                ("title", models.CharField(blank=True, default="", max_length=500)),
                ("category", models.CharField(blank=True, default="", max_length=300)),
                ("brand", models.CharField(blank=True, default="", max_length=200)),
                ("price_minor", models.BigIntegerField(null=True)),
                ("cost_minor", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("available", models.BooleanField(default=True)),
                ("url", models.CharField(blank=True, default="", max_length=1000)),
                ("image_url", models.CharField(blank=True, default="", max_length=1000)),
                ("attributes", models.JSONField(default=dict)),
                ("listed", models.BooleanField(default=False)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "products",
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                ("state", models.CharField(max_length=10)),
                ("step", models.CharField(blank=True, default="", max_length=60)),
                ("as_of", models.DateField(null=True)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("error", models.JSONField(null=True)),
                ("summary", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "runs",
            },
        ),
        migrations.CreateModel(
            name="Setting",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("value", models.JSONField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "settings",
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("first_name", models.CharField(blank=True, default="", max_length=200)),
                ("last_name", models.CharField(blank=True, default="", max_length=200)),
                ("language", models.CharField(blank=True, default="", max_length=20)),
                ("country", models.CharField(blank=True, default="", max_length=100)),
                ("region", models.CharField(blank=True, default="", max_length=100)),
                ("city", models.CharField(blank=True, default="", max_length=100)),
                ("gender", models.CharField(blank=True, default="", max_length=20)),
                ("birthday", models.DateField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absorbed",
                        to="store.customer",
                    ),
                ),
            ],
            options={
                "db_table": "customers",
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run",
                        "segment",
                        "customer_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("run", models.IntegerField()),
                ("segment", models.CharField(max_length=60)),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="store.customer",
                    ),
                ),
            ],
            options={
                "db_table": "memberships",
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("moved", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "absorbed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.customer"
                    ),
                ),
                (
                    "kept",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="merges",
                        to="store.customer",
                    ),
                ),
            ],
            options={
                "db_table": "merges",
            },
        ),
        migrations.CreateModel(
            name="Unprojected",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="store.order",
                    ),
                ),
                ("version", models.IntegerField()),
            ],
            options={
                "db_table": "unprojected",
            },
        ),
        migrations.AddField(
            model_name="order",
            name="customer",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="store.customer",
            ),
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "order_id", "line", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("line", models.IntegerField()),
                ("quantity", models.DecimalField(decimal_places=4, max_digits=18)),
                ("gross_minor", models.BigIntegerField()),
                ("discount_minor", models.BigIntegerField(default=0)),
                ("tax_minor", models.BigIntegerField(default=0)),
                ("refunded_minor", models.BigIntegerField(default=0)),
                (
                    "order",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="store.order",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="store.product",
                    ),
                ),
            ],
            options={
                "db_table": "order_lines",
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run", "customer_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("run", models.IntegerField()),
                ("orders", models.IntegerField()),
                ("net_minor", models.BigIntegerField()),
                ("aov_minor", models.BigIntegerField()),
                ("first_on", models.DateField()),
                ("last_on", models.DateField()),
                ("p_alive", models.FloatField(null=True)),
                ("expected_orders", models.FloatField(null=True)),
                ("clv_minor", models.BigIntegerField(null=True)),
                ("clv_low_minor", models.BigIntegerField(null=True)),
                ("clv_high_minor", models.BigIntegerField(null=True)),
                ("clv_lifetime_minor", models.BigIntegerField(null=True)),
                ("next_order_from", models.DateField(null=True)),
                ("next_order_until", models.DateField(null=True)),
                ("tier", models.CharField(blank=True, default="", max_length=40)),
                ("rfm", models.CharField(blank=True, default="", max_length=6)),
                ("rfm_group", models.CharField(blank=True, default="", max_length=40)),
                ("lifecycle", models.CharField(blank=True, default="", max_length=40)),
                ("reason", models.CharField(blank=True, default="", max_length=400)),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="store.customer",
                    ),
                ),
            ],
            options={
                "db_table": "scores",
            },
        ),
        migrations.CreateModel(
            name="Visitor",
            fields=[
                ("id", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="visitors",
                        to="store.customer",
                    ),
                ),
            ],
            options={
                "db_table": "visitors",
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("value", models.CharField(max_length=320)),
                ("since", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identifiers",
                        to="store.customer",
                    ),
                ),
            ],
            options={
                "db_table": "identifiers",
                "constraints": [models.UniqueConstraint(fields=("kind", "value"), name="identifiers_once")],
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["customer", "ordered_at"], name="orders_of_customer"),
        ),
    ]
