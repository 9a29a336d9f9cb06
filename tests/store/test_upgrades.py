"""A home of any earlier version opens with all it had, goes back and forth, and one of a later version is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.homes import database_of, opened
from tests.web.conftest import Program, key_of

from regulars.kit.errors import RegularsError
from regulars.runtime.home import connect_home, open_home

STATES = (
    "0001_first",
    "0002_access",
    "0003_consents",
    "0004_jobs",
    "0005_users",
    "0006_notes",
    "0007_segments",
    "0008_order_indexes",
    "0009_advertising",
    "0010_order_index",
    "0011_stretches",
    "0012_unmerged",
)
AT, DAY = datetime(2024, 5, 1, 12, tzinfo=UTC), date(2024, 5, 1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty store, without any table; empty for SQLite."""
    if request.param == "sqlite":
        yield ""
        return
    with database_of(request.getfixturevalue("postgres")) as address:
        yield address


def migrated(state: str) -> Any:
    """Bring the store to an earlier state; return the records of that time by name."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    executor.migrate([("store", state)])
    apps = executor.loader.project_state(("store", state)).apps
    return {model.__name__: model for model in apps.get_models() if model._meta.app_label == "store"}


def older(folder: Path, url: str, state: str) -> Any:
    """Make a home of an earlier time, as the code of that time left it; return its records."""
    folder.mkdir()
    lines = ['time_zone = "Europe/Warsaw"', 'api_rate = "10000"', 'api_burst = "10000"']
    if url:
        lines.append(f'database_url = "{url}"')
    (folder / "regulars.toml").write_text("\n".join(lines), encoding="utf-8")
    connect_home(folder)
    records = migrated(state)
    first(records)
    if "Refund" in records:
        second(records)
    if "Consent" in records:
        records["Consent"].objects.create(
            customer_id=1, purpose="email", granted=True, at=AT, source="checkout", recorded_at=AT
        )
    if "Job" in records:
        fourth(records)
    if "Segment" in records:
        rule = {"field": "orders", "operator": ">=", "value": 2}
        records["Segment"].objects.create(
            name="often", title="Often", rule=rule, created_at=AT, updated_at=AT
        )
    if "AdvertisingCost" in records:
        ninth(records)
    if "Stretches" in records:
        tenth(records)
    if "User" in records:
        records["User"].objects.create(email="op@example.com", name="Op", roles=["owner"], created_at=AT)
    return records


def first(records: Any) -> None:
    """Rows that the first tables could hold."""

    def make(noun: str, **row: Any) -> None:
        records[noun].objects.create(**row)

    for name in ("customer", "product", "order"):
        make("Counter", name=name, last=2)
    make("Setting", name="currency", value="EUR", updated_at=AT)
    make("Setting", name="capabilities", value={"products": True}, updated_at=AT)
    make("Product", id=1, product_id="tea", title="Tea", updated_at=AT)
    for key, name in ((1, "ada"), (2, "ben")):
        make("Customer", id=key, first_name=name.title(), created_at=AT, updated_at=AT)
        make("Identifier", customer_id=key, kind="store_id", value=name, since=AT)
        told = {
            "customer_id": key,
            "ordered_at": AT,
            "ordered_on": DAY,
            "currency": "EUR",
            "shipping_minor": 500,
        }
        make("Order", id=key, order_id=str(key), content=key, updated_at=AT, **told)
        make(
            "OrderLine",
            order_id=key,
            line=1,
            product_id=1,
            quantity="2.5",
            gross_minor=1000,
            refunded_minor=100 * (key - 1),
        )
        make("Unprojected", order_id=key, version=1)
        scored = {
            "orders": 1,
            "net_minor": 1000,
            "aov_minor": 1000,
            "first_on": DAY,
            "last_on": DAY,
            "clv_minor": 4321,
        }
        make("Score", run=1, customer_id=key, tier="gold", **scored)
        make("Membership", run=1, segment="vip", customer_id=key)
    make("Visitor", id="v1", customer_id=1, since=AT)
    make(
        "Run",
        id=1,
        state="published",
        as_of=DAY,
        started_at=AT,
        ended_at=AT,
        summary={"figures": {}, "segments": {}},
    )
    make(
        "Import",
        origin="orders.csv",
        state="done",
        started_at=AT,
        ended_at=AT,
        orders=2,
        committed=2,
        added=2,
    )


def second(records: Any) -> None:
    """Rows that came with keys and refunds."""
    records["Order"].objects.filter(id=1).update(shipping_refunded_minor=200)
    records["OrderLine"].objects.filter(order_id=1).update(refunded_minor=300, paid_back_minor=300)
    refund = {
        "refund_id": "r1",
        "amount_minor": 500,
        "shipping_minor": 200,
        "lines": [[1, 300]],
        "asked": "x",
    }
    records["Refund"].objects.create(order_id=1, refunded_at=AT, **refund)
    records["ApiKey"].objects.create(
        prefix="rk_old", secret_hash="0" * 64, name="old", scopes=["orders:read"], created_at=AT
    )
    records["Audit"].objects.create(who="cli", what="key.create", object="rk_old", at=AT)


def fourth(records: Any) -> None:
    """Rows that came with jobs and webhooks."""
    records["Job"].objects.create(kind="refresh", state="done", run_at=AT, most_attempts=3, created_at=AT)
    told = {
        "url": "https://shop.example/hook",
        "facts": ["order.created"],
        "secret": "sealed",
        "created_at": AT,
    }
    end = records["WebhookEndpoint"].objects.create(updated_at=AT, paused=True, **told)
    message = records["Outbox"].objects.create(
        message_id="m1", fact="order.created", object_id="1", at=AT, dispatched_at=AT
    )
    records["WebhookDelivery"].objects.create(
        endpoint=end, message=message, state="done", next_at=AT, created_at=AT
    )


def ninth(records: Any) -> None:
    """Rows that came with costs of advertising."""
    records["AdvertisingCost"].objects.create(spent_on=DAY, channel="google", spend_minor=1250, updated_at=AT)


def tenth(records: Any) -> None:
    """Rows that came with long lists."""
    for tier, told in (("", [[4321, 1]]), ("gold", [2])):
        records["Stretches"].objects.create(run=1, sort="clv_minor", tier=tier, told=told)


def everything(records: Any) -> dict[str, list[str]]:
    """All that the records of a time hold."""
    return {name: sorted(str(row) for row in model.objects.values()) for name, model in records.items()}


def read(settings: Any, state: str) -> None:
    """Find by the API all that an older home had, and write to it."""
    program = Program(key_of(settings))
    one, two = program.get("orders/1").json(), program.get("orders/2").json()
    assert (one["customer"], one["shipping"], one["lines"][0]["gross"]) == ("ada", "5.00", "10.00")
    assert one["lines"][0]["product_id"] == "tea"
    assert float(one["lines"][0]["quantity"]) == 2.5
    assert two["lines"][0]["refunded"] == "1.00"
    assert [each["refund_id"] for each in one["refunds"]] == ([] if state == "0001_first" else ["r1"])
    person = program.get("customers/ada").json()
    assert (person["value"]["clv"], person["value"]["tier"], person["segments"]) == ("43.21", "gold", ["vip"])
    assert len(program.get("customers").json()["customers"]) == 2
    assert [each["order_id"] for each in program.get("customers/ben/timeline").json()["orders"]] == ["2"]
    assert program.get("products/tea").json()["title"] == "Tea"
    assert program.get("imports/1").json()["added"] == 2
    assert program.get("runs").json()["runs"][0]["run"] == 1
    words = program.get("customers/ada/consents").json()["history"]
    assert [each["purpose"] for each in words] == (["email"] if state >= "0003" else [])
    names = {each["prefix"] for each in program.get("keys").json()["keys"]}
    assert ("rk_old" in names) == (state != "0001_first")
    assert program("POST", "orders/2/refunds", {"refund_id": "new", "amount": "1.00"}).status_code in (
        200,
        201,
    )
    assert program("PUT", "customers/ben/consents/email", {"granted": True}).status_code == 201


@pytest.mark.parametrize("state", STATES)
def test_a_home_of_any_time_opens_with_all_it_had(store: str, tmp_path: Path, state: str) -> None:
    home = tmp_path / "home"
    had = everything(older(home, store, state))
    assert had == everything(older_records(state))
    settings = open_home(home)
    assert everything(older_records(state)) == had
    read(settings, state)
    # Back to that time, and forward again: nothing is lost of what was known then.
    kept = everything(older_records(state))
    assert everything(migrated(state)) == kept
    settings = open_home(home)
    assert everything(older_records(state)) == kept
    assert Program(key_of(settings)).get("orders/2").json()["lines"][0]["refunded"] == "2.00"


def older_records(state: str) -> Any:
    """The records of a time, over the tables of today."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    apps = MigrationLoader(connection).project_state(("store", state)).apps
    return {model.__name__: model for model in apps.get_models() if model._meta.app_label == "store"}


def test_every_state_is_tried() -> None:
    from django.db.migrations.loader import MigrationLoader

    known = sorted(name for app, name in MigrationLoader(None).disk_migrations if app == "store")
    assert known == list(STATES), "a state that was added belongs into STATES, with rows of its own"


def test_the_records_are_those_that_the_migrations_make(store: str, tmp_path: Path) -> None:
    from django.core.management import call_command

    opened(tmp_path / "home", store)
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_newer_store_is_left_alone(store: str, tmp_path: Path) -> None:
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    home = tmp_path / "home"
    opened(home, store)
    MigrationRecorder(connection).record_applied("store", "9999_later")
    with pytest.raises(RegularsError) as caught:
        open_home(home)
    assert (caught.value.code, caught.value.kind.value) == ("store.newer", "conflict")
    assert "9999_later" in str(caught.value)
    MigrationRecorder(connection).record_unapplied("store", "9999_later")
    open_home(home)
