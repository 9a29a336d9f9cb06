"""Feasts that move and promotions: their effect is found where there is one, and moves the forecast; nothing else does."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.shops import make_orders
from tests.value.test_level import PACE, START, STEADY, Shop

from regulars import value
from regulars.kit.errors import RegularsError
from regulars.lake import open_workspace
from regulars.numeric import calendar_effects, feasts, seasonal_time
from regulars.numeric.seasonal_time import Effect
from regulars.sources.promotions import read_promotions
from regulars.value import level, promotions, special_days

EPOCH = date(1970, 1, 1)
SALES = START + np.concatenate([np.arange(a, a + 8) for a in (60, 190, 300, 480, 610, 700, 860, 980)])
PLANNED = START + np.arange(1030, 1038)


def special(*effects: tuple[np.ndarray, float]):
    """A pace by calendar day: PACE or STEADY is by day of the year."""
    days = START + np.arange(1500)
    log = sum(size * np.isin(days, on) for on, size in effects)
    return np.exp(log)


class Eventful(Shop):
    """A shop whose days also run by what is on."""

    def __init__(self, pace, extra, **more):
        super().__init__(pace, customers=0)
        days, customers = more.pop("days", 1100), more.pop("customers", 3000)
        rng = np.random.default_rng(more.pop("seed", 1))
        self.first = rng.integers(0, days, customers)
        self.rate = rng.gamma(0.9, 1 / 25.0, customers)
        self.end = self.first + rng.exponential(1 / rng.gamma(0.8, 1 / 200, customers))
        speed = pace[seasonal_time.day_of_year(START + np.arange(days + 400))] * extra[: days + 400]
        self.bought = []
        for first, rate, end in zip(self.first, self.rate, self.end, strict=True):
            span = np.arange(first + 1, min(days + 400, int(end) + 1))
            self.bought.append(span[rng.random(len(span)) < -np.expm1(-rate * speed[span])])


def off(shop: Shop, fitted: level.Purchasing, summary, now: int, days: int) -> float:
    said = fitted.expected(summary, days).sum()
    happened = sum(((shop.bought[i] > now) & (shop.bought[i] <= now + days)).sum() for i in summary.key)
    return said / happened - 1


@pytest.fixture(scope="module")
def lively() -> Eventful:
    before = feasts.days_of(feasts.BEFORE_EASTER, 2020, 2030)
    return Eventful(PACE, special((before, 0.5), (SALES, 0.6), (PLANNED, 0.6)), customers=4000)


def by_name(clock: seasonal_time.Clock) -> dict[str, Effect]:
    return {effect.name: effect for effect in clock.effects}


def test_easter_and_promotions_are_found_beside_the_season(lively):
    summary, repeats = lively.until(1020)
    given = (Effect("sale", np.r_[SALES, PLANNED]),)
    found = level.fit(summary, repeats, given)
    effects = by_name(found.clock)
    assert effects["sale"].size == pytest.approx(0.6, abs=0.12)
    assert effects["sale"].occasions == 8
    assert effects[feasts.BEFORE_EASTER].size == pytest.approx(0.5, abs=0.15)
    assert feasts.BLACK_FRIDAY not in effects
    assert np.abs(found.clock.pace - PACE / PACE.mean()).mean() < 0.1


def test_a_promotion_to_come_lifts_the_forecast(lively):
    summary, repeats = lively.until(1020)
    blind = level.fit(summary, repeats, feasts=False)
    knows = level.fit(summary, repeats, (Effect("sale", np.r_[SALES, PLANNED]),))
    wrong = [abs(off(lively, fitted, summary, 1020, 20)) for fitted in (blind, knows)]
    assert wrong[1] < 0.09
    assert wrong[0] > wrong[1] + 0.08


def test_an_unknown_name_is_expected_to_do_what_promotions_do(lively):
    summary, repeats = lively.until(1020)
    named = [Effect(f"sale {i}", span) for i, span in enumerate(np.split(SALES, 8))]
    found = by_name(level.fit(summary, repeats, (*named, Effect("the next one", PLANNED))).clock)
    assert found["the next one"].size == pytest.approx(0.6, abs=0.12)
    assert found["the next one"].occasions == 0


def test_promotions_that_do_nothing_change_next_to_nothing():
    shop = Shop(PACE)
    summary, repeats = shop.until(1020)
    plain = level.fit(summary, repeats)
    given = level.fit(summary, repeats, (Effect("sale", np.r_[SALES, PLANNED]),))
    assert plain.clock.effects == ()
    assert abs(given.clock.effects[0].size) < 0.08
    assert given.expected(summary, 90).sum() == pytest.approx(plain.expected(summary, 90).sum(), rel=0.02)


@pytest.mark.parametrize(
    "days",
    [
        np.arange(START - 900, START - 880),  # before the shop
        PLANNED,  # after what is known
        np.arange(START - 10, START + 1500),  # always
        np.arange(START + 1019, START + 1020)[:0],
    ],
)
def test_what_cannot_be_learned_from_changes_nothing_at_all(lively, days):
    summary, repeats = lively.until(1020)
    plain = level.fit(summary, repeats, feasts=False)
    given = level.fit(summary, repeats, (Effect("sale", days),), feasts=False)
    assert given.clock.effects[0].size == 0
    assert given.newcomers.params == plain.newcomers.params
    assert np.array_equal(given.expected(summary, 90), plain.expected(summary, 90))


def test_promotions_are_learned_before_seasons_can_be():
    shop = Eventful(STEADY, special((SALES, 0.6)), customers=2500)
    summary, repeats = shop.until(340)
    found = level.fit(summary, repeats, (Effect("sale", SALES),))
    assert found.clock.has_no_seasons
    assert not found.clock.is_steady
    assert found.clock.effects[0].size == pytest.approx(0.6, abs=0.3)


def test_a_feast_seen_once_is_not_told_from_the_season(lively):
    summary, repeats = lively.until(450)
    assert level.fit(summary, repeats).clock.effects == ()


def test_shops_without_feasts_find_none():
    found = []
    for seed in range(6):
        shop = Shop(PACE, customers=1200, seed=seed + 20)
        summary, repeats = shop.until(1095)
        found += level.fit(summary, repeats).clock.effects
    assert len(found) <= 1


def test_overlapping_promotions_of_one_name_count_once_and_of_two_names_twice():
    one = promotions.read([("2023-01-01", "2023-01-05", "Sale"), ("2023-01-04", "2023-01-06", " sale ")])
    assert len(one) == 1
    assert one[0].name == "Sale"
    assert len(one[0].days) == 6
    two = (Effect("a", np.array([19400]), 0.5), Effect("b", np.array([19400, 19401]), 0.25))
    clock = seasonal_time.Clock(np.ones(365), two)
    assert clock.at(19401) - clock.at(19399) == pytest.approx(np.exp(0.75) + np.exp(0.25))
    assert not clock.is_steady


def test_the_clock_knows_feasts_of_any_year():
    easter = next(e for e in calendar_effects.feast_effects() if e.name == feasts.EASTER)
    clock = seasonal_time.Clock(np.ones(365), (Effect(easter.name, easter.days, np.log(2.0), is_feast=True),))
    for year in (1950, 2024, 2098, 2149):
        begin = (date(year, 1, 1) - EPOCH).days
        length = (date(year, 12, 31) - EPOCH).days - begin
        assert clock.at(begin + length) - clock.at(begin) == pytest.approx(length + 4)
    friday = (date(2024, 3, 29) - EPOCH).days
    assert clock.days_until(friday - 1, [2.0, 8.0, 8.5]).tolist() == [1, 4, 5]
    assert clock.speed([friday - 1, friday, friday + 3, friday + 4]).tolist() == pytest.approx([1, 2, 2, 1])


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(1818, (3, 22)), (1943, (4, 25)), (2000, (4, 23)), (2010, (4, 4)), (2024, (3, 31)), (2038, (4, 25))],
)
def test_easter_is_worked_out(year, sunday):
    assert feasts.easter(year) == (date(year, *sunday) - EPOCH).days


def test_fourth_thursdays_and_second_sundays():
    assert feasts.days_of(feasts.BLACK_FRIDAY, 2024, 2024)[0] == (date(2024, 11, 29) - EPOCH).days
    assert feasts.days_of(feasts.MOTHERS_DAY, 2025, 2025)[-1] == (date(2025, 5, 10) - EPOCH).days


# What a merchant gives.


@pytest.mark.parametrize(
    "given",
    [
        [(date(2024, 1, 5), date(2024, 1, 7), "Sale")],
        [(datetime(2024, 1, 5, 9), "2024-01-07", "Sale")],
        {"from": ["2024-01-05"], "until": ["2024-01-07"], "name": ["Sale"]},
        pa.table({"from": [date(2024, 1, 5)], "until": [date(2024, 1, 7)], "name": ["Sale"]}),
        pd.DataFrame({"from": [pd.Timestamp("2024-01-05")], "until": ["2024-01-07"], "name": ["Sale"]}),
        pl.DataFrame({"from": ["2024-01-05"], "until": ["2024-01-07"], "name": ["Sale"]}),
    ],
)
def test_promotions_may_be_given_in_many_ways(given):
    (effect,) = promotions.read(given)
    assert effect.name == "Sale"
    assert effect.days.tolist() == [19727, 19728, 19729]


@pytest.mark.parametrize("given", [None, [], {"from": [], "until": []}, pa.table({})])
def test_no_promotions_are_none(given):
    assert promotions.read(given) == ()


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ([("2024-01-07", "2024-01-05")], "promotions.reversed", "Row 1"),
        ([("2024-01-01", "2024-01-02"), ("soon", "2024-01-05")], "promotions.date", "Row 2 .*'soon'.*from"),
        ([("2024-02-28", "2024-02-30")], "promotions.date", "until"),
        ([("1066-10-14", "1066-10-14")], "promotions.date", "1066"),
        ([(None, "2024-02-01")], "promotions.date", "None"),
        ([("2024-02-01",)], "promotions.row", "Row 1"),
        (["2024-02-01"], "promotions.row", "2024-02-01"),
        ({"from": ["2024-02-01"]}, "promotions.columns", "until"),
        ({"from": [None], "until": ["2024-02-01"]}, "promotions.date", "Row 1"),
    ],
)
def test_what_is_no_promotion_is_refused_with_its_row(given, code, says):
    with pytest.raises(RegularsError, match=says) as raised:
        promotions.read(given)
    assert raised.value.code == code
    assert raised.value.hint


def test_a_leap_day_may_be_a_promotion():
    (effect,) = promotions.read([("2024-02-28", "2024-03-01")])
    assert len(effect.days) == 3


@pytest.fixture
def workspace():
    with closing(open_workspace()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("from,until,name\n2024-01-05,2024-01-07,Sale\n", 19727),
        ("Od;Do;Nazwa\n5.01.2024;17.01.2024;Sale\n", 19727),
        ("start,end\n01/05/2024,01/17/2024\n", 19727),
        ("from,to\n2024-01-05 09:00,2024-01-07 23:59\n", 19727),
    ],
)
def test_a_file_is_read_as_people_write_it(tmp_path, workspace, text, first):
    path = tmp_path / "promotions.csv"
    path.write_text(text, encoding="utf-8")
    (effect,) = promotions.read(read_promotions(path, workspace))
    assert effect.days[0] == first
    assert effect.name in ("Sale", "")


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("from,until\n2024-01-05,2024-01-07\n\nsoon,2024-02-01\n", "promotions.date", "Row 4 .*soon"),
        ("from,until\n2024-01-05,\n", "promotions.date", "Row 2"),
        ("from,until\n03/04/2024,05/04/2024\n", "promotions.order", "which of the numbers"),
        ("from,name\n2024-01-05,Sale\n", "promotions.columns", "until"),
        ("from,until\n", "source.no_rows", "no rows"),
        ("", "source.", "empty"),
    ],
)
def test_a_bad_file_says_what_to_do(tmp_path, workspace, text, code, says):
    path = tmp_path / "promotions.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RegularsError, match=says) as raised:
        promotions.read(read_promotions(path, workspace))
    assert raised.value.code.startswith(code)
    assert raised.value.hint


# From orders to the forecast.


def rows(seed: int = 3, customers: int = 900) -> list[tuple[int, date, str]]:
    """Customers with sales every 60 days or so, in which they buy twice as much."""
    rng = np.random.default_rng(seed)
    speed = np.where(np.isin(np.arange(600), on_sale()), 2.2, 1.0)
    found = []
    for key in range(customers):
        rate, day = rng.gamma(1.2, 1 / 40.0), int(rng.integers(0, 300))
        end = min(day + rng.exponential(1 / rng.gamma(0.8, 1 / 150.0)), 520)
        span = np.arange(day, int(end) + 1)
        bought = np.r_[day, span[1:][rng.random(len(span) - 1) < -np.expm1(-rate * speed[span[1:]])]]
        found += [(key + 1, BEGIN + timedelta(days=int(d)), f"{rng.gamma(5, 8) + 1:.2f}") for d in bought]
    return [*found, (1, BEGIN + timedelta(days=520), "10.00")]


BEGIN = date(2023, 1, 2)


def on_sale() -> np.ndarray:
    return np.concatenate([np.arange(a, a + 6) for a in range(30, 600, 60)])


def sales() -> list[tuple[date, date, str]]:
    return [(BEGIN + timedelta(days=a), BEGIN + timedelta(days=a + 5), "Sale") for a in range(30, 600, 60)]


@pytest.fixture(scope="module")
def orders():
    with make_orders(rows()) as made:
        yield made


@pytest.fixture(scope="module")
def promoted(orders):
    return value.estimate(orders, horizon_days=60, promotions=sales())


def test_the_method_and_the_json_tell_what_promotions_do(orders, promoted):
    (told,) = promoted.model.to_json()["special_days"]
    assert told["kind"] == "promotion"
    assert told["factor"] == pytest.approx(2.2, rel=0.2)
    assert told["occasions"] == 9
    assert (
        f"The promotion “Sale” makes its days run {round(told['factor'], 2)} times as fast" in promoted.method
    )
    plain = value.estimate(orders, horizon_days=60)
    assert "promotion" not in plain.method
    assert all(one["kind"] == "feast" for one in plain.model.to_json().get("special_days", []))
    later = value.estimate(orders, horizon_days=60, promotions=[(date(2024, 7, 1), date(2024, 7, 3))])
    assert "Nothing could be learned of promotions yet" in later.method
    assert later.customers["clv"].equals(plain.customers["clv"])


def test_the_command_reads_promotions(tmp_path, orders):
    found = read_promotions(pa.table({"Od": ["2024-01-05"], "Do": ["2024-01-07"]}), orders.workspace)
    assert found.column_names == ["from", "until", "row"]


def test_nothing_after_the_cutoff_reaches_what_is_learned(promoted):
    cutoff = BEGIN + timedelta(days=460)
    one = promoted.backtest(cutoff, 60)
    late = [row if row[1] <= cutoff else (row[0], cutoff + timedelta(days=30), row[2]) for row in rows()]
    with make_orders([*late, (1, BEGIN + timedelta(days=520), "10.00")]) as changed:
        again = value.estimate(changed, horizon_days=60, promotions=sales()).backtest(cutoff, 60)
    assert again.customers["predicted"].equals(one.customers["predicted"])


def test_sentences_of_feasts_and_of_promotions():
    def effect(name, size, **more):
        return Effect(name, np.array([19000]), size, 0.1, **more)

    clock = seasonal_time.Clock(
        np.ones(365),
        (
            effect(feasts.BEFORE_EASTER, np.log(1.4), occasions=2, is_feast=True),
            effect("Sale", np.log(1.5), occasions=3),
            effect("", np.log(1.25), occasions=1),
        ),
    )
    told = [str(phrase) for phrase in special_days.sentences(clock)]
    assert told == [
        "The fortnight before Easter runs 1.4 times as fast as its season.",
        "The promotion “Sale” makes its days run 1.5 times as fast (occasions seen: 3).",
        "Days of promotion run 1.25 times as fast as their season.",
    ]
    assert special_days.sentences(seasonal_time.Clock.steady()) == []
