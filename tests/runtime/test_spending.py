"""What advertising cost: a table taken in once, corrected by a later one, and counted with by the next refresh."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.homes import Opened

from regulars.kit.errors import RegularsError

TABLE = """date,channel,campaign,cost
2024-01-01,google,spring,10.00
2024-01-01,google,spring,2.50
2024-01-01,google,brand,5
2024-01-02,google,spring,7.25
2024-01-01,facebook,,3
"""


def table(folder: Path, text: str) -> str:
    path = folder / "costs.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def known(settings: Any) -> dict[tuple[str, str, str], str]:
    from regulars.runtime import spending

    rows = spending.table(settings)
    told = [] if rows is None else rows.to_pylist()
    return {
        (row["date"].isoformat(), row["channel"] or "", row["campaign"] or ""): str(row["spend"].normalize())
        for row in told
    }


def test_a_table_is_taken_once_and_a_later_one_corrects_its_days_and_channels(
    home: Opened, tmp_path: Path
) -> None:
    from regulars.runtime.spending import take

    settings = home(currency="EUR")
    first = take(table(tmp_path, TABLE), settings)
    assert (first.rows, first.arrived.added, first.spend) == (5, 4, Decimal("27.75"))
    assert (first.first, first.last) == (date(2024, 1, 1), date(2024, 1, 2))
    assert known(settings) == {
        ("2024-01-01", "google", "spring"): "12.5",
        ("2024-01-01", "google", "brand"): "5",
        ("2024-01-02", "google", "spring"): "7.25",
        ("2024-01-01", "facebook", ""): "3",
    }
    again = take(table(tmp_path, TABLE), settings).arrived
    assert (again.added, again.changed, again.unchanged, again.removed) == (0, 0, 4, 0)

    # The campaign has another name now, and one amount was wrong; the other day and the other channel are not spoken of.
    mended = "date,channel,campaign,cost\n2024-01-01,google,spring 2024,12.5\n2024-01-01,google,brand,6\n"
    third = take(table(tmp_path, mended), settings).arrived
    assert (third.added, third.changed, third.unchanged, third.removed) == (1, 1, 0, 1)
    assert known(settings) == {
        ("2024-01-01", "google", "spring 2024"): "12.5",
        ("2024-01-01", "google", "brand"): "6",
        ("2024-01-02", "google", "spring"): "7.25",
        ("2024-01-01", "facebook", ""): "3",
    }


@pytest.mark.parametrize(
    ("text", "code", "cell"),
    [
        ("date,channel,cost\n2024-01-01,a,1\nyesterday,a,2\n", "costs.date", "yesterday"),
        ("date,channel,cost\n2024-01-01,a,1\n2024-01-02,a,-2\n", "costs.spend", "-2"),
        ("date,channel,cost\n2024-01-01,a,1\n2024-01-02,a,1e30\n", "costs.spend", "1E+30"),
        ("date,channel,cost\n2024-01-01,a,1\n2024-01-02," + "a" * 101 + ",2\n", "costs.name", "aaa"),
        ("date,channel\n2024-01-01,a\n", "costs.columns", ""),
    ],
)
def test_a_table_that_cannot_be_leaves_everything_as_it_was(
    home: Opened, tmp_path: Path, text: str, code: str, cell: str
) -> None:
    from regulars.runtime.spending import take

    settings = home(currency="EUR")
    take(table(tmp_path, TABLE), settings)
    before = known(settings)
    with pytest.raises(RegularsError) as refused:
        take(table(tmp_path, text), settings)
    assert refused.value.code == code
    assert cell in refused.value.message
    assert known(settings) == before


def test_without_a_currency_nobody_knows_what_a_cost_is_worth(home: Opened, tmp_path: Path) -> None:
    from regulars.runtime.spending import take

    with pytest.raises(RegularsError) as refused:
        take(table(tmp_path, TABLE), home())
    assert refused.value.code == "costs.no_currency"


def test_a_refresh_says_what_a_new_customer_costs(home: Opened, tmp_path: Path) -> None:
    from regulars.runtime.load import load
    from regulars.runtime.refresh import refresh
    from regulars.runtime.shown import page_of
    from regulars.runtime.spending import take

    settings = home(margin="0.5")
    orders = ["order_id,customer_id,date,product,quantity,amount,channel,currency"]
    for number in range(40):
        channel = "google" if number % 2 else "facebook"
        orders.append(f"o{number},c{number},2024-01-{1 + number % 28:02},tea,1,20.00,{channel},EUR")
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(orders), encoding="utf-8")
    load(str(path), settings)
    days = "".join(f"2024-01-{day:02},google,3.00\n" for day in range(1, 29))
    take(table(tmp_path, "date,channel,spend\n" + days), settings)

    done = refresh(settings)
    figures = done.run.summary["figures"]
    # 20 people came by Google while 84.00 was spent on it; half of their 20.00 each is left.
    rows = {row["channel"]: row for row in figures["tables"]["channels"]["rows"]}
    assert float(rows["google"]["cac"]) == pytest.approx(84 / 20)
    assert float(rows["google"]["ltv_to_cac"]) == pytest.approx(10 / 4.2, abs=0.01)
    assert float(figures["figures"]["cac"]["value"]) == pytest.approx(84 / 40)
    assert page_of(done.run) is not None
