"""The data follow from the truth beside them: rates, drop-out, spend, seasons, tastes, the future."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow.compute as pc
import pytest
from tests.simulator.conftest import SHOP

from regulars.simulator import World, tables
from regulars.simulator.orders import PAID
from regulars.simulator.parts import Channel

PLAIN = World(
    customers=16_384, seed=11, channels=(Channel("only", 1.0),), promotions=(), start=date(2022, 1, 1), as_of=date(2023, 12, 31)
)  # fmt: skip


@pytest.fixture(scope="module")
def plain():
    shared = tables.plan(PLAIN)
    return shared, tables.block(shared, 0)


def exposure(shared, people, begin, end):
    """Business time lived between two moments (days), by customer."""
    low = shared.time.business_time(people.deals, np.clip(begin, people.acquired, None))
    high = shared.time.business_time(people.deals, np.minimum(people.gone, end))
    return np.maximum(high - low, 0)


def test_paid_repeat_orders_follow_the_rates(plain) -> None:
    shared, drawn = plain
    expected = drawn.people.rate * exposure(shared, drawn.people, drawn.people.acquired, float(PLAIN.days))
    repeats = (drawn.placed.status == PAID) & (drawn.placed.number > 0)
    repeats[drawn.placed.past :] = False
    counts = np.bincount(drawn.placed.shopper[repeats], minlength=PLAIN.customers)
    assert abs(counts.sum() - expected.sum()) < 4 * np.sqrt(expected.sum())
    pearson = ((counts - expected) ** 2 / np.maximum(expected, 1e-9))[expected > 0.5]
    assert abs(pearson.mean() - 1) < 0.08, "given its rate, a customer's count is Poisson"


def test_rates_and_dropouts_are_gamma(plain) -> None:
    people = plain[1].people
    for values, shape, scale in (
        (people.rate, PLAIN.rate_shape, PLAIN.rate_scale_days),
        (people.dropout, PLAIN.dropout_shape, PLAIN.dropout_scale_days),
    ):
        assert abs(values.mean() - shape / scale) < 4 * np.sqrt(shape) / scale / np.sqrt(len(values))
        assert abs(values.var() / (shape / scale**2) - 1) < 0.1


def test_survival_is_pareto(plain) -> None:
    people = plain[1].people
    lived = people.gone - people.acquired
    for days in (30, 180, 720):
        share = (PLAIN.dropout_scale_days / (PLAIN.dropout_scale_days + days)) ** PLAIN.dropout_shape
        assert abs(np.mean(lived > days) - share) < 4 * np.sqrt(share * (1 - share) / len(lived))


def test_orders_of_a_customer_are_worth_the_mean_spend(plain) -> None:
    drawn = plain[1]
    values = np.bincount(drawn.bought.order, weights=drawn.bought.gross) / 100
    means = drawn.people.mean_spend[drawn.placed.shopper]
    spread = means / np.sqrt(PLAIN.order_shape)
    error = (values - means).sum() / np.sqrt((spread**2).sum())
    assert abs(values.sum() / means.sum() - 1) < 0.01, error
    for low, high in zip((0, 15, 25, 40, 80), (15, 25, 40, 80, 1e9), strict=True):
        band = (means >= low) & (means < high)
        assert abs(values[band].sum() / means[band].sum() - 1) < 0.04, (low, high)


def test_mean_spend_is_inverse_gamma_about_the_shops_mean(plain) -> None:
    spend = plain[1].people.mean_spend
    q = PLAIN.spend_shape
    assert abs(spend.mean() - PLAIN.mean_order) < 4 * spend.std() / np.sqrt(len(spend))
    inverse = PLAIN.mean_order * (q - 1) / spend
    assert abs(inverse.mean() - q) < 4 * np.sqrt(q / len(spend))


def test_months_are_as_busy_as_the_index_says(plain) -> None:
    shared, drawn = plain
    people, placed = drawn.people, drawn.placed
    repeats = placed.number > 0
    edges = np.arange(0, PLAIN.days, 30)
    counts = np.histogram(placed.day[repeats & (placed.day < edges[-1])], edges)[0]
    attempts = people.rate / (1 - PLAIN.cancelled_share - PLAIN.unpaid_share)
    expected = np.array(
        [
            (attempts * exposure(shared, people, float(low), float(high))).sum()
            for low, high in pairwise(edges)
        ]
    )
    z = (counts - expected) / np.sqrt(expected)
    assert (np.abs(z) < 4).all()
    assert abs((z**2).mean() - 1) < 1.2
    assert shared.time.index[:365].mean() == pytest.approx(1, abs=0.01)


def test_hours_of_the_day_have_a_night_and_an_evening(lines) -> None:
    hours = lines["ordered_at"][lines["line"] == 1].astype("datetime64[h]").astype(int) % 24
    counts = np.bincount(hours, minlength=24)
    assert counts[18] > 8 * counts[1]


def test_first_orders_follow_the_tastes(plain) -> None:
    drawn = plain[1]
    firsts = np.flatnonzero(drawn.placed.number == 0)
    opening = (drawn.bought.line == 1) & np.isin(drawn.bought.order, firsts)
    category = plain[0].products.category[drawn.bought.product[opening]]
    shares = np.bincount(category, minlength=len(PLAIN.categories)) / opening.sum()
    assert np.abs(shares - drawn.people.taste.mean(axis=0)).max() < 0.03


def test_durable_goods_are_not_bought_again_soon(plain) -> None:
    shared, drawn = plain
    durable = shared.products.category[drawn.bought.product] == len(PLAIN.categories) - 1
    gap = drawn.placed.gap[drawn.bought.order]
    single = drawn.bought.line == 1
    soon, first = single & (gap < 30), single & np.isinf(gap)
    assert durable[soon].mean() < 0.35 * durable[first].mean()


def test_companions_follow_each_other(plain) -> None:
    shared, drawn = plain
    product, line = drawn.bought.product, drawn.bought.line
    second = np.flatnonzero(line == 2)
    before = product[second - 1]
    has_one = shared.products.companion[before] != before
    hit = product[second] == shared.products.companion[before]
    assert abs(hit[has_one].mean() - PLAIN.affinity) < 0.02
    by_chance = product[second] == np.roll(shared.products.companion[before], 1)
    assert by_chance.mean() < 0.03


def test_the_future_is_after_the_data_and_within_the_lifetime(read, lines) -> None:
    future, truth = read("truth/future_orders"), read("truth/customers")
    row = pc.subtract(future["customer_id"], 1)
    assert future["ordered_at"].to_numpy().min() > lines["ordered_at"].max()
    assert pc.all(pc.less_equal(future["ordered_at"], truth["lifetime_end"].take(row))).as_py()
    assert pc.all(truth["alive"].take(row)).as_py()
    assert not set(future["order_id"].to_pylist()) & set(lines["order_id"].tolist())
    days = (future["ordered_at"].to_numpy().max() - lines["ordered_at"].max()) / np.timedelta64(1, "D")
    assert SHOP.future_days - 2 < days <= SHOP.future_days
    money = [
        future[name].to_numpy().astype(float) for name in ("gross", "discount", "tax", "refunded", "net")
    ]
    gross, discount, tax, refunded, net = money
    assert (refunded <= gross - discount + 1e-9).all()
    assert (net <= gross - discount - tax + 1e-9).all()
    assert (np.abs(net[refunded == 0] - (gross - discount - tax)[refunded == 0]) < 1e-6).all()


def test_the_future_follows_the_rates(plain) -> None:
    shared, drawn = plain
    end = float(PLAIN.days + PLAIN.future_days)
    expected = (
        drawn.people.rate * exposure(shared, drawn.people, np.full(PLAIN.customers, float(PLAIN.days)), end)
    ).sum()
    found = (drawn.placed.status[drawn.placed.past :] == PAID).sum()
    assert abs(found - expected) < 4 * np.sqrt(expected)


def test_past_orders_in_the_truth_are_those_in_the_data(read, lines) -> None:
    truth = read("truth/customers")
    paid = lines["status"][lines["line"] == 1] == "paid"
    assert pc.sum(truth["orders"]).as_py() == paid.sum()
    assert pc.min(truth["orders"]).as_py() >= 1
    member = truth.filter(pc.equal(truth["membership"], "member"))
    heads = (lines["line"] == 1) & (lines["status"] == "paid") & ~np.isnan(lines["customer_id"])
    counts = np.bincount(lines["customer_id"][heads].astype(int), minlength=SHOP.customers + 1)
    assert (counts[member["customer_id"].to_numpy()] == member["orders"].to_numpy()).all()


def test_late_refunds_are_money_not_yet_back(read, lines) -> None:
    late = read("truth/late_refunds").to_pylist()
    assert late
    row = {
        (order, line): n for n, (order, line) in enumerate(zip(lines["order_id"], lines["line"], strict=True))
    }
    for refund in late:
        n = row[refund["order_id"], refund["line"]]
        paid = lines["unit_price"][n] * lines["quantity"][n] - lines["discount"][n]
        assert 0 < int(refund["refunded"] * 100) <= paid
        assert lines["refunded"][n] == 0


def test_the_channel_worth_finding_is_there(read) -> None:
    truth = read("truth/customers")
    by = truth.group_by("channel").aggregate([("orders", "mean"), ("mean_spend", "mean")]).to_pylist()
    worth = {row["channel"]: row["orders_mean"] * row["mean_spend_mean"] for row in by}
    assert worth["coupon portal"] < 0.5 * min(
        value for name, value in worth.items() if name != "coupon portal"
    )
