"""Every known export's header is recognised, plain English and Polish ones too, and what is missing is named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from regulars.kit.errors import RegularsError
from regulars.sources.headers import fold

CELLS = {
    "date": "2024-03-05",
    "time": "10:30:00",
    "email": "ada@example.com",
    "status": "paid",
    "number": "12.50",
    "currency": "USD",
}


def cell(header: str, row: int) -> str:
    """A plausible cell for a header of an order export."""
    word = fold(header)
    if word in {"name", "id", "orderid", "ordernumber", "transactionid", "purchaseid"}:
        return f"#{1000 + row}"
    if "email" in word:
        return f"ada{row}@example.com"
    if word in {"buyer", "customerid", "customeruser"}:
        return f"c{row}"
    if word == "time" or ("timezone" in word and "purchase" in word):
        return "10:30:00"
    if "date" in word or (word.endswith("at") and "fulfilled" not in word and word != "cancelledat"):
        return (
            f"2024-03-{row + 1:02d} 10:30:00"
            if "date" not in word or "order" in word
            else f"2024-03-{row + 1:02d}"
        )
    if word in {"financialstatus", "status", "orderstatus"}:
        return "paid" if word == "financialstatus" else "completed"
    if word == "eventtype":
        return "Payment"
    if "currency" in word:
        return "USD"
    if "quantity" in word or word == "qty":
        return "2"
    if any(part in word for part in ("ship", "tax", "refund", "discount", "fees", "duties", "balance")):
        return "0.00" if word not in {"discountcode", "shippingmethod"} and "name" not in word else ""
    if any(part in word for part in ("total", "price", "amount", "sales")):
        return "12.50"
    if word.startswith("lineitem") and word[8:].isdigit():
        return "name:Lamp|product_id:|sku:21335|quantity:1|total:12.50|sub_total:12.50"
    return ""


EXPORTS = {
    ("shopify", "orders export (2024+)"): {
        "ordered_at": "Created at",
        "email": "Email",
        "order_total": "Total",
    },
    ("shopify", "orders export (2012)"): {"ordered_at": "Created at", "unit_price": "Lineitem price"},
    ("woocommerce", "WebToffee order export plugin"): {
        "ordered_at": "order_date",
        "order_total": "order_total",
    },
    ("woocommerce", "generic flat order export"): {"ordered_at": "order_date", "customer_id": "customer_id"},
    ("magento", "sales_order_grid"): {"ordered_at": "Purchase Date", "order_total": "Grand Total (Base)"},
    ("bigcommerce", "orders"): {
        "ordered_at": "Order Date",
        "email": "Email Address",
        "order_total": "Order Total",
    },
    ("etsy", "sold order items"): {"ordered_at": "Sale Date", "customer_id": "Buyer", "unit_price": "Price"},
    ("square", "items detail"): {"ordered_at": "Date", "time": "Time", "amount": "Gross Sales"},
    ("gumroad", "sales"): {
        "ordered_at": "Purchase Date",
        "email": "Purchase Email",
        "amount": "Subtotal ($)",
    },
}
OTHERS = {
    ("shopify", "customers export (with Customer ID)"): "source.no_date",
    ("shopify", "payout transactions"): "source.no_customer",
    ("stripe", "customers"): "source.no_amount",
}


def headers(folder: Path) -> dict[tuple[str, str], list[str]]:
    rows = (folder / "store_formats" / "header_rows.tsv").read_text(encoding="utf-8").splitlines()[1:]
    parts = [row.split("\t", 4) for row in rows]
    return {(p[0], p[1]): next(csv.reader(io.StringIO(p[4]), delimiter=p[2])) for p in parts}


def written(header: list[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for row in range(6):
        writer.writerow([cell(name, row) for name in header])
    return out.getvalue()


@pytest.mark.real_data
@pytest.mark.parametrize("export", list(EXPORTS), ids=lambda e: f"{e[0]}, {e[1]}")
def test_order_exports_are_recognised(read, real_data: Path, export: tuple[str, str]) -> None:
    shop = read(written(headers(real_data)[export]))
    columns = shop.intake["columns"]
    assert {name: columns.get(name) for name in EXPORTS[export]} == EXPORTS[export]
    assert shop.intake["counts"]["orders"] == 6
    assert shop.intake["profile"] in (export[0], None)
    assert shop.one("SELECT min(net) > 0 FROM {orders}") == (True,)


@pytest.mark.real_data
@pytest.mark.parametrize("export", list(OTHERS), ids=lambda e: f"{e[0]}, {e[1]}")
def test_other_exports_are_refused_by_what_they_lack(read, real_data: Path, export: tuple[str, str]) -> None:
    with pytest.raises(RegularsError) as caught:
        read(written(headers(real_data)[export]))
    assert caught.value.code == OTHERS[export]
    assert "--map" in caught.value.hint


@pytest.mark.parametrize(
    "header",
    [
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
        "order id,sku,product name,qty,order date,unit price,customer id,country",
        "ORDER_ID,PRODUCT_ID,TITLE,QUANTITY,ORDERED_AT,UNIT_PRICE,CUSTOMER_ID,COUNTRY",
        "Nr zamówienia,Kod produktu,Nazwa produktu,Ilość,Data zamówienia,Cena jednostkowa,ID klienta,Kraj",
        "numer zamowienia,symbol,nazwa,szt,data zakupu,cena brutto,klient,kraj",
    ],
)
def test_plain_line_files(read, header: str) -> None:
    shop = read(
        f"{header}\nA1,S1,Lamp,2,2024-03-05 10:00:00,12.50,17850,PL\nA2,S2,Cup,1,2024-03-06 11:00:00,3.25,13047,GB\n"
    )
    assert shop.intake["columns"].keys() >= {
        "order_id", "product_id", "title", "quantity", "ordered_at", "unit_price", "customer_id", "country",
    }  # fmt: skip
    assert shop.one("SELECT sum(net), count(*) FROM {orders}") == (pytest.approx(28.25), 2)
    assert shop.intake["layout"] == "lines"


def test_only_customer_moment_and_amount_are_needed(read) -> None:
    shop = read(
        "who paid,when,how much spent\nada,2024-03-05,12.50\nben,2024-03-06,3.25\nada,2024-03-07,1\n",
        mapping={"customer_id": "who paid"},
    )
    assert shop.intake["columns"] == {
        "customer_id": "who paid",
        "ordered_at": "when",
        "amount": "how much spent",
    }
    assert shop.intake["counts"]["orders"] == 3
    assert shop.intake["counts"]["customers"] == 2


def test_a_header_that_lies_is_not_believed(read) -> None:
    """``date`` holds words and ``amount`` holds words: the columns with dates and numbers win."""
    shop = read(
        "date,amount,created,total,customer\nsummer,large,2024-03-05,12.50,ada\nwinter,small,2024-03-06,3.25,ben\n"
    )
    assert shop.intake["columns"]["ordered_at"] == "created"
    assert shop.one("SELECT sum(net) FROM {orders}")[0] == pytest.approx(15.75)


@pytest.mark.parametrize(
    ("text", "code", "option"),
    [
        ("customer,amount\nada,1\nben,2\n", "source.no_date", "--map ordered_at="),
        ("order date,amount\n2024-01-01,1\n2024-01-02,2\n", "source.no_customer", "--map customer_id="),
        ("order date,customer\n2024-01-01,ada\n2024-01-02,ben\n", "source.no_amount", "--map amount="),
    ],
)
def test_what_is_missing_is_named(read, text: str, code: str, option: str) -> None:
    with pytest.raises(RegularsError) as caught:
        read(text)
    assert caught.value.code == code
    assert option in caught.value.hint
    for column in text.split("\n")[0].split(","):
        assert column in caught.value.message


def test_mapping_is_checked_with_near_matches(read) -> None:
    text = "order date,customer,value\n2024-01-01,ada,1\n2024-01-02,ben,2\n"
    with pytest.raises(RegularsError, match="Did you mean 'ordered_at'") as caught:
        read(text, mapping={"orderd_at": "order date"})
    assert caught.value.code == "source.unknown_name"
    with pytest.raises(RegularsError, match="Did you mean 'customer'") as caught:
        read(text, mapping={"customer_id": "custmer"})
    assert caught.value.code == "source.unknown_column"


def test_mapping_wins_over_recognition(read) -> None:
    shop = read(
        "date,paid on,customer,amount,net\n2024-01-01,2024-02-01,ada,10,8\n",
        mapping={"ordered_at": "paid on", "amount": "net"},
    )
    assert str(shop.rows("orders")[0]["ordered_on"]) == "2024-02-01"
    assert shop.rows("orders")[0]["gross"] == 8
