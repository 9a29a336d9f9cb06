"""Whatever a table holds, every row and every cent of it is accounted for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars import sources
from regulars.kit.errors import RegularsError
from regulars.lake import open_workspace

NUMBERS = st.one_of(
    st.decimals(-500, 500, places=2).map(str),
    st.sampled_from(["12,50", "1 234,00", "(3.00)", "", "x", "1e3", "-", "9999999999999", "nan"]),
)
ROWS = st.fixed_dictionaries(
    {
        "order id": st.sampled_from(["1", "2", "3", "C4", "", "00"]),
        "date": st.one_of(
            st.dates(date(2020, 1, 1), date(2024, 12, 31)).map(str),
            st.sampled_from(["", "never", "31.12.2021", "0000-00-00"]),
        ),
        "customer id": st.sampled_from(["7", "8", "", "0", "guest"]),
        "email": st.sampled_from(["a@x.pl", "A@x.pl", "b@x.pl", ""]),
        "sku": st.sampled_from(["x", "y", ""]),
        "quantity": st.one_of(st.integers(-3, 5).map(str), st.sampled_from(["", "two"])),
        "unit price": NUMBERS,
        "discount": st.sampled_from(["0", "1.00", "", "-2.5"]),
        "tax": st.sampled_from(["0", "0.50", ""]),
        "line refunded": st.sampled_from(["0", "1.25", ""]),
        "status": st.sampled_from(["paid", "cancelled", "refunded", "pending", "", "odd"]),
    }
)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(ROWS, min_size=3, max_size=15), drop=st.booleans())
def test_every_row_and_every_cent_is_accounted_for(
    tmp_path: Path, rows: list[dict[str, str]], drop: bool
) -> None:
    sound = {
        "order id": "9", "date": "2023-05-05", "customer id": "7", "email": "a@x.pl", "sku": "x", "quantity": "2",
        "unit price": "3.50", "discount": "1.00", "tax": "0.50", "line refunded": "0", "status": "paid",
    }  # fmt: skip
    rows = [sound] * 30 + rows
    table = pa.table({name: [row[name] or None for row in rows] for name in sound})
    workspace = open_workspace(memory_limit="1GB", threads=1, folder=tmp_path)
    try:
        orders = sources.read(table, workspace, drop_repeats=drop, today=date(2026, 1, 1))
        intake = orders.intake
        con = workspace.door.connection

        def ask(sql: str) -> tuple:
            return con.execute(sql.replace("{", f"'{orders.folder}/").replace("}", ".parquet'")).fetchone()

        assert intake["read"] == len(rows) == intake["accepted"] + intake["rejected"]["rows"]
        assert ask("SELECT count(*) FROM {rejects}") == (intake["rejected"]["rows"],)
        money = {
            name: Decimal(intake["reconciliation"][name])
            for name in ("input", "accepted", "rejected", "taken_out", "carried", "difference")
        }
        assert money["input"] == money["accepted"] + money["rejected"]
        assert money["accepted"] == money["carried"] + money["taken_out"]
        assert money["difference"] == 0
        dropped = sum(item["rows"] for item in intake["repaired"] if item["rule"] == "line.repeated")
        assert ask("SELECT count(*) FROM {lines}") == (intake["accepted"] - dropped,)
        assert ask("SELECT coalesce(sum(lines), 0) FROM {orders}") == (intake["accepted"] - dropped,)
        for name in ("gross", "discount", "tax", "refunded", "net"):
            assert ask(f"SELECT sum({name}) FROM {{orders}}") == ask(f"SELECT sum({name}) FROM {{lines}}")
        for place in ("orders", "lines"):
            assert ask(
                f"SELECT count(*) FROM {{{place}}} WHERE net <> gross - discount - tax - refunded"
            ) == (0,)
            assert ask(f"SELECT count(*) FROM {{{place}}} WHERE gross < 0 OR discount < 0 OR tax < 0") == (0,)
        assert ask(
            "SELECT count(*) FROM {lines} l ANTI JOIN {orders} o ON l.order_key = o.order_key AND l.kind = o.kind"
            " AND l.valid = o.valid AND l.ordered_on = o.ordered_on AND l.customer_key IS NOT DISTINCT FROM o.customer_key"
        ) == (0,)
        assert ask("SELECT count(*) - count(DISTINCT order_key) FROM {orders}") == (0,)
        assert ask("SELECT count(*) - count(DISTINCT customer_id) FROM {identities}") == (0,)
    finally:
        workspace.close()


@pytest.mark.parametrize("cell", ["never", ""])
def test_a_file_of_which_nothing_can_be_used_is_refused(read, cell: str) -> None:
    rows = "".join(f"{cell},c{i},1\n" for i in range(5))
    with pytest.raises(RegularsError) as caught:
        read("date,customer,amount\n" + rows, mapping={"ordered_at": "date"})
    assert caught.value.code == "source.nothing_usable"


def test_polish_spreadsheet_export(read) -> None:
    text = (
        "Nr zamówienia;Data zamówienia;Klient;E-mail;Nazwa produktu;Ilość;Cena jednostkowa;Rabat;Status zamówienia;Waluta;Źródło\r\n"
        "Z/1/2024;05.03.2024 10:30;Żaneta;Zaneta@Example.com;Świeca sojowa;2;1 049,99 zł;10,00;Zrealizowane;PLN;Newsletter\r\n"
        "Z/1/2024;05.03.2024 10:30;Żaneta;Zaneta@Example.com;Kubek;1;25,50 zł;0;Zrealizowane;PLN;Newsletter\r\n"
        "Z/2/2024;15.03.2024 09:00;Łucja;;Kubek;1;25,50 zł;0;Anulowane;PLN;Google\r\n"
    )
    shop = read(text, encoding="cp1250", time_zone="Europe/Warsaw")
    rows = shop.rows("orders", "ordered_at")
    assert [
        (float(r["gross"]), float(r["discount"]), float(r["net"]), r["valid"], r["channel"]) for r in rows
    ] == [
        (2125.48, 10, 2115.48, True, "Newsletter"),
        (25.5, 0, 25.5, False, "Google"),
    ]
    assert rows[0]["ordered_at"].isoformat() == "2024-03-05T09:30:00+00:00"
    assert {r["title"] for r in shop.rows("products")} == {"Świeca sojowa", "Kubek"}
    assert shop.intake["currency"] == "PLN"
