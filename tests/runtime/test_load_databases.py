"""Orders out of a database are the orders of the file they came from, and nobody sees its password."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from tests.homes import Opened, database_of
from tests.runtime.test_load import HEAD, ROWS, orders, people, told, written
from tests.servers import PASSWORD

from regulars.cli import command
from regulars.kit.errors import RegularsError

COLUMNS = HEAD.strip().split(",")
SHAPE = "order_id varchar(9), customer_id varchar(9), email varchar(99), date date, product varchar(9), quantity integer, amount numeric(9, 2), status varchar(9), currency varchar(9)"


def cells() -> list[list[str | None]]:
    return [[cell or None for cell in row.split(",")] for row in ROWS]


def sqlite_file(path: Path) -> str:
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE sales ({SHAPE})")
    connection.executemany(f"INSERT INTO sales VALUES ({', '.join('?' * len(COLUMNS))})", cells())
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def filled(url: str) -> str:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE sales ({SHAPE})")
        marks = ", ".join(["%s"] * len(COLUMNS))
        connection.cursor().executemany(f"INSERT INTO sales VALUES ({marks})", cells())
    return url


def everything() -> tuple[Any, Any]:
    return people(), orders()


def test_a_sqlite_file_is_what_its_csv_is(home: Opened, tmp_path: Path) -> None:
    settings = home()
    told(settings, written(tmp_path / "orders.csv", *ROWS))
    before = everything()
    again = told(settings, sqlite_file(tmp_path / "a shop.db"))
    assert (again.customers, again.products, again.orders.unchanged) == (0, 0, 3)
    assert everything() == before
    assert again.record.origin == f"sqlite:///{tmp_path}/a shop.db"


@pytest.mark.postgres
def test_a_postgres_is_what_its_csv_is_and_its_password_stays_unknown(
    home: Opened, postgres: str, tmp_path: Path
) -> None:
    from regulars.store.models import Import

    settings = home()
    secrets = (PASSWORD, quote(PASSWORD, safe=""), "s3cret")
    with database_of(postgres) as url:
        filled(url)
        asked = CliRunner().invoke(command, ["load", url, "--home", str(settings.home), "--json"])
        assert asked.exit_code == 0, asked.output
        before = everything()
        assert len(before[1]) == 3
        file = told(settings, written(tmp_path / "orders.csv", *ROWS))
        assert (file.customers, file.products, file.orders.unchanged) == (0, 0, 3)
        assert everything() == before
        aside = url.replace(f":{quote(PASSWORD, safe='')}@", "@") + f"?password={quote(PASSWORD, safe='')}"
        assert told(settings, aside).orders.unchanged == 3
        wrong = url.replace("s3cret", "wr0ng")
        failed = CliRunner().invoke(command, ["load", wrong, "--home", str(settings.home)])
        assert failed.exit_code != 0
        with pytest.raises(RegularsError) as caught:
            told(settings, aside.replace("s3cret", "wr0ng"))
    kept = [(one.origin, one.account, one.error) for one in Import.objects.all()]
    assert [error for *_, error in kept if error]
    said = f"{asked.output} {asked.stderr} {failed.output} {failed.stderr} {failed.exception!r} {caught.value} {kept}"
    for secret in (*secrets, "wr0ng"):
        assert secret not in said
    for path in settings.home.rglob(
        "*"
    ):  # neither in the store nor beside it; its own address may stand in the settings
        if path.is_file() and path.name != "regulars.toml":
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in (*secrets, "wr0ng")), path


def test_a_password_with_an_unspelt_slash_is_not_taken_for_an_address(home: Opened) -> None:
    from regulars.store.models import Import

    settings = home()
    for url in ("postgresql://shop:12/s3cret@db.example/shop", "postgresql://shop:ab/s3cret@db.example/shop"):
        with pytest.raises(RegularsError) as caught:
            told(settings, url)
        assert caught.value.code == "source.unknown_scheme"
        assert "s3cret" not in f"{caught.value} {caught.value.hint}"
    assert {one.origin for one in Import.objects.all()} == {"postgresql://db.example/shop"}
