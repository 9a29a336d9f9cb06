"""Background work, facts for whoever listens, and addresses that get them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0003_consents"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=500)),
                ("description", models.CharField(blank=True, default="", max_length=200)),
                ("facts", models.JSONField(default=list)),
                ("secret", models.TextField()),
                ("previous_secret", models.TextField(blank=True, default="")),
                ("previous_until", models.DateTimeField(null=True)),
                ("paused", models.BooleanField(default=False)),
                ("gone_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(default=0)),
                ("rest_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "webhook_endpoints",
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("payload", models.JSONField(default=dict)),
                ("state", models.CharField(max_length=10)),
                ("run_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("owner", models.CharField(blank=True, default="", max_length=100)),
                ("attempts", models.IntegerField(default=0)),
                ("most_attempts", models.IntegerField()),
                ("error_code", models.CharField(blank=True, default="", max_length=100)),
                ("progress", models.FloatField(default=0.0)),
                ("step", models.CharField(blank=True, default="", max_length=100)),
                ("result", models.JSONField(null=True)),
                ("unique_key", models.CharField(max_length=200, null=True, unique=True)),
                ("cancel_asked_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "jobs",
                "indexes": [models.Index(fields=["state", "run_at"], name="jobs_due")],
            },
        ),
        migrations.CreateModel(
            name="Outbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("message_id", models.CharField(max_length=40, unique=True)),
                ("fact", models.CharField(max_length=60)),
                ("object_id", models.CharField(max_length=260)),
                ("payload", models.JSONField(default=dict)),
                ("at", models.DateTimeField(db_index=True)),
                ("dispatched_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "outbox",
                "indexes": [
                    models.Index(
                        condition=models.Q(("dispatched_at", None)), fields=["id"], name="outbox_waiting"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(max_length=10)),
                ("attempts", models.IntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("owner", models.CharField(blank=True, default="", max_length=100)),
                ("response_status", models.IntegerField(null=True)),
                ("error", models.CharField(blank=True, default="", max_length=40)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="store.outbox",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="store.webhookendpoint",
                    ),
                ),
            ],
            options={
                "db_table": "webhook_deliveries",
                "indexes": [models.Index(fields=["endpoint", "state", "next_at"], name="deliveries_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("endpoint", "message"), name="deliveries_once")
                ],
            },
        ),
    ]
