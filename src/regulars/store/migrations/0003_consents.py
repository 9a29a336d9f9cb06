import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0002_access"),
    ]

    operations = [
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=20)),
                ("granted", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("source", models.CharField(blank=True, default="", max_length=100)),
                ("wording", models.CharField(blank=True, default="", max_length=2000)),
                ("recorded_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="store.customer",
                    ),
                ),
            ],
            options={
                "db_table": "consents",
                "indexes": [
                    models.Index(fields=["customer", "purpose", "at"], name="consents_of_customer"),
                    models.Index(fields=["purpose", "granted"], name="consents_by_purpose"),
                ],
            },
        ),
    ]
