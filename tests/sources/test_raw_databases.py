"""Databases answer one read-only question; their types arrive, their passwords never show."""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
import traceback
from decimal import Decimal

import pyarrow as pa
import pytest
from tests.servers import PASSWORD, mariadb_binary, mariadb_server, postgres_binaries, postgres_server

from regulars.kit.errors import RegularsError
from regulars.lake.workspace import open_workspace
from regulars.sources.raw import read_raw
from regulars.sources.sql import mysql, sqlite
from regulars.sources.sql.question import select_of
from regulars.sources.sql.urls import address_of


@pytest.fixture(scope="module")
def workspace():
    space = open_workspace()
    yield space
    space.close()


def rows_of(raw):
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in raw.columns)
    query = f"SELECT {columns} FROM {raw.relation} ORDER BY __row"
    return raw.workspace.door.connection.execute(query).fetchall()


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "my shop.db"
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE orders (id INTEGER, who TEXT, sum REAL, day TEXT, odd)")
    con.executemany(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?)",
        [
            (1, "Ża", 12.5, "2024-01-01", 1),
            (2, None, 7.25, "2024-01-02", "x"),
            (3, "c", None, None, b"\xc5\xbb"),
        ],
    )
    con.execute("CREATE TABLE steady (id INTEGER, sum REAL)")
    con.executemany("INSERT INTO steady VALUES (?, ?)", [(i, i / 4) for i in range(120_000)])
    con.commit()
    con.close()
    return f"sqlite:///{path}"


def test_sqlite_with_cells_of_several_types(shop, workspace):
    raw = read_raw(shop, workspace, query="orders")
    assert raw.types == {
        "id": "BIGINT",
        "who": "VARCHAR",
        "sum": "DOUBLE",
        "day": "VARCHAR",
        "odd": "VARCHAR",
    }
    assert rows_of(raw) == [
        (1, "Ża", 12.5, "2024-01-01", "1"),
        (2, None, 7.25, "2024-01-02", "x"),
        (3, "c", None, None, "Ż"),
    ]
    assert (raw.files[0].format, raw.files[0].records) == ("sql", 3)


def test_sqlite_streams_in_order(shop, workspace):
    raw = read_raw(shop, workspace, query="SELECT id, sum FROM steady ORDER BY id")
    found = workspace.door.connection.execute(
        f"SELECT count(*), bool_and(id = __row - 1), sum(sum) FROM {raw.relation}"
    ).fetchone()
    assert found == (120_000, True, sum(i / 4 for i in range(120_000)))
    assert raw.types == {"id": "BIGINT", "sum": "DOUBLE"}


def test_both_sqlite_drivers_agree(shop, tmp_path, workspace):
    address = address_of(shop)
    by_adbc, by_python = tmp_path / "a.parquet", tmp_path / "b.parquet"
    select = "SELECT * FROM steady"
    assert (
        sqlite._stream_adbc(address, select, by_adbc)
        == sqlite._stream_python(address, select, by_python)
        == 120_000
    )
    con = workspace.door.connection
    assert con.execute(
        f"SELECT count(*) FROM (FROM '{by_adbc}' EXCEPT ALL FROM '{by_python}')"
    ).fetchone() == (0,)


def test_which_table(shop, tmp_path, workspace):
    with pytest.raises(RegularsError, match="has 2 tables: orders, steady") as caught:
        read_raw(shop, workspace)
    assert caught.value.code == "source.which_table"
    path = tmp_path / "one.db"
    with sqlite3.connect(path) as con:
        con.execute('CREATE TABLE "all my orders" ("order id" INTEGER, Id INTEGER, id2 INTEGER)')
        con.execute('INSERT INTO "all my orders" VALUES (1, 2, 3)')
    con.close()
    raw = read_raw(f"sqlite:///{path}", workspace)
    assert raw.columns == ("order id", "Id", "id2")
    assert rows_of(raw) == [(1, 2, 3)]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM orders",
        "DROP TABLE orders",
        "UPDATE orders SET id = 1",
        "INSERT INTO orders VALUES (1)",
        "SELECT 1; DROP TABLE orders",
        "SELECT * INTO backup FROM orders",
        "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
        "PRAGMA writable_schema = 1",
        "ATTACH 'x' AS y",
        "/* SELECT */ DELETE FROM orders",
        "",
    ],
)
def test_nothing_that_writes_is_asked(shop, workspace, query):
    with pytest.raises(RegularsError) as caught:
        read_raw(shop, workspace, query=query or " ")
    assert caught.value.code in {"source.not_a_query", "source.which_table"}
    assert len(rows_of(read_raw(shop, workspace, query="orders"))) == 3


@pytest.mark.parametrize(
    "query",
    [
        "select * from orders",
        "-- all of them\nSELECT id FROM orders;",
        "WITH a AS (SELECT id FROM orders) SELECT * FROM a",
        "(SELECT id FROM orders) UNION ALL SELECT id FROM orders",
        "/* note */ SELECT replace(who, 'x', 'y') AS \"update\" FROM orders",
    ],
)
def test_every_way_to_select(shop, query):
    assert select_of(query, address_of(shop), ["orders"])


def test_errors_of_the_database_are_one_sentence(shop, tmp_path, workspace):
    for url, query, code in (
        (shop, "nothing_here", "source.database"),
        (shop, "SELECT nope FROM orders", "source.database"),
        (shop, "SELECT * FROM orders WHERE id = 99", "source.no_rows"),
        (f"sqlite:///{tmp_path}/none.db", None, "source.missing"),
    ):
        with pytest.raises(RegularsError) as caught:
            read_raw(url, workspace, query=query)
        assert caught.value.code == code
        assert "\n" not in str(caught.value)
    (tmp_path / "fake.db").write_text("id,sum\n1,2\n" * 100)
    with pytest.raises(RegularsError) as caught:
        read_raw(f"sqlite:///{tmp_path}/fake.db", workspace)
    assert caught.value.code == "source.not_a_table"
    assert list(tmp_path.glob("*.db-*")) == [], "a read-only database gets no journal"


def closed(scheme: str) -> str:
    """Return the address of a port that nobody listens on; the password is nowhere else in this file's lines above."""
    return f"{scheme}://shop:hush%2Fhush@127.0.0.1:1/x"


def test_a_missing_driver_names_the_extra(workspace, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    with pytest.raises(RegularsError) as caught:
        read_raw(closed("postgresql"), workspace, query="orders")
    assert caught.value.code == "source.no_driver"
    assert "pip install 'regulars[sql]'" in caught.value.hint
    assert "hush" not in "".join(traceback.format_exception(caught.value))


def test_sqlite_needs_no_extra(shop, workspace, monkeypatch):
    for module in ("adbc_driver_manager", "adbc_driver_sqlite", "adbc_driver_sqlite.dbapi"):
        monkeypatch.setitem(sys.modules, module, None)
    assert len(rows_of(read_raw(shop, workspace, query="orders"))) == 3


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "mysql", "mariadb", "postgresql+psycopg2"])
def test_unreachable_servers_do_not_tell_the_password(workspace, scheme):
    with pytest.raises(RegularsError) as caught:
        read_raw(closed(scheme), workspace, query="orders")
    assert caught.value.code == "source.database"
    shown = "".join(traceback.format_exception(caught.value))
    assert "hush" not in shown
    assert "shop@127.0.0.1:1/x" in caught.value.message


def test_mysql_descriptions_become_types():
    """Codes of the MySQL protocol (Protocol::ColumnType): DECIMAL 246, LONGLONG 8, DATETIME 12, DATE 10, VAR_STRING 253."""
    assert mysql.arrow_type(("a", 246, None, 12, 12, 2, True)) == pa.decimal128(38, 2)
    assert mysql.arrow_type(("a", 3, None, 11, 11, 0, True)) == pa.int64()
    assert mysql.arrow_type(("a", 12, None, 19, 19, 0, True)) == pa.timestamp("us")
    assert mysql.arrow_type(("a", 253, None, 80, 80, 0, True)) == pa.string()
    assert mysql.cell_of("0000-00-00 00:00:00", pa.timestamp("us")) is None
    assert mysql.cell_of(b"\xc5\xbb", pa.string()) == "Ż"


@pytest.fixture(scope="module")
def postgres():
    if postgres_binaries() is None:
        pytest.skip("no PostgreSQL server is installed")
    with postgres_server() as url:
        import adbc_driver_postgresql.dbapi as adbc

        with adbc.connect(url) as con, con.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE orders (id bigint, small smallint, price numeric(10,2), free numeric, big numeric, at timestamptz, "
                "wall timestamp, day date, who text, paid boolean, items jsonb, ref uuid, ratio double precision, tags text[], paid_sum money, ip inet)"
            )
            cursor.execute(
                "INSERT INTO orders VALUES (1, 2, 12.50, 1.234567, 12345678901234567890, '2024-03-01 10:00+01', '2024-03-01 10:00', "
                "'2024-03-01', 'Ża', true, '{\"a\": 1}', '6f9619ff-8b86-d011-b42d-00cf4fc964ff', 0.1, ARRAY['x','y'], '3.25', '10.0.0.1'), "
                "(2, NULL, NULL, 'NaN', -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
            )
            cursor.execute(
                "CREATE TABLE many AS SELECT g AS id, (g % 1000)::numeric(8,2) / 4 AS sum FROM generate_series(1, 200000) g"
            )
            cursor.execute("CREATE SEQUENCE counter")
            con.commit()
        yield url


@pytest.mark.postgres
def test_postgres_types_arrive(postgres, workspace):
    raw = read_raw(postgres, workspace, query="orders")
    first, second = rows_of(raw)
    row = dict(zip(raw.columns, first, strict=True))
    assert (row["id"], row["small"], row["who"], row["paid"], row["ratio"]) == (1, 2, "Ża", True, 0.1)
    assert row["price"] == Decimal("12.50")
    assert raw.types["price"] == "DECIMAL(18,2)"
    assert row["free"] == Decimal("1.234567")
    assert row["big"] == Decimal(12345678901234567890)
    assert row["at"] == dt.datetime(2024, 3, 1, 9, tzinfo=dt.UTC)
    assert row["wall"] == dt.datetime(2024, 3, 1, 10)
    assert row["day"] == dt.date(2024, 3, 1)
    assert row["items"] == '{"a": 1}'
    assert row["tags"] == '["x","y"]'
    assert row["ref"] == "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
    assert (row["paid_sum"], row["ip"]) == (Decimal("3.25"), "10.0.0.1/32")
    assert second[0] == 2
    assert set(second[1:]) == {None, Decimal(-1)}


@pytest.mark.postgres
def test_postgres_streams_a_query(postgres, workspace):
    raw = read_raw(postgres, workspace, query="SELECT id, sum FROM many WHERE id % 2 = 0 ORDER BY id")
    found = workspace.door.connection.execute(
        f"SELECT count(*), max(__row), sum(sum) FROM {raw.relation}"
    ).fetchone()
    assert found[:2] == (100_000, 100_000)
    assert found[2] == sum(Decimal(i % 1000) for i in range(2, 200_001, 2)) / 4


@pytest.mark.postgres
def test_postgres_cannot_be_changed(postgres, workspace):
    with pytest.raises(RegularsError, match="has 2 tables: many, orders"):
        read_raw(postgres, workspace)
    with pytest.raises(RegularsError) as caught:
        read_raw(
            postgres,
            workspace,
            query="SELECT nextval('counter') AS a, 1 AS b",
        )
    assert "read-only" in caught.value.message


@pytest.mark.postgres
def test_postgres_errors_hide_the_password(postgres, workspace):
    wrong = postgres.replace("s3cret", "wr0ng")
    for url, query in ((wrong, "orders"), (postgres, "nothing"), (postgres, "SELECT nope FROM orders")):
        with pytest.raises(RegularsError) as caught:
            read_raw(url, workspace, query=query)
        assert caught.value.code == "source.database"
        shown = "".join(traceback.format_exception(caught.value))
        for secret in (PASSWORD, "s3cret", "wr0ng"):
            assert secret not in shown
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(mariadb_binary() is None, reason="no MariaDB or MySQL server is installed")
def test_mariadb(workspace):
    from sqlalchemy import create_engine

    with mariadb_server() as url:
        engine = create_engine(url.replace("mysql://", "mysql+pymysql://"))
        with engine.begin() as con:
            con.exec_driver_sql(
                "CREATE TABLE orders (id BIGINT UNSIGNED, sum DECIMAL(10,2), at DATETIME, who VARCHAR(20) CHARSET utf8mb4)"
            )
            con.exec_driver_sql(
                "INSERT INTO orders VALUES (1, 12.50, '2024-03-01 10:00:00', 'Ża'), (2, NULL, NULL, '50%% off')"
            )
        engine.dispose()
        types = read_raw(url, workspace, query="orders").types
        assert types == {"id": "BIGINT", "sum": "DECIMAL(18,2)", "at": "TIMESTAMP", "who": "VARCHAR"}
        raw = read_raw(url, workspace, query="SELECT * FROM orders WHERE who LIKE '%'")
        assert [row[1:] for row in rows_of(raw)] == [
            (Decimal("12.50"), dt.datetime(2024, 3, 1, 10), "Ża"),
            (None, None, "50% off"),
        ]
        assert len(rows_of(read_raw(url, workspace))) == 2
