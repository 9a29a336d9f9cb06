"""Moments as people and programs write them, in the shop's own time zone, on the nights clocks change too."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from regulars.kit.errors import RegularsError


def table(read, moments: list[object], **options):
    rows = "".join(f'"{moment}";c{i};1\n' for i, moment in enumerate(moments))
    return read("date;customer;amount\n" + rows, **options)


def walls(shop) -> list[str]:
    return [f"{row['ordered_at']:%Y-%m-%d %H:%M:%S}" for row in shop.rows("orders", "customer_key")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-05", "2024-03-05 00:00:00"),
        ("2024-03-05 10:30", "2024-03-05 10:30:00"),
        ("2024-03-05T10:30:15.250", "2024-03-05 10:30:15"),
        ("2024/03/05 10:30:00", "2024-03-05 10:30:00"),
        ("2024-03-05T10:30:00Z", "2024-03-05 10:30:00"),
        ("2024-03-05 10:30:00 +0100", "2024-03-05 09:30:00"),
        ("2024-03-05T10:30:00-05:00", "2024-03-05 15:30:00"),
        ("20240305", "2024-03-05 00:00:00"),
        ("20240305 103000", "2024-03-05 10:30:00"),
        ("1709634600", "2024-03-05 10:30:00"),
        ("1709634600000", "2024-03-05 10:30:00"),
        ("45356", "2024-03-05 00:00:00"),
        ("45356.4375", "2024-03-05 10:30:00"),
        ("05.03.2024", "2024-03-05 00:00:00"),
        ("05.03.2024 10:30", "2024-03-05 10:30:00"),
        ("5.3.2024, 10:30:15", "2024-03-05 10:30:15"),
        ("05.03.24", "2024-03-05 00:00:00"),
        ("Mar 5, 2024 10:30:00 AM", "2024-03-05 10:30:00"),
        ("Mar 5, 2024 10:30:00 PM", "2024-03-05 22:30:00"),
        ("March 5, 2024", "2024-03-05 00:00:00"),
        ("5 March 2024", "2024-03-05 00:00:00"),
        ("05-Mar-2024 10:30", "2024-03-05 10:30:00"),
        ("05-Mar-24", "2024-03-05 00:00:00"),
        ("Tue, 5 Mar 2024 10:30:00 +0000", "2024-03-05 10:30:00"),
        ("5 marca 2024", "2024-03-05 00:00:00"),
        ("5 mar 2024, 10:30", "2024-03-05 10:30:00"),
        ("5 marca 2024 r. 10:30", "2024-03-05 10:30:00"),
        ("wt., 5 marca 2024 10:30", "2024-03-05 10:30:00"),
        ("5 paź 2023", "2023-10-05 00:00:00"),
        ("5 października 2023", "2023-10-05 00:00:00"),
        ("5 września 2023", "2023-09-05 00:00:00"),
        ("5 sie 2023", "2023-08-05 00:00:00"),
    ],
)
def test_moments_as_people_write_them(read, written: str, meant: str) -> None:
    assert walls(table(read, [written, written])) == [meant, meant]


def test_the_day_comes_first_where_some_day_is_beyond_twelve(read) -> None:
    shop = table(read, ["03/04/2024", "25/04/2024", "01/05/2024"])
    assert walls(shop) == ["2024-04-03 00:00:00", "2024-04-25 00:00:00", "2024-05-01 00:00:00"]
    assert not shop.intake["warnings"]


def test_the_month_comes_first_where_some_day_is_beyond_twelve(read) -> None:
    shop = table(read, ["03/04/2024 1:05 PM", "04/25/2024 9:00 AM"])
    assert walls(shop) == ["2024-03-04 13:05:00", "2024-04-25 09:00:00"]


def test_dots_mean_the_day_comes_first(read) -> None:
    assert walls(table(read, ["03.04.2024", "05.04.2024"])) == ["2024-04-03 00:00:00", "2024-04-05 00:00:00"]


def test_dates_that_do_not_tell_are_said_to(read) -> None:
    shop = table(read, ["03/04/2024", "05/06/2024"])
    assert walls(shop) == ["2024-04-03 00:00:00", "2024-06-05 00:00:00"]
    assert shop.warned("date.ambiguous")
    dollars = read("date,customer,amount,currency\n03/04/2024,a,1,USD\n05/06/2024,b,1,USD\n")
    assert walls(dollars) == ["2024-03-04 00:00:00", "2024-05-06 00:00:00"]
    assert walls(table(read, ["03/04/2024", "05/06/2024"], day_first=False))[0] == "2024-03-04 00:00:00"


def test_the_part_that_moves_more_is_the_day(read) -> None:
    """Twelve daily orders of one month, all of its first days: the part that changes is the day."""
    shop = table(read, [f"02/{day:02d}/2024" for day in range(1, 13)])
    assert sorted(walls(shop))[3] == "2024-02-04 00:00:00"


def test_contradictory_dates_lose_their_minority(read) -> None:
    shop = table(read, ["13/04/2024", "14/04/2024", "15/04/2024", "04/16/2024"])
    assert len(walls(shop)) == 3
    assert [(r["line"], r["value"], r["reason"]) for r in shop.rows("rejects")] == [
        (5, "04/16/2024", "not a date that can be read")
    ]
    assert shop.warned("date.contradictory")


def test_moments_that_cannot_be(read) -> None:
    shop = table(
        read,
        [
            "2024-03-05",
            "0000-00-00 00:00:00",
            "2024-02-30",
            "1970-01-01",
            "2026-02-02",
            "2026-02-01",
            "soon",
            "",
        ],
    )
    assert walls(shop) == ["2024-03-05 00:00:00", "2026-02-01 00:00:00"]
    reasons = [row["reason"] for row in shop.rows("rejects", "line")]
    assert reasons == [
        "not a date that can be read",
        "not a date that can be read",
        "before 1990",
        "in the future",
        "not a date that can be read",
        "the cell is empty",
    ]


def test_wall_clocks_are_the_shops(read) -> None:
    shop = table(read, ["2024-01-15 00:30", "2024-07-15 00:30"], time_zone="Europe/Warsaw")
    assert walls(shop) == ["2024-01-14 23:30:00", "2024-07-14 22:30:00"]
    assert [str(row["ordered_on"]) for row in shop.rows("orders", "ordered_at")] == [
        "2024-01-15",
        "2024-07-15",
    ]


def test_the_night_the_clock_skips_and_the_night_it_repeats(read) -> None:
    moments = [
        "2024-03-31 01:59",
        "2024-03-31 02:30",
        "2024-03-31 03:00",
        "2024-10-27 01:59",
        "2024-10-27 02:30",
        "2024-10-27 03:00",
    ]
    shop = table(read, moments, time_zone="Europe/Warsaw")
    assert walls(shop) == [
        "2024-03-31 00:59:00",
        "2024-03-31 01:30:00",
        "2024-03-31 01:00:00",
        "2024-10-26 23:59:00",
        "2024-10-27 00:30:00",
        "2024-10-27 02:00:00",
    ]
    assert shop.repaired("clock.unclear") == 2
    assert {str(row["ordered_on"]) for row in shop.rows("orders")} == {"2024-03-31", "2024-10-27"}


def test_offsets_keep_their_own_calendar_unless_a_zone_is_given(read) -> None:
    moments = ["2024-07-01 00:30:00 +0200", "2024-07-01 23:30:00 +0200"]
    assert [str(r["ordered_on"]) for r in table(read, moments).rows("orders", "ordered_at")] == [
        "2024-07-01",
        "2024-07-01",
    ]
    told = table(read, moments, time_zone="America/New_York")
    assert [str(r["ordered_on"]) for r in told.rows("orders", "ordered_at")] == ["2024-06-30", "2024-07-01"]


def test_typed_instants_get_the_shops_day(read) -> None:
    frame = pd.DataFrame(
        {"ordered_at": [datetime(2024, 7, 1, 22, 30, tzinfo=UTC)], "customer_id": [1], "amount": [5.0]}
    )
    assert str(read(frame).rows("orders")[0]["ordered_on"]) == "2024-07-01"
    assert str(read(frame, time_zone="Europe/Warsaw").rows("orders")[0]["ordered_on"]) == "2024-07-02"


def test_typed_days_stay_days_in_every_zone(read) -> None:
    frame = pd.DataFrame({"ordered_on": [date(2024, 7, 1)], "customer_id": [1], "amount": [5.0]})
    shop = read(frame, time_zone="America/New_York")
    assert str(shop.rows("orders")[0]["ordered_on"]) == "2024-07-01"
    assert not shop.orders.capabilities.clock


def test_a_clock_in_a_column_of_its_own(read) -> None:
    shop = read("date,time,customer,amount\n2024-03-05,10:30:00,a,1\n2024-03-05,9:05 PM,b,1\n")
    assert walls(shop) == ["2024-03-05 10:30:00", "2024-03-05 21:05:00"]
    assert shop.orders.capabilities.clock


def test_an_unknown_zone_is_refused(read) -> None:
    with pytest.raises(RegularsError, match="Europe/Warsawa") as caught:
        table(read, ["2024-03-05"], time_zone="Europe/Warsawa")
    assert caught.value.code == "source.unknown_time_zone"
