"""Who brought whom: recognised by many names, credited to one referrer, and never led astray by what people typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars.lake import Orders
from regulars.runtime.reading import read_orders


def read(
    folder: Path, rows: str, header: str = "order_id,customer_id,order_date,amount,referred by"
) -> Orders:
    path = folder / "orders.csv"
    path.write_text(f"{header}\n{rows}", encoding="utf-8")
    return read_orders(path)


def pairs(orders: Orders) -> dict[str, str]:
    """Return who was brought by whom, by the shop's own ids."""
    engine = orders.workspace.engine
    names = {row["customer_key"]: row["customer_id"] for row in engine.arrow(orders.identities).to_pylist()}
    told = engine.arrow(orders.referrals).to_pylist()
    assert len({row["customer_key"] for row in told}) == len(told)
    return {names[row["customer_key"]]: names[row["referrer_key"]] for row in told}


HOSTILE = """\
1,K1,2024-01-01,10,
2,K2,2024-01-02,20,K1
3,K3,2024-01-03,30,K3
4,K4,2024-01-04,40,K99
5,K5,2024-01-05,50,K2
6,K5,2024-01-06,50,K1
7,K1,2024-02-01,10,K5
8,K6,2024-02-02,10,K99
9,K6,2024-02-03,10, K2\x20
10,K7,2024-02-03,10,' OR 1=1; --
11,K8,2024-02-03,10,K8
12,K8,2024-02-04,10,K2
"""


def test_what_people_type_is_sorted_out(tmp_path: Path) -> None:
    with read(tmp_path, HOSTILE) as orders:
        # K1 → K2 → K5 → K1 is a circle; each link of it stands by itself.
        assert pairs(orders) == {"K2": "K1", "K5": "K2", "K1": "K5", "K6": "K2", "K8": "K2"}
        counts = orders.intake["counts"]
    assert counts["referrals"] == 5
    assert counts["referrals_of_self"] == 2
    assert counts["referrals_by_nobody"] == 3
    assert counts["referrals_by_several"] == 1


@pytest.mark.parametrize(
    "header",
    ["Referred By", "referrer customer id", "Polecający", "ID polecającego", "polecony przez", "Invited by"],
)
def test_the_column_has_many_names(tmp_path: Path, header: str) -> None:
    with read(
        tmp_path,
        "1,A,2024-01-01,5,\n2,B,2024-01-02,5,A\n",
        f"order_id,customer_id,order_date,amount,{header}",
    ) as orders:
        assert orders.intake["columns"]["referred_by"] == header
        assert pairs(orders) == {"B": "A"}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("1,17,2024-01-01,5,\n2,18,2024-01-02,5,17\n", {"18": "17"}),
        ("1,17,2024-01-01,5,\n2,18,2024-01-02,5,17.0\n", {"18": "17"}),
        ("1,17,2024-01-01,5,a friend\n2,18,2024-01-02,5,17.0\n", {"18": "17"}),
        ("1,007,2024-01-01,5,\n2,B,2024-01-02,5,007\n3,7,2024-01-02,5,\n", {"B": "007"}),
    ],
    ids=["numbers", "numbers a spreadsheet wrote", "words among them", "leading zeros"],
)
def test_ids_however_they_are_written(tmp_path: Path, rows: str, found: dict[str, str]) -> None:
    with read(tmp_path, rows) as orders:
        assert pairs(orders) == found


def test_an_email_names_the_customer_it_belongs_to(tmp_path: Path) -> None:
    header = "order_id,customer_id,email,order_date,amount,referred by"
    rows = (
        "1,17,ada@x.pl,2024-01-01,5,\n2,18,ben@x.pl,2024-01-02,5,ADA@x.pl\n3,,guest@x.pl,2024-01-03,5,ben@x.pl\n"
        "4,20,two@x.pl,2024-01-03,5,\n5,21,two@x.pl,2024-01-03,5,\n6,22,eve@x.pl,2024-01-04,5,two@x.pl\n"
    )
    with read(tmp_path, rows, header) as orders:
        assert pairs(orders) == {"18": "17", "guest@x.pl": "18"}, "an e-mail of two customers names nobody"


@pytest.mark.parametrize("cell", ["Google", ""])
def test_a_column_that_names_no_customer_says_nothing(tmp_path: Path, cell: str) -> None:
    with read(tmp_path, f"1,A,2024-01-01,5,{cell}\n2,B,2024-01-02,5,{cell}\n") as orders:
        assert not orders.capabilities.referrals
        assert "referrals" not in orders.intake["counts"]
        assert [warning["code"] for warning in orders.intake["warnings"]] == ["referrals.unknown"]


def test_without_the_column_nothing_is_said(tmp_path: Path) -> None:
    with read(tmp_path, "1,A,2024-01-01,5\n", "order_id,customer_id,order_date,amount") as orders:
        assert not orders.capabilities.referrals


def test_a_referrer_is_not_taken_for_the_customer(tmp_path: Path) -> None:
    header = "order_id,email,order_date,amount,referrer customer id"
    with read(tmp_path, "1,a@x.pl,2024-01-01,5,\n2,b@x.pl,2024-01-02,5,a@x.pl\n", header) as orders:
        assert "customer_id" not in orders.intake["columns"]
        assert pairs(orders) == {"b@x.pl": "a@x.pl"}
