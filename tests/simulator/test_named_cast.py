"""docs/named-cast.md says what examples/named_cast.csv adds up to; here plain Python adds it up again."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AS_OF = date(2024, 6, 30)


@pytest.fixture(scope="module")
def orders():
    found = {}
    with (ROOT / "examples" / "named_cast.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            order = found.setdefault(
                row["order_id"],
                {
                    "who": row["email"].strip().lower().partition("@")[0] or "(nobody)",
                    "on": date.fromisoformat(row["ordered_at"][:10]),
                    "valid": row["status"] == "paid",
                    "note": int(row["quantity"]) < 0,
                    **dict.fromkeys(("gross", "discount", "refunded", "shipping"), Decimal(0)),
                },
            )
            amount = int(row["quantity"]) * Decimal(row["unit_price"])
            order["gross"] += max(amount, Decimal(0))
            order["refunded"] += Decimal(row["refunded"]) - min(amount, Decimal(0))
            order["discount"] += Decimal(row["discount"])
            order["shipping"] += Decimal(row["shipping"])
    return [order for order in found.values() if order["valid"]]


def table(heading: str) -> dict[str, list[str]]:
    """The first table under a heading of the page, by its first column."""
    text = (ROOT / "docs" / "named-cast.md").read_text(encoding="utf-8").split(f"## {heading}")[1]
    lines = text.split("\n## ")[0].splitlines()
    rows = [
        [cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")
    ]
    return {row[0]: row[1:] for row in rows[2:]}


def test_each_customer(orders) -> None:
    by_customer = defaultdict(list)
    for order in orders:
        by_customer[order["who"]].append(order)
    page = table("Each customer")
    assert page.keys() == by_customer.keys() | {"all"}
    for who, mine in by_customer.items():
        bought = [order for order in mine if not order["note"]]
        days = sorted({order["on"] for order in bought})
        gross, discount, refunded = (sum(o[name] for o in mine) for name in ("gross", "discount", "refunded"))
        counts = [len(bought), len(days) - 1, (days[-1] - days[0]).days, (AS_OF - days[0]).days]
        assert page[who] == [
            *map(str, counts),
            *map(str, (gross, discount, refunded, gross - discount - refunded)),
        ]


def test_the_shop(orders) -> None:
    bought = [order for order in orders if not order["note"]]
    firsts: dict[str, date] = {}
    seconds: dict[str, date] = {}
    for order in sorted(bought, key=lambda order: order["on"]):
        who = order["who"]
        if who == "(nobody)":
            continue
        if who in firsts:
            seconds.setdefault(who, order["on"])
        firsts.setdefault(who, order["on"])
    gross, discount, refunded, shipping = (
        sum(order[name] for order in orders) for name in ("gross", "discount", "refunded", "shipping")
    )
    net = gross - discount - refunded
    expected = {
        "valid orders": f"{len(bought)}",
        "buyers": f"{len(firsts)}",
        "net revenue": f"{net:.2f}",
        "AOV": f"{net / len(bought):.2f}",
        "orders a buyer": f"{(len(bought) - 1) / len(firsts):.2f}",
        "delivery": f"{shipping:.2f}",
        "discounted orders": f"{sum(o['discount'] > 0 for o in bought) / len(bought):.1%}",
        "discount share": f"{discount / gross:.1%}",
        "refunded share": f"{refunded / (gross - discount):.1%}",
    }
    for days in (30, 60, 90):
        old = [who for who, first in firsts.items() if (AS_OF - first).days >= days]
        back = [who for who in old if who in seconds and (seconds[who] - firsts[who]).days <= days]
        expected[f"repeat rate, {days} days"] = f"{len(back) / len(old):.1%}"
    with (ROOT / "examples" / "named_cast_costs.csv").open(encoding="utf-8") as handle:
        spent = sum(Decimal(row["spend"]) for row in csv.DictReader(handle))
    expected["CAC, ads"] = f"{spent / 2:.2f}"
    expected["CAC, blended"] = f"{spent / len(firsts):.2f}"
    assert {name: cells[-1] for name, cells in table("The shop").items()} == expected
