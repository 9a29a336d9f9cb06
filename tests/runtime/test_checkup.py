"""The doctor of a server names what is wrong and what to do, and changes nothing of what it looks at."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.homes import Opened, opened
from tests.runtime.test_compaction import event
from tests.runtime.test_load import ROWS, told, written

from regulars.runtime import checkup


def findings(settings: Any) -> dict[str, checkup.Finding]:
    return {each.name: each for each in checkup.checkup(settings)}


def test_a_server_that_is_well(home: Opened, tmp_path: Path) -> None:
    from regulars.kit.secrets import secret
    from regulars.runtime import preferences

    settings = home(currency="EUR")
    told(settings, written(tmp_path / "orders.csv", *ROWS))
    secret(settings.home)
    found = findings(settings)
    assert {each.state for each in found.values()} <= {"ok", "note"}
    assert str(found["Store"].found).startswith("PostgreSQL" if settings.database_url else "SQLite")
    assert "currency = EUR (regulars.toml)" in str(found["Settings"].found)
    assert "s3cret" not in "".join(str(each.found) for each in found.values())
    assert str(found["Tables of the store"].found) == "up to date"
    assert "Chosen in the console" not in found
    preferences.change(settings, {"margin": "0.4"}, 0, who="test", now=datetime.now(UTC))
    assert str(findings(settings)["Chosen in the console"].found) == "margin = 0.4"


def test_what_is_wrong_is_named(home: Opened, tmp_path: Path) -> None:
    from django.db import connection

    from regulars.kit.secrets import secret
    from regulars.runtime.compaction import inbox_of
    from regulars.store.models import Run

    settings = home()
    told(settings, written(tmp_path / "orders.csv", *ROWS))
    secret(settings.home)
    (settings.home / "secret.key").chmod(0o644)
    old = int((datetime.now(UTC) - timedelta(hours=3)).timestamp() * 1e6)
    with closing(inbox_of(settings)) as inbox:
        inbox.append([event(1, received_at=old)])
    later = datetime.now(UTC) + timedelta(days=1)
    Run.objects.create(id=1, state=Run.FAILED, started_at=later, error={"code": "refresh.no_orders"})
    found = findings(settings)
    assert {name for name, each in found.items() if each.state == "bad"} == {
        "Secret of the home",
        "Clock",
        "Refresh",
    }
    assert "180 minutes" in str(found["Events that wait"].found)
    assert all(each.advice for each in found.values() if each.state == "bad")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_later', %s)", [later]
        )
    assert "9999_later" in str(findings(settings)["Tables of the store"].found)


def test_tables_that_wait_for_an_upgrade(home: Opened) -> None:
    from django.core.management import call_command

    settings = home()
    call_command("migrate", "store", "0001", verbosity=0)
    found = findings(settings)["Tables of the store"]
    assert (found.state, "0002_access" in str(found.found)) == ("note", True)


def test_by_the_command(tmp_path: Path) -> None:
    from regulars.cli import doctor

    def answer(*words: str) -> Any:
        return json.loads(CliRunner().invoke(doctor.doctor, ["--json", *words]).stdout)["checks"]

    absent = answer("--home", str(tmp_path / "nowhere"))[-1]
    assert (absent["name"], absent["state"]) == ("Home", "bad")
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "new").mkdir()
    assert answer("--home", str(tmp_path / "new"))[-1]["state"] == "note"
    assert list((tmp_path / "new").iterdir()) == []  # nothing was made
    opened(tmp_path / "home")
    names = [each["name"] for each in answer("--home", str(tmp_path / "home"))]
    assert {"Settings", "Store", "Clock", "Lake"} <= set(names)
    (tmp_path / "new" / "regulars.toml").write_text('database_url = "postgresql://x:geheim@127.0.0.1:1/x"')
    down = answer("--home", str(tmp_path / "new"))
    assert down[-1]["state"] == "bad"
    assert "geheim" not in json.dumps(down)
    polish = CliRunner().invoke(doctor.doctor, ["--home", str(tmp_path / "home"), "--lang", "pl"]).stdout
    assert "Magazyn danych" in polish


@pytest.fixture(autouse=True)
def _no_other_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGULARS_HOME", raising=False)
