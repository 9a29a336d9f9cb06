"""Facts stand in the outbox exactly when what they tell of happened, and say nothing of a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.homes import Opened, opened
from tests.runtime.test_load import ROWS, told, written
from tests.runtime.test_refresh import loaded, refreshed, shop

from regulars.store import outbox
from regulars.store.models import Outbox


def facts(*names: str) -> list[tuple[str, str]]:
    return [
        (fact, thing)
        for fact, thing in Outbox.objects.order_by("id").values_list("fact", "object_id")
        if not names or fact in names
    ]


def order(**more: Any) -> Any:
    from datetime import UTC, datetime
    from decimal import Decimal

    from regulars.runtime.taking import ToldLine, ToldOrder

    line = ToldLine("tea", "Green tea", "", Decimal(1), 1000, 0, 0, None)
    given = {
        "order_id": "1", "status": "paid", "store_id": "ada", "email": "ada@example.com",
        "ordered_at": datetime(2024, 5, 1, tzinfo=UTC), "currency": "EUR", "shipping": 0, "shipping_tax": 0,
        "coupon_code": "", "channel": "", "country": "", "lines": (line,),
    }  # fmt: skip
    return ToldOrder(**(given | more))


def test_single_orders_tell_what_happened_once(home: Opened) -> None:
    from datetime import UTC, datetime

    from regulars.orders.amendments import Asked
    from regulars.runtime import taking

    settings, now = home(), datetime(2024, 6, 1, tzinfo=UTC)
    for _ in range(2):
        taking.take(order(), settings, now)
    assert facts() == [("customer.created", "key:1"), ("order.created", "1")]
    taking.take(order(country="PL"), settings, now)
    asked = Asked("r1", 100, (), 0, now)
    for _ in range(2):
        taking.refund("1", asked, now)
        taking.change_status("1", "cancelled", now)
    assert facts()[2:] == [("order.updated", "1"), ("order.refunded", "1"), ("order.status_changed", "1")]
    made, changed, back, status = list(Outbox.objects.order_by("id"))[1:]
    assert made.payload == {"order_id": "1", "version": 1, "customer": "key:1"}
    assert changed.payload == {"order_id": "1", "version": 2, "customer": "key:1"}
    assert back.payload == {"order_id": "1", "version": 3, "refund_id": "r1"}
    assert status.payload == {"order_id": "1", "version": 4, "before": "paid", "status": "cancelled"}
    written_down = json.dumps([[each.object_id, each.payload] for each in Outbox.objects.all()])
    assert "ada" not in written_down
    assert "Green" not in written_down
    assert len({each.message_id for each in Outbox.objects.all()}) == 5
    assert {each.fact for each in Outbox.objects.all()} <= set(outbox.FACTS)


def test_what_was_not_done_is_not_told(home: Opened) -> None:
    from datetime import UTC, datetime

    from regulars.kit.errors import RegularsError
    from regulars.runtime import taking
    from regulars.store import database

    settings, now = home(currency="EUR"), datetime(2024, 6, 1, tzinfo=UTC)
    with pytest.raises(RegularsError):
        taking.take(order(currency="USD"), settings, now)

    def broken_off() -> None:
        with database.writing():
            taking.take(order(), settings, now)
            assert facts() != []
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert facts() == []


def test_a_guest_who_turns_out_to_be_known_is_told_and_back(home: Opened) -> None:
    from datetime import UTC, datetime

    from regulars.customers.actions import unmerge
    from regulars.runtime import taking
    from regulars.store.models import Merge

    settings, now = home(), datetime(2024, 6, 1, tzinfo=UTC)
    taking.take(order(order_id="1", email=""), settings, now)
    taking.take(order(order_id="2", store_id=""), settings, now)
    taking.take(order(order_id="3"), settings, now)
    found = Outbox.objects.get(fact="customers.merged")
    assert found.payload == {"kept": "key:1", "absorbed": "key:2"}
    unmerge(Merge.objects.get(), now)
    assert Outbox.objects.get(fact="customers.unmerged").payload == found.payload


def test_customers_that_events_bring_are_told(home: Opened) -> None:
    from datetime import UTC, datetime

    from regulars.customers.recognition import met

    home()
    now = datetime(2024, 6, 1, tzinfo=UTC)
    met({"ada", "ben"}, now)
    met({"ada", "ben", "cleo"}, now)
    assert facts() == [("customer.created", f"key:{n}") for n in (1, 2, 3)]


def test_a_load_is_one_fact(home: Opened, tmp_path: Path) -> None:
    settings = home()
    path = written(tmp_path / "1.csv", *ROWS)
    number = told(settings, path).record.pk
    assert facts() == [("import.finished", str(number))]
    assert Outbox.objects.get().payload == {
        "import": number, "orders": 3, "added": 3, "changed": 0, "unchanged": 0,
    }  # fmt: skip


def quiet(path: Path) -> str:
    """A shop whose customers all but stop buying in the second half."""
    import zlib

    head, *rows = Path(shop(path, customers=1100)).read_text(encoding="utf-8").splitlines()
    kept = [
        row
        for row in rows
        if row.split(",")[3] < "2024-09-20" or zlib.crc32(row.split(",")[0].encode()) % 12 == 0
    ]
    path.write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
    return str(path)


def test_a_forecast_that_left_its_band_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = opened(tmp_path / "home")
    loaded(settings, quiet(tmp_path / "orders.csv"))
    first = refreshed(settings).run
    assert facts()[1:] == [
        ("scores.published", "1"), ("forecast.left_band", "spend"), ("forecast.left_band", "orders"),
    ]  # fmt: skip
    published, spend, _ = list(Outbox.objects.order_by("id"))[1:]
    assert published.payload["as_of"] == first.summary["as_of"]
    assert spend.payload["actual"] < spend.payload["low"] < spend.payload["expected"] < spend.payload["high"]
    assert first.summary["watch"]["left"][0] == {
        name: value for name, value in spend.payload.items() if name != "run"
    }
    assert "customers have spent less than the forecast allows for" in first.summary["watch"]["alerts"][0]
    warned = [record for record in caplog.records if "left its band" in record.message]
    assert [record.levelname for record in warned] == ["WARNING", "WARNING"]
    refreshed(settings)
    assert facts()[4:] == [("scores.published", "2")], "it is still outside, which was told"


def test_a_shop_inside_its_band_is_left_in_peace(tmp_path: Path) -> None:
    settings = opened(tmp_path / "home")
    loaded(settings, shop(tmp_path / "orders.csv"))
    done = refreshed(settings).run
    assert [fact for fact, _ in facts()] == ["import.finished", "scores.published"]
    assert done.summary["watch"] == {"left": [], "alerts": []}


def test_only_the_third_failure_in_a_row_is_told(home: Opened, caplog: pytest.LogCaptureFixture) -> None:
    from regulars.kit.errors import RegularsError
    from regulars.runtime import alarms
    from regulars.store.models import Run

    settings = home()
    for number in range(1, 5):
        with pytest.raises(RegularsError):
            refreshed(settings)
        assert facts() == ([("refresh.failed", "3")] if number >= alarms.FAILURES else [])
    assert Outbox.objects.get().payload == {"run": 3, "code": "refresh.no_orders", "in_a_row": 3}
    assert len([record for record in caplog.records if "in a row" in record.message]) == 4
    Run.objects.filter(id=4).update(state=Run.PUBLISHED)
    with pytest.raises(RegularsError):
        refreshed(settings)
    assert len(facts()) == 1, "after a success it counts anew"


def test_killed_refreshes_count_as_failures(home: Opened) -> None:
    from datetime import UTC, datetime

    from regulars.kit.errors import RegularsError
    from regulars.store.models import Run

    settings = home()
    now = datetime(2024, 6, 1, tzinfo=UTC)
    Run.objects.create(id=1, state=Run.FAILED, started_at=now, ended_at=now)
    Run.objects.create(id=2, state=Run.RUNNING, started_at=now)
    with pytest.raises(RegularsError):
        refreshed(settings)
    assert facts() == [("refresh.failed", "3")]
    assert Run.objects.get(id=2).error["code"] == "refresh.stopped"
