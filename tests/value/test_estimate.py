"""The default forecast on a shop whose customers follow the model, and where there is too little to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.shops import make_orders, named_cast

from regulars import value
from regulars.kit.errors import RegularsError
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.value import rolling as rolling_module

START = date(2023, 1, 1)
CUT, END = date(2024, 2, 1), date(2024, 7, 31)


def shop(seed: int = 3, customers: int = 1500) -> list[tuple[int, date, str]]:
    """Pareto/NBD customers with gamma spend, joining over eight months, watched to END."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.8, 1 / 30.0, customers)  # a day
    life = rng.exponential(1 / rng.gamma(0.9, 1 / 200.0, customers))
    mean = 60 / rng.gamma(4, 1, customers) * 3
    rows = []
    for key in range(customers):
        day = int(rng.integers(0, 240))
        until = min(day + life[key], (END - START).days)
        at = float(day)
        while at <= until:
            rows.append(
                (key + 1, START + timedelta(days=int(at)), f"{rng.gamma(5, mean[key] / 5) + 0.01:.2f}")
            )
            at += max(rng.exponential(1 / max(rate[key], 1e-6)), 1e-6)
    rows.append((1, END, "10.00"))
    return rows


@pytest.fixture(scope="module")
def orders() -> Orders:
    with make_orders(shop()) as made:
        yield made


@pytest.fixture(scope="module")
def estimated(orders: Orders) -> value.Value:
    return value.estimate(orders, horizon_days=180, margin=0.4)


def test_columns_are_whole_and_in_bounds(estimated: value.Value) -> None:
    table = estimated.customers.to_pandas()
    assert estimated.unknown is None
    forecast = ["p_alive", "p_none", "expected_orders", "expected_spend", "clv", "clv_low", "clv_high"]
    assert np.isfinite(table[forecast]).all(axis=None)
    assert table.p_alive.between(0, 1).all()
    assert (table.clv_low <= table.clv_high).all()
    assert (table.clv >= 0).all()
    assert estimated.as_of == END


def test_margin_scales_and_discounting_lowers(orders: Orders, estimated: value.Value) -> None:
    revenue = value.estimate(orders, horizon_days=180)
    undiscounted = value.estimate(orders, horizon_days=180, margin=0.4, discount_rate_yearly=0.0)
    ratio = np.asarray(estimated.customers["clv"]) / np.asarray(revenue.customers["clv"])
    assert np.allclose(ratio, 0.4)
    assert (np.asarray(undiscounted.customers["clv"]) >= np.asarray(estimated.customers["clv"])).all()


def test_the_past_forecasts_the_future(orders: Orders) -> None:
    result = value.estimate(orders, horizon_days=180).backtest(cutoff=CUT)
    assert isinstance(result, value.Backtest)
    assert result.problems == ()
    assert abs(result.model.bias) < 0.15
    assert (
        result.interval - 0.03 < result.coverage < 0.95
    )  # an interval that begins at zero holds all who buy nothing
    by_name = {score.name: score for score in result.scores}
    assert result.model.gini > by_name["everyone_alike"].gini + 0.3
    assert result.model.mae < by_name["own_rate"].mae
    assert sum(row.customers for row in result.deciles) == pytest.approx(len(result.customers))


def test_nothing_after_the_cutoff_reaches_a_backtest(orders: Orders) -> None:
    result = value.estimate(orders, horizon_days=180).backtest(cutoff=CUT)
    later = [row if row[1] <= CUT else (row[0], row[1], "1.00") for row in shop()]
    with make_orders(later) as changed:
        again = value.estimate(changed, horizon_days=180).backtest(cutoff=CUT)
    assert isinstance(result, value.Backtest)
    assert isinstance(again, value.Backtest)
    assert again.customers["predicted"].equals(result.customers["predicted"])
    assert again.customers["low"].equals(result.customers["low"])
    assert again.actual_total < result.actual_total


def test_the_order_of_rows_does_not_matter(estimated: value.Value) -> None:
    rows = shop()
    np.random.default_rng(0).shuffle(rows)
    with make_orders(rows) as shuffled:
        again = value.estimate(shuffled, horizon_days=180, margin=0.4)
    for name in ("clv", "clv_low", "clv_high", "p_alive"):
        assert np.allclose(again.customers[name], estimated.customers[name], rtol=1e-9)


def test_the_total_has_an_interval_that_earlier_errors_widen(estimated: value.Value) -> None:
    total = estimated.total
    assert isinstance(total, value.Total)
    assert total.low < total.expected < total.high
    assert len(total.errors) >= 1
    assert total.expected == pytest.approx(sum(np.asarray(estimated.customers["clv"])))


def test_too_few_customers_is_said_and_not_guessed() -> None:
    with make_orders(named_cast()) as few:
        told = value.estimate(few)
        assert isinstance(told.unknown, Unknown)
        assert "500" in str(told.unknown)
        assert told.customers["clv"].null_count == len(told.customers)
        assert told.customers["clv_historical"].null_count == 0
        assert isinstance(told.backtest(), Unknown)
        assert isinstance(told.total, Unknown)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"span_days": 10_000}, "too_short"), ({"customers": 10**6}, "too_few_customers"), ({"regulars": 10**6}, "too_few_regulars")],
)  # fmt: skip
def test_each_minimum_has_its_reason(orders: Orders, change: dict, code: str) -> None:
    told = value.estimate(orders, minimum=replace(value.Minimum(), **change))
    assert told.unknown is not None
    assert told.unknown.code == code


def test_silence_before_the_as_of_date_is_no_forecast(orders: Orders) -> None:
    told = value.estimate(orders, as_of=END + timedelta(days=31))
    assert told.unknown is not None
    assert told.unknown.code == "silent"


def test_a_shop_that_gives_everything_away_has_no_forecast() -> None:
    with make_orders([(key, day, "0.00") for key, day, _ in shop(customers=700)]) as free:
        told = value.estimate(free)
    assert told.unknown is not None
    assert told.unknown.code == "no_spend"


def test_an_empty_shop_is_unknown() -> None:
    with make_orders([("a", START, "5.00")]) as one:
        told = value.estimate(one)
    assert told.unknown is not None
    with make_orders([{"customer": "a", "at": START, "amount": "5.00", "status": "cancelled"}]) as none:
        told = value.estimate(none)
    assert len(told.customers) == 0
    assert told.unknown is not None


@pytest.mark.parametrize(
    "wrong",
    [{"margin": 0.0}, {"margin": 35}, {"horizon_days": 0}, {"discount_rate_yearly": -1}, {"interval": 1.0}],
)
def test_settings_out_of_range_are_refused(orders: Orders, wrong: dict) -> None:
    with pytest.raises(RegularsError):
        value.estimate(orders, **wrong)


def test_a_cutoff_without_outcome_is_refused(estimated: value.Value) -> None:
    with pytest.raises(RegularsError, match="ends after the data"):
        estimated.backtest(cutoff=END, horizon_days=30)


def test_customers_are_named_by_the_shops_own_ids(orders: Orders, estimated: value.Value) -> None:
    named = estimated.named()
    assert named.column_names[0] == "customer_id"
    assert isinstance(orders.identities.count().to_pyarrow().as_py(), int)
    assert named["customer_id"].to_pylist() == [
        str(key) for key in estimated.customers["customer_key"].to_pylist()
    ]
    assert pa.types.is_string(named["customer_id"].type)
    assert pq  # the columns are plain Parquet types


def test_earlier_days_are_tested_over_windows_that_do_not_overlap(estimated: value.Value) -> None:
    rolling = estimated.rolling
    assert isinstance(rolling, value.Rolling)
    ends = [past.cutoff + timedelta(days=rolling.window_days) for past in rolling.origins]
    assert ends[0] == END
    assert all(past.cutoff >= end for past, end in zip(rolling.origins, ends[1:], strict=False))
    means = {score.name: score for score in rolling.scores}
    assert means["model"].bias == pytest.approx(np.mean([abs(past.model.bias) for past in rolling.origins]))
    assert means["model"].mae < means["persistence"].mae
    # The default backtest lies over the last of them and does not count again.
    assert len(estimated.total.errors) == len(rolling.origins)


def test_of_very_many_customers_a_share_is_tested_at_earlier_days(
    estimated: value.Value, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = estimated.rolling
    assert isinstance(every, value.Rolling)
    customers = estimated.past.customers
    monkeypatch.setattr(rolling_module, "MOST_CUSTOMERS", customers // 2)
    some = rolling_module.run(estimated)
    assert isinstance(some, value.Rolling)
    assert [test.cutoff for test in some.origins] == [test.cutoff for test in every.origins]
    for test, whole in zip(some.origins, every.origins, strict=True):
        assert 0.4 < len(test.customers) / len(whole.customers) < 0.6
        # What the share's customers did, scaled up to all of them.
        did = float(np.sum(test.customers["actual"])) * customers / (customers // 2)
        assert test.actual_total == pytest.approx(did)
        assert test.actual_total == pytest.approx(whole.actual_total, rel=0.3)
        assert test.predicted_total == pytest.approx(whole.predicted_total, rel=0.3)


def test_the_total_builds_up_to_itself(estimated: value.Value) -> None:
    days, built = zip(*estimated.path, strict=True)
    assert days[0] == END
    assert days[-1] == END + timedelta(days=180)
    assert built[0] == 0
    assert np.all(np.diff(built) > 0)
    assert built[-1] == pytest.approx(estimated.total.expected, rel=1e-9)
    # Half of the way is the estimate with half of the horizon, up to the refinement of discounting by the day.
    middle = value.estimate(estimated.orders, horizon_days=90, margin=0.4)
    assert built[days.index(END + timedelta(days=90))] == pytest.approx(middle.total.expected, rel=0.01)


def test_too_short_a_past_has_no_earlier_days() -> None:
    with make_orders(named_cast()) as orders:
        assert isinstance(value.estimate(orders).rolling, Unknown)
        assert value.estimate(orders).path == ()


def test_groups_sum_to_the_whole_and_small_ones_are_less_certain(estimated: value.Value) -> None:
    key = np.asarray(estimated.customers["customer_key"])
    labels = pa.array([None if k % 50 == 0 else "few" if k % 50 == 1 else "many" for k in key.tolist()])
    rows = {row["group"]: row for row in estimated.totals(labels).to_pylist()}
    assert set(rows) == {"few", "many"}
    clv = np.asarray(estimated.customers["clv"])
    assert rows["many"]["expected"] + rows["few"]["expected"] == pytest.approx(clv[key % 50 != 0].sum())
    assert rows["few"]["customers"] == int((key % 50 == 1).sum())
    width = {name: np.log(row["high"] / row["low"]) for name, row in rows.items()}
    whole = np.log(estimated.total.high / estimated.total.low)
    assert whole < width["many"] < 1.1 * whole
    assert width["few"] > 1.1 * width["many"]


def test_groups_hold_what_happened_as_often_as_they_say(orders: Orders) -> None:
    past = value.estimate(orders, as_of=CUT, horizon_days=180, discount_rate_yearly=0.0)
    key = np.asarray(past.customers["customer_key"])
    record = value.estimate(orders, horizon_days=180).backtest(cutoff=CUT)
    happened = dict(
        zip(*(record.customers[name].to_pylist() for name in ("customer_key", "actual")), strict=True)
    )
    actual = np.array([happened[k] for k in key.tolist()])
    labels = np.random.default_rng(1).integers(0, 30, len(key))
    rows = past.totals(pa.array(labels)).to_pylist()
    held = [row["low"] <= actual[labels == row["group"]].sum() <= row["high"] for row in rows]
    assert 0.6 <= np.mean(held) <= 1.0


def test_labels_that_do_not_fit_are_refused(estimated: value.Value) -> None:
    with pytest.raises(RegularsError, match="2 labels for"):
        estimated.totals(["a", "b"])


def test_life_is_worth_more_than_the_horizon(orders: Orders, estimated: value.Value) -> None:
    clv, life = (np.asarray(estimated.customers[name]) for name in ("clv", "clv_lifetime"))
    assert np.isfinite(life).all()
    assert (life >= clv - 1e-9).all()
    decades = value.estimate(orders, horizon_days=3650, margin=0.4)
    assert (np.asarray(decades.customers["clv"]) <= life + 1e-9).all()
    assert np.asarray(decades.customers["clv"]).sum() == pytest.approx(life.sum(), rel=0.2)


def test_the_next_order_comes_sooner_from_who_buys_more(estimated: value.Value) -> None:
    table = estimated.customers.to_pandas()
    known = table.dropna(subset=["next_order_from", "next_order", "next_order_until"])
    assert (known.next_order_from > END).all()
    assert (known.next_order_from <= known.next_order).all()
    assert (known.next_order <= known.next_order_until).all()
    middle = (pd.to_datetime(known.next_order) - pd.Timestamp(END)).dt.days
    assert middle[known.x >= 6].median() < middle[known.x == 1].median() / 2
    pace = known["T"] / known.x.clip(lower=1)
    assert np.corrcoef(np.log(pace[known.x > 3]), np.log(middle[known.x > 3]))[0, 1] > 0.8
