"""Orders into the store: told twice they are one, told differently they change, and people stay who they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.homes import Opened

from regulars.kit.errors import RegularsError

HEAD = "order_id,customer_id,email,date,product,quantity,amount,status,currency\n"


def written(path: Path, *rows: str) -> str:
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def told(settings: Any, path: str, **more: Any) -> Any:
    from regulars.runtime.load import load

    return load(path, settings, **more)


def people() -> dict[str, int]:
    from regulars.store.models import Identifier

    return {f"{one.kind}:{one.value}": one.customer_id for one in Identifier.objects.all()}


def orders() -> dict[str, tuple[Any, ...]]:
    from regulars.store.models import Order

    found = {}
    for order in Order.objects.prefetch_related("lines"):
        lines = sorted(order.lines.all(), key=lambda line: line.line)
        money = [(line.gross_minor, line.refunded_minor, float(line.quantity)) for line in lines]
        found[order.order_id] = (
            order.customer_id,
            order.kind,
            order.status,
            str(order.ordered_on),
            money,
            order.version,
        )
    return found


ROWS = (
    "1,ada,ada@example.com,2024-01-05,tea,2,10.00,paid,EUR",
    "1,ada,ada@example.com,2024-01-05,cup,1,7.50,paid,EUR",
    "2,ben,ben@example.com,2024-02-05,tea,1,5.00,paid,EUR",
    "3,,guest@example.com,2024-02-06,tea,1,5.00,paid,EUR",
)


def test_twice_is_once(home: Opened, tmp_path: Path) -> None:
    settings = home()
    path = written(tmp_path / "orders.csv", *ROWS)
    first = told(settings, path)
    assert (first.customers, first.products, first.orders.added) == (3, 2, 3)
    known, bought = people(), orders()
    assert bought["1"][4] == [(1000, 0, 2.0), (750, 0, 1.0)]
    assert {bought[number][0] for number in "123"} == {
        known[name] for name in ("store_id:ada", "store_id:ben", "email:guest@example.com")
    }
    again = told(settings, path)
    assert (again.customers, again.products) == (0, 0)
    assert (again.orders.added, again.orders.changed, again.orders.unchanged) == (0, 0, 3)
    assert (people(), orders()) == (known, bought)
    # A source that tells the same in another order of rows, and less of it, changes nothing either.
    part = told(settings, written(tmp_path / "part.csv", ROWS[3], ROWS[1], ROWS[0]))
    assert (part.orders.added, part.orders.changed, part.orders.unchanged) == (0, 0, 2)
    assert (people(), orders()) == (known, bought)


def test_what_changed_takes_the_place_of_what_was(home: Opened, tmp_path: Path) -> None:
    from regulars.store.models import Unprojected

    settings = home()
    told(settings, written(tmp_path / "orders.csv", *ROWS))
    Unprojected.objects.all().delete()
    changed = [
        ROWS[0],
        ROWS[2].replace("paid", "cancelled"),
        "4,ben,ben@example.com,2024-03-01,mug,1,9.00,paid,EUR",
    ]
    found = told(settings, written(tmp_path / "later.csv", *changed))
    assert (found.orders.added, found.orders.changed, found.orders.unchanged) == (1, 2, 0)
    bought = orders()
    assert bought["1"][4:] == ([(1000, 0, 2.0)], 2)
    assert bought["2"][2] == "cancelled"
    assert bought["3"][5] == 1
    marked = {row.order.order_id: row.version for row in Unprojected.objects.select_related("order")}
    assert marked == {"1": 2, "2": 2, "4": 1}


def test_a_guest_who_turns_out_to_be_known(home: Opened, tmp_path: Path) -> None:
    from regulars.customers.actions import unmerge
    from regulars.store.models import Customer, Merge

    settings = home()
    told(
        settings,
        written(
            tmp_path / "1.csv",
            "1,,ada@example.com,2024-01-05,tea,1,5.00,paid,EUR",
            "2,7,,2024-01-06,tea,1,5.00,paid,EUR",
        ),
    )
    guest, known = people()["email:ada@example.com"], people()["store_id:7"]
    assert guest != known
    told(settings, written(tmp_path / "2.csv", "3,7,ada@example.com,2024-02-05,tea,1,5.00,paid,EUR"))
    assert people() == {"email:ada@example.com": known, "store_id:7": known}
    assert {order[0] for order in orders().values()} == {known}
    assert Customer.objects.get(id=guest).merged_into_id == known
    merged = Merge.objects.get()
    unmerge(merged, merged.at)
    assert people()["email:ada@example.com"] == guest
    assert orders()["1"][0] == guest
    assert Customer.objects.get(id=guest).merged_into_id is None
    again = told(settings, str(tmp_path / "2.csv"))  # what somebody took back is not done again by itself
    assert (again.orders.changed, again.orders.unchanged) == (0, 1)
    assert people()["email:ada@example.com"] == guest
    assert Merge.objects.count() == 1


def test_orders_that_changed_hands_are_the_same_orders(home: Opened, tmp_path: Path) -> None:
    settings = home()
    first = written(tmp_path / "1.csv", "1,,ada@example.com,2024-01-05,tea,1,5.00,paid,EUR")
    told(settings, first)
    told(settings, written(tmp_path / "2.csv", "3,7,ada@example.com,2024-02-05,tea,1,5.00,paid,EUR"))
    assert told(settings, first).orders.unchanged == 1
    other = told(settings, written(tmp_path / "3.csv", "1,8,,2024-01-05,tea,1,5.00,paid,EUR"))
    assert other.orders.changed == 1
    assert orders()["1"][0] == people()["store_id:8"]


def test_a_new_id_with_a_guests_email_is_the_guest(home: Opened, tmp_path: Path) -> None:
    settings = home()
    told(settings, written(tmp_path / "1.csv", "1,,ada@example.com,2024-01-05,tea,1,5.00,paid,EUR"))
    guest = people()["email:ada@example.com"]
    told(settings, written(tmp_path / "2.csv", "2,7,ADA@example.com,2024-02-05,tea,1,5.00,paid,EUR"))
    assert people() == {"email:ada@example.com": guest, "store_id:7": guest}
    assert {order[0] for order in orders().values()} == {guest}


def test_two_known_customers_are_never_merged(home: Opened, tmp_path: Path) -> None:
    from regulars.store.models import Merge

    settings = home()
    told(settings, written(tmp_path / "1.csv", "1,7,shared@example.com,2024-01-05,tea,1,5.00,paid,EUR"))
    told(settings, written(tmp_path / "2.csv", "2,8,shared@example.com,2024-02-05,tea,1,5.00,paid,EUR"))
    known = people()
    assert known["store_id:7"] == known["email:shared@example.com"] != known["store_id:8"]
    assert not Merge.objects.exists()
    both = written(
        tmp_path / "3.csv",
        "3,9,two@example.com,2024-02-05,tea,1,5.00,paid,EUR",
        "4,10,two@example.com,2024-02-06,tea,1,5.00,paid,EUR",
    )
    told(settings, both)
    assert "email:two@example.com" not in people()
    assert people()["store_id:9"] != people()["store_id:10"]


def test_a_guest_with_an_email_of_two_known_customers_stays_the_same_guest(
    home: Opened, tmp_path: Path
) -> None:
    settings = home()
    rows = [
        f"{number},{who},x@example.com,2024-01-0{number},tea,1,5.00,paid,EUR"
        for number, who in ((1, "a"), (2, "b"), (3, ""), (4, ""))
    ]
    path = written(tmp_path / "1.csv", *rows)
    assert told(settings, path).customers == 3
    bought, known = orders(), people()
    assert len({known["store_id:a"], known["store_id:b"], known["email:x@example.com"]}) == 3
    assert bought["3"][0] == bought["4"][0] == known["email:x@example.com"]
    again = told(settings, path)
    assert (again.customers, again.orders.unchanged) == (0, 4)
    assert (orders(), people()) == (bought, known)


def test_orders_without_ids_are_known_again(home: Opened, tmp_path: Path) -> None:
    settings = home(currency="EUR")
    path = tmp_path / "plain.csv"
    rows = [
        "ada,2024-01-05 10:00,5.00",
        "ada,2024-01-07 10:00,6.00",
        "ben,2024-01-05 10:00,5.00",
        ",2024-01-09 08:00,4.00",
        ",2024-01-09 08:00,4.00",
    ]
    path.write_text("customer,date,amount\n" + "\n".join(rows), encoding="utf-8")
    first = told(settings, str(path))
    assert first.orders.added == 5
    path.write_text(
        "customer,date,amount\n" + "\n".join(reversed([*rows, "cleo,2024-02-01 10:00,1.00"])),
        encoding="utf-8",
    )
    again = told(settings, str(path))
    assert (again.orders.added, again.orders.changed, again.orders.unchanged) == (1, 0, 5)


def test_a_number_that_two_customers_share_is_two_orders(home: Opened, tmp_path: Path) -> None:
    settings = home()
    told(
        settings,
        written(
            tmp_path / "1.csv", "1,a,,2024-01-05,tea,1,5.00,paid,EUR", "1,b,,2024-01-05,tea,1,6.00,paid,EUR"
        ),
    )
    assert sorted(orders()) == ["1 / a", "1 / b"]


def test_without_a_currency_nothing_is_loaded(home: Opened, tmp_path: Path) -> None:
    settings = home()
    path = tmp_path / "plain.csv"
    path.write_text("customer,date,amount\nada,2024-01-05,5.00\n", encoding="utf-8")
    with pytest.raises(RegularsError) as caught:
        told(settings, str(path))
    assert caught.value.code == "load.no_currency"
    assert (orders(), people()) == ({}, {})
    told(settings, str(path), currency="EUR")
    assert told(settings, str(path)).orders.unchanged == 1  # the shop's currency is known from now on


def test_another_currency_is_refused(home: Opened, tmp_path: Path) -> None:
    from regulars.store.models import Import

    settings = home()
    told(settings, written(tmp_path / "1.csv", *ROWS))
    before = orders()
    with pytest.raises(RegularsError) as caught:
        told(settings, written(tmp_path / "2.csv", "9,z,,2024-01-05,tea,1,5.00,paid,PLN"))
    assert caught.value.code == "load.currency"
    assert "PLN" in str(caught.value)
    assert orders() == before
    assert Import.objects.order_by("-id")[0].error["code"] == "load.currency"


def test_minor_units_follow_the_currency(home: Opened, tmp_path: Path) -> None:
    settings = home()
    found = told(
        settings,
        written(
            tmp_path / "1.csv", "1,a,,2024-01-05,tea,3,1000,paid,JPY", "2,a,,2024-01-06,tea,1,10.4,paid,JPY"
        ),
    )
    assert orders()["1"][4] == [(1000, 0, 3.0)]
    assert orders()["2"][4] == [(10, 0, 1.0)]
    assert found.rounded_lines == 1


def test_rows_that_cannot_be_used_are_kept_beside_the_store(home: Opened, tmp_path: Path) -> None:
    settings = home()
    found = told(settings, written(tmp_path / "1.csv", *ROWS, "5,x,,no day,tea,1,5.00,paid,EUR"))
    assert found.rejected == 1
    assert found.rejects.is_file()
    assert found.rejects.is_relative_to(settings.home)
    nothing = written(tmp_path / "2.csv", "5,x,,no day,tea,1,5.00,paid,EUR")
    with pytest.raises(RegularsError) as caught:
        told(settings, nothing)
    assert caught.value.code == "source.no_date"
    assert len(orders()) == 3


def test_delivery_is_a_setting_of_the_shop(home: Opened, tmp_path: Path) -> None:
    settings = home()
    with pytest.raises(RegularsError) as caught:
        told(settings, written(tmp_path / "1.csv", *ROWS), delivery_counts=True)
    assert caught.value.code == "load.delivery"
