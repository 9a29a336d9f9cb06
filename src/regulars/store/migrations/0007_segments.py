"""Segments that the shop says itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0006_notes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=100)),
                ("rule", models.JSONField()),
                ("version", models.IntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "segments",
            },
        ),
    ]
