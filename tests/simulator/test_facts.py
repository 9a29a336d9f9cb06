"""What a merchant would see is consistent: ids, moments, money, people."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tests.simulator.conftest import SHOP

from regulars.simulator import people
from regulars.simulator.orders import coupon_codes
from regulars.simulator.seasons import seasons

PERCENTS = dict(zip(coupon_codes(SHOP), [10, 15, 15, 10, 25, 10, 10, 8], strict=True))


def first_lines(lines):
    return lines["line"] == 1


def test_columns_are_those_the_sources_know(read) -> None:
    schema = read("order_lines").schema
    assert schema.names == [
        "order_id", "line", "customer_id", "email", "product_id", "product_title", "category", "ordered_at", "status", "quantity",
        "unit_price", "discount", "tax", "refunded", "shipping", "coupon_code", "channel", "country", "currency",
    ]  # fmt: skip
    assert schema.field("ordered_at").type == pa.timestamp("us", "UTC")
    assert {schema.field(n).type for n in ("unit_price", "discount", "tax", "refunded", "shipping")} == {
        pa.decimal128(12, 2)
    }
    assert pa.types.is_int64(schema.field("order_id").type)


def test_orders_are_numbered_in_order_of_time_and_lines_from_one(lines) -> None:
    heads = np.flatnonzero(first_lines(lines))
    ids = lines["order_id"][heads]
    assert (np.diff(ids) > 0).all()
    assert (np.diff(lines["ordered_at"][heads]).astype(np.int64) >= 0).all()
    counted = np.arange(len(lines["line"])) - np.repeat(heads, np.diff(heads, append=len(lines["line"]))) + 1
    assert (lines["line"] == counted).all()


def test_an_order_lists_a_product_once(lines) -> None:
    pairs = lines["order_id"] * 10_000 + lines["product_id"]
    assert len(np.unique(pairs)) == len(pairs)


def test_moments_lie_within_the_local_days_of_the_data(lines) -> None:
    time = seasons(SHOP)
    seconds = lines["ordered_at"].astype("datetime64[s]").astype(np.int64)
    assert seconds.min() >= time.utc_start[0]
    assert seconds.max() < time.utc_start[SHOP.days - 1] + 86_400
    assert seconds.max() > time.utc_start[SHOP.days - 1]


def test_local_days_survive_the_change_of_clocks() -> None:
    from datetime import UTC, datetime, timedelta
    from zoneinfo import ZoneInfo

    time, zone = seasons(SHOP), ZoneInfo(SHOP.time_zone)
    for number, day in enumerate(time.dates):
        for second in (0, 5_400, 10_800, 86_399):
            moment = datetime.fromtimestamp(int(time.utc_start[number]) + second, UTC).astimezone(zone)
            shifted = (moment + timedelta(hours=1)).date() if second == 0 else moment.date()
            assert day in {moment.date(), shifted}


def test_money_adds_up(lines) -> None:
    gross = lines["unit_price"] * lines["quantity"]
    paid = gross - lines["discount"]
    assert (lines["quantity"] >= 1).all()
    assert (lines["unit_price"] > 0).all()
    assert (lines["discount"] >= 0).all()
    assert (paid >= 0).all()
    assert ((lines["refunded"] >= 0) & (lines["refunded"] <= paid)).all()
    percent = np.where(np.isin(lines["category"], ["Herbs and fruit", "Chocolate and biscuits"]), 8, 23)
    assert (np.abs(lines["tax"] - paid * percent / (100 + percent)) <= 0.5 + 1e-9).all()
    assert (lines["refunded"][lines["status"] != "paid"] == 0).all()


def test_a_coupon_takes_its_percent_off_every_line(lines) -> None:
    gross = lines["unit_price"] * lines["quantity"]
    percent = np.array([PERCENTS.get(code, 0) for code in lines["coupon_code"]])
    assert (np.abs(lines["discount"] - gross * percent / 100) <= 0.5 + 1e-9).all()
    assert 0.1 < np.mean(percent > 0) < 0.5


def test_delivery_is_on_the_first_line_of_small_orders(lines) -> None:
    heads = first_lines(lines)
    assert (lines["shipping"][~heads] == 0).all()
    paid = lines["unit_price"] * lines["quantity"] - lines["discount"]
    totals = np.add.reduceat(paid, np.flatnonzero(heads))
    assert (lines["shipping"][heads] == np.where(totals < 4500, 490, 0)).all()


def test_sales_run_only_on_their_days(lines, read) -> None:
    calendar = read("truth/promotions").to_pylist()
    runs = {(run["coupon_code"], run["first_on"].year): run for run in calendar}
    codes = {run["coupon_code"] for run in calendar}
    for code, moment in set(
        zip(lines["coupon_code"], lines["ordered_at"].astype("datetime64[D]"), strict=True)
    ):
        if code in codes:
            run = runs[code, moment.astype(object).year]
            assert run["first_on"] <= (moment + 1).astype(object)
            assert moment.astype(object) <= run["last_on"]


def test_nobody_is_without_either_id_or_email(read) -> None:
    table = read("order_lines")
    guests = table.filter(pc.is_null(table["customer_id"]))
    assert 0.04 < guests.num_rows / table.num_rows < 0.2
    assert guests["email"].null_count == 0
    assert table["email"].null_count > 0.7 * table.num_rows


def test_a_guest_who_registers_keeps_the_mailbox(read) -> None:
    table = read("order_lines")
    both = table.filter(pc.and_(pc.is_valid(table["customer_id"]), pc.is_valid(table["email"])))
    ids = pc.unique(both["customer_id"])
    assert len(ids) > 30
    assert set(both["email"].to_pylist()) == set(people.emails(ids.to_numpy()).to_pylist())
    typed = pc.unique(table.filter(pc.is_null(table["customer_id"]))["email"]).to_pylist()
    tidy = {address.strip().lower() for address in typed}
    assert len(tidy & set(both["email"].to_pylist())) == len(ids)
    assert len(typed) > len(tidy), "some guests type their address in capitals"


def test_truth_names_nobody(shop, read) -> None:
    for name in shop.paths:
        if not name.startswith("truth/"):
            continue
        table = read(name)
        assert not {"email", "name", "first_name", "phone"} & set(table.column_names) - (
            {"name"} if name == "truth/promotions" else set()
        )
        for column in table.columns:
            if pa.types.is_string(column.type):
                assert not pc.any(pc.match_substring(column, "@")).as_py()


def test_every_paid_channel_has_a_cost_every_day(read) -> None:
    costs = read("costs")
    paid = {channel.name: channel for channel in SHOP.channels if channel.cac}
    for name, channel in paid.items():
        mine = costs.filter(pc.equal(costs["channel"], name))
        assert mine.num_rows == SHOP.days * len(channel.campaigns)
        assert len(pc.unique(mine["date"])) == SHOP.days
        assert pc.min(mine["spend"]).as_py() >= 0
    assert set(costs["channel"].to_pylist()) == paid.keys()


def test_cost_per_customer_is_about_what_the_channel_says(read) -> None:
    costs, customers = read("costs"), read("truth/customers")
    portal = next(channel for channel in SHOP.channels if channel.name == "coupon portal")
    spent = float(pc.sum(costs.filter(pc.equal(costs["channel"], portal.name))["spend"]).as_py())
    won = pc.sum(pc.equal(customers["channel"], portal.name)).as_py()
    assert abs(spent / won - portal.cac) < 0.06 * portal.cac


def test_every_order_ends_a_visit(read, lines) -> None:
    events = read("events")
    bought = events.filter(pc.equal(events["type"], "purchase"))
    assert sorted(bought["order_id"].to_pylist()) == np.unique(lines["order_id"]).tolist()
    assert len(pc.unique(events["event_id"])) == events.num_rows
    visits = events.filter(pc.equal(events["type"], "visit"))
    assert len(pc.unique(events["session_id"])) == visits.num_rows
    fruitless = visits.num_rows / bought.num_rows - 1
    assert abs(fruitless - SHOP.visits_per_order) < 0.15


def test_visits_do_not_end_before_the_data_do(read) -> None:
    """Who looks around on the last days may order after them; were only orders of the data preceded by visits, the end would show."""
    events = read("events")
    at = np.asarray(events.filter(pc.equal(events["type"], "visit"))["occurred_at"]).astype("datetime64[D]")
    last = at.max()
    week, before = ((at > last - back) & (at <= last - back + 7) for back in (7, 35))
    assert week.sum() > 0.6 * before.sum()


def test_nobody_is_recognised_before_the_first_order(read) -> None:
    events, truth = read("events"), read("truth/customers")
    known = events.filter(pc.is_valid(events["customer_id"]))
    firsts = truth["acquired_at"].take(pc.subtract(known["customer_id"], 1))
    assert pc.all(pc.greater_equal(known["occurred_at"], firsts)).as_py()
    membership = truth["membership"].take(pc.subtract(known["customer_id"], 1))
    assert not pc.any(pc.equal(membership, "guest")).as_py()


def test_letters_are_opened_after_they_are_sent(read) -> None:
    letters = read("newsletters")
    opened = letters.filter(pc.is_valid(letters["opened_at"]))
    assert pc.all(pc.greater(opened["opened_at"], opened["sent_at"])).as_py()
    assert letters.filter(pc.is_valid(letters["clicked_at"]))["opened_at"].null_count == 0
    assert len(pc.unique(letters["message_id"])) == letters.num_rows
    acquired = read("truth/customers")["acquired_at"].take(pc.subtract(letters["customer_id"], 1))
    assert pc.all(pc.greater_equal(letters["sent_at"], acquired)).as_py()
