"""Numbers as people write them, and what of an order is merchandise, discount, tax, delivery and refund."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from regulars.kit.errors import RegularsError


def table(read, amounts: list[str], **options):
    rows = "".join(f'2024-03-{i + 1:02d};c{i};"{amount}"\n' for i, amount in enumerate(amounts))
    return read("date;customer;amount\n" + rows, **options)


def amounts(shop) -> list[Decimal]:
    return [row["net"] for row in shop.rows("orders", "ordered_on")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["12.50", "1234.5", "7"], ["12.5", "1234.5", "7"]),
        (["12,50", "1234,5", "7"], ["12.5", "1234.5", "7"]),
        (["1.234,50", "12,5"], ["1234.5", "12.5"]),
        (["1,234.50", "12.5"], ["1234.5", "12.5"]),
        (["1 234,50", "12,5"], ["1234.5", "12.5"]),
        (["1\u00a0234,50", "12,5"], ["1234.5", "12.5"]),
        (["1'234.50", "12.5"], ["1234.5", "12.5"]),
        (["12,50 zł", "1 234,00 zł"], ["12.5", "1234"]),
        (["€12.50", "$3.25", "£1.00"], ["12.5", "3.25", "1"]),
        (["PLN 12,50", "3,25 PLN"], ["12.5", "3.25"]),
        (["(12.50)", "3.25", "100.00"], ["-12.5", "3.25", "100"]),
        (["12.50-", "-3.25", "100.00"], ["-12.5", "-3.25", "100"]),
        (["-1 234,50", "3,25", "5000,00"], ["-1234.5", "3.25", "5000"]),
        (["1,234,567", "12.50"], ["1234567", "12.5"]),
        (["1.234.567", "12,50"], ["1234567", "12.5"]),
        # A lone separator before three digits follows the column's other cells.
        (["1,234", "12.50"], ["1234", "12.5"]),
        (["1.234", "12,50"], ["1234", "12.5"]),
        (["1,234", "12,50"], ["1.234", "12.5"]),
        (["1.234", "12.50"], ["1.234", "12.5"]),
        (["1.5E+03", "12.50"], ["1500", "12.5"]),
        ([".5", "12.50"], ["0.5", "12.5"]),
    ],
)
def test_numbers_as_people_write_them(read, written: list[str], meant: list[str]) -> None:
    assert amounts(table(read, written)) == [Decimal(value) for value in meant]


def test_the_column_without_evidence_follows_the_other_columns(read) -> None:
    shop = read("date;customer;quantity;price\n2024-03-01;ada;1,500;12,50\n2024-03-02;ben;2;3,25\n")
    assert amounts(shop) == [Decimal("18.75"), Decimal("6.5")]


def test_what_is_no_number_rejects_its_line_and_nothing_else(read) -> None:
    shop = table(read, ["12.50", "twelve", "3.25", "", "9999999999999"])
    assert amounts(shop) == [Decimal("12.5"), Decimal("3.25")]
    rejects = shop.rows("rejects", "line")
    assert [(r["line"], r["column"], r["value"], r["reason"]) for r in rejects] == [
        (3, "amount", "twelve", "not a number"),
        (5, "amount", None, "the cell is empty"),
        (6, "amount", "9999999999999", "larger than any order can be"),
    ]
    assert shop.intake["read"] == shop.intake["accepted"] + shop.intake["rejected"]["rows"] == 5
    money = shop.intake["reconciliation"]
    assert Decimal(money["input"]) == Decimal(money["accepted"]) + Decimal(money["rejected"])


def test_rejected_cells_never_show_an_email(read) -> None:
    shop = read(
        "date,email,amount\n2024-03-01,a@example.com,1\n2024-03-02,b@example.com,c@example.com\n2024-03-03,d@example.com,3\n"
    )
    assert [row["value"] for row in shop.rows("rejects")] == ["***"]


def test_floats_are_rounded_half_up_and_counted_only_if_that_changes_them(read) -> None:
    frame = pd.DataFrame(
        {
            "date": pd.to_datetime(["2024-03-01", "2024-03-02", "2024-03-03"]),
            "customer": [1, 2, 3],
            "amount": [0.1 + 0.2, 2.00005, 1.25],
        }
    )
    shop = read(frame)
    assert amounts(shop) == [Decimal("0.3"), Decimal("2.0001"), Decimal("1.25")]
    assert shop.repaired("money.rounded") == 1


def test_several_currencies_are_refused_with_their_counts(read) -> None:
    text = "date,customer,amount,currency\n2024-03-01,a,1,PLN\n2024-03-02,b,2,EUR\n2024-03-03,c,4,PLN\n"
    with pytest.raises(RegularsError) as caught:
        read(text)
    assert caught.value.code == "source.several_currencies"
    assert "PLN (2 rows)" in caught.value.message
    assert "EUR (1 rows)" in caught.value.message
    with pytest.raises(RegularsError, match="No rate for: EUR"):
        read(text, currency="PLN", rates={"USD": Decimal(4)})
    shop = read(text, currency="PLN", rates={"EUR": Decimal("4.30")})
    assert amounts(shop) == [Decimal(1), Decimal("8.6"), Decimal(4)]
    assert shop.intake["currency"] == "PLN"
    assert shop.orders.shop.currency == "PLN"


def test_one_currency_is_noticed(read) -> None:
    shop = read("date,customer,amount,waluta\n2024-03-01,a,1,zł\n2024-03-02,b,2,zł\n")
    assert shop.intake["currency"] == "PLN"


def test_money_of_a_line(read) -> None:
    """gross − discount − tax − refunded = net; what is paid back counts without its tax."""
    shop = read(
        "order id,date,customer,quantity,unit price,discount,tax,line refunded\n"
        "1,2024-03-01,ada,2,61.50,0,23,0\n2,2024-03-02,ada,1,123,0,23,123\n3,2024-03-03,ada,1,150,-27,23,61.5\n"
    )
    rows = [
        {n: row[n] for n in ("gross", "discount", "tax", "refunded", "net")} for row in shop.rows("orders")
    ]
    assert [list(map(float, row.values())) for row in rows] == [
        [123, 0, 23, 0, 100],
        [123, 0, 23, 100, 0],
        [150, 27, 23, 50, 50],
    ]


def test_negative_lines_take_back(read) -> None:
    shop = read(
        "order id,date,customer,product,quantity,price\n"
        "1,2024-03-01,ada,x,3,10\n1,2024-03-01,ada,y,-1,5\n2,2024-03-02,ada,x,-1,10\n3,2024-03-03,ben,x,0,0\n4,2024-03-03,ben,z,1,-7\n"
    )
    rows = {
        r["order_key"]: (
            r["kind"],
            float(r["gross"]),
            float(r["refunded"]),
            float(r["net"]),
            float(r["units"]),
        )
        for r in shop.rows("orders")
    }
    assert rows == {
        1: ("order", 30, 5, 25, 3),
        2: ("refund", 0, 10, -10, 0),
        3: ("order", 0, 0, 0, 0),
        4: ("refund", 0, 7, -7, 1),
    }
    kinds = {(r["order_key"], r["kind"]) for r in shop.rows("lines")}
    assert kinds == {(1, "order"), (2, "refund"), (3, "order"), (4, "refund")}


def test_lettered_documents_take_back_even_at_a_positive_amount(read) -> None:
    rows = "".join(f"{500 + i},2024-03-01,ada,1,10\n" for i in range(6))
    shop = read(
        "invoice,date,customer,quantity,price\n"
        + rows
        + "C600,2024-03-02,ada,-1,10\nC601,2024-03-02,ada,1,3\nC602,2024-03-02,ada,-1,10\n"
    )
    kinds = [row["kind"] for row in shop.rows("orders", "ordered_on")]
    assert kinds.count("refund") == 3
    assert shop.one("SELECT min(gross), min(refunded), sum(net) FROM {orders}") == (0, 0, 43)


def test_letters_of_ordinary_orders_mean_nothing(read) -> None:
    shop = read(
        "invoice,date,customer,amount\nC1,2024-03-01,ada,1\nC2,2024-03-02,ben,2\nC3,2024-03-03,ben,-2\n"
    )
    assert [row["kind"] for row in shop.rows("orders", "ordered_on")] == ["order", "order", "refund"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # tax on top: 100 + 10 delivery + 25.30 tax (delivery taxed too)
        (
            {"subtotal": 100, "shipping": 10, "taxes": 25.3, "total": 135.3, "refund": 0},
            (125.3, 0, 25.3, 0, 100),
        ),
        # tax included: 123 of which 23 tax, delivery 12.30 of which 2.30
        (
            {"subtotal": 123, "shipping": 12.3, "taxes": 25.3, "total": 135.3, "refund": 0},
            (123, 0, 23, 0, 100),
        ),
        (
            {"subtotal": 123, "shipping": 12.3, "taxes": 25.3, "total": 135.3, "refund": 135.3},
            (123, 0, 23, 100, 0),
        ),
        (
            {"subtotal": 123, "shipping": 12.3, "taxes": 25.3, "total": 135.3, "refund": 67.65},
            (123, 0, 23, 50, 50),
        ),
    ],
)
def test_money_of_an_order(read, cells: dict[str, float], expected: tuple[float, ...]) -> None:
    header = ["order id", "date", "customer", "subtotal", "shipping", "taxes", "order total", "refund amount"]
    lines = [",".join(header)]
    lines += [",".join(map(str, [i, f"2024-03-0{i}", "ada", *cells.values()])) for i in (1, 2)]
    shop = read("\n".join(lines) + "\n")
    row = shop.rows("orders")[0]
    found = tuple(float(row[name]) for name in ("gross", "discount", "tax", "refunded", "net"))
    assert found == pytest.approx(expected, abs=1e-4)
    assert float(row["shipping"]) == cells["shipping"]
    assert shop.intake["reconciliation"]["order_totals"]["difference"] == "0.00"


def test_delivery_counts_when_asked(read) -> None:
    text = "order id,date,customer,shipping,order total\n1,2024-03-01,ada,10,110\n2,2024-03-02,ada,0,50\n"
    assert [row["net"] for row in read(text).rows("orders")] == [100, 50]
    counted = read(text, delivery_counts=True)
    assert [row["net"] for row in counted.rows("orders")] == [110, 50]
    assert [row["net"] for row in counted.rows("lines")] == [100, 50]


def test_order_totals_repeated_on_each_line_count_once(read) -> None:
    shop = read(
        "order id,date,customer,sku,quantity,price,order total,shipping,order discount\n"
        "1,2024-03-01,ada,x,1,60,95,5,10\n1,2024-03-01,ada,y,1,40,95,5,10\n"
        "2,2024-03-02,ben,x,1,60,65,5,0\n2,2024-03-02,ben,z,0,1,65,5,0\n3,2024-03-03,ben,x,1,60,60,0,0\n"
    )
    rows = shop.rows("orders")
    assert [float(r["gross"]) for r in rows] == [100, 60, 60]
    assert [float(r["discount"]) for r in rows] == [10, 0, 0]
    assert [float(r["net"]) for r in rows] == [90, 60, 60]
    assert [float(r["shipping"]) for r in rows] == [5, 5, 0]
    assert [float(r["net"]) for r in shop.rows("lines", "order_key, line")][:2] == [54, 36]


def test_totals_of_each_row_are_summed(read) -> None:
    shop = read(
        "order id,date,customer,sku,total\n1,2024-03-01,ada,x,60\n1,2024-03-01,ada,y,40\n2,2024-03-02,ben,x,60\n3,2024-03-03,ben,x,60\n"
    )
    assert [float(r["net"]) for r in shop.rows("orders")] == [100, 60, 60]


def test_thirds_of_an_order_sum_to_the_order(read) -> None:
    shop = read(
        "Name,Email,Created at,Financial Status,Subtotal,Shipping,Taxes,Total,Discount Amount,Refunded Amount,"
        "Lineitem quantity,Lineitem name,Lineitem price,Lineitem discount,Currency\n"
        "#1,Ada@Example.com,2024-03-01 10:00:00 +0100,partially_refunded,90.00,10.00,17.17,100.00,10.00,33.33,1,A,33.33,0,PLN\n"
        "#1,Ada@Example.com,2024-03-01 10:00:00 +0100,,,,,,,,1,B,33.33,0,\n"
        "#1,Ada@Example.com,2024-03-01 10:00:00 +0100,,,,,,,,1,C,33.34,0,\n"
    )
    order = shop.rows("orders")[0]
    for name in ("gross", "discount", "tax", "refunded", "net"):
        assert shop.one(f"SELECT sum({name}) FROM {{lines}}")[0] == order[name]
    assert [float(order[n]) for n in ("gross", "discount")] == [100, 10]
    assert float(order["tax"]) == pytest.approx(17.17 * 0.9, abs=1e-4)
    assert float(order["refunded"]) == pytest.approx(33.33 * (90 - 17.17 * 0.9) / 100, abs=1e-4)


@pytest.mark.parametrize(
    ("word", "status", "net"),
    [
        ("paid", "paid", 10),
        ("Completed", "paid", 10),
        ("zrealizowane", "paid", 10),
        ("W trakcie realizacji", "paid", 10),
        ("wc-processing", "paid", 10),
        ("pending", "unpaid", 10),
        ("Oczekuje na płatność", "unpaid", 10),
        ("on-hold", "unpaid", 10),
        ("canceled", "cancelled", 10),
        ("Anulowane", "cancelled", 10),
        ("voided", "cancelled", 10),
        ("test", "test", 10),
        ("refunded", "paid", 0),
        ("Zwrócone", "paid", 0),
        ("partially_refunded", "paid", 10),
    ],
)
def test_status_words(read, word: str, status: str, net: int) -> None:
    shop = read(
        f"order id,date,customer,amount,status\n1,2024-03-01,ada,10,{word}\n2,2024-03-02,ben,10,paid\n"
    )
    row = shop.rows("orders")[0]
    assert (row["status"], row["valid"], row["net"]) == (status, status == "paid", net)
    assert shop.one("SELECT valid FROM {lines} ORDER BY order_key LIMIT 1") == (status == "paid",)
    assert not shop.warned("status.unknown")


def test_unknown_status_words_count_as_paid_and_are_named(read) -> None:
    shop = read(
        "order id,date,customer,amount,status\n1,2024-03-01,ada,10,galaktyczny\n2,2024-03-02,ben,10,paid\n"
    )
    assert shop.rows("orders")[0]["valid"]
    warning = next(w for w in shop.intake["warnings"] if w["code"] == "status.unknown")
    assert "galaktyczny (1)" in warning["message"].format(**warning["values"])


def test_lines_of_mixed_status_are_taken_back(read) -> None:
    shop = read(
        "order id,date,customer,sku,amount,status\n1,2024-03-01,ada,x,10,shipped\n1,2024-03-01,ada,y,5,cancelled\n"
    )
    row = shop.rows("orders")[0]
    assert (row["status"], row["gross"], row["refunded"], row["net"]) == ("paid", 15, 5, 10)
    assert shop.repaired("status.mixed") == 1
