"""What was paid to win customers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0008_order_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="AdvertisingCost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("spent_on", models.DateField()),
                ("channel", models.CharField(blank=True, default="", max_length=100)),
                ("campaign", models.CharField(blank=True, default="", max_length=200)),
                ("spend_minor", models.BigIntegerField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "advertising_costs",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("spent_on", "channel", "campaign"), name="advertising_costs_once"
                    )
                ],
            },
        ),
    ]
