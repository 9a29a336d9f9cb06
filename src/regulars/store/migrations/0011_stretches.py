"""Where in long lists the people of segments and tiers stand; the next refresh counts them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0010_order_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="Stretches",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run",
                        "sort",
                        "segment",
                        "tier",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("run", models.IntegerField()),
                ("sort", models.CharField(max_length=20)),
                ("segment", models.CharField(blank=True, default="", max_length=60)),
                ("tier", models.CharField(blank=True, default="", max_length=40)),
                ("told", models.JSONField()),
            ],
            options={
                "db_table": "stretches",
            },
        ),
    ]
