"""Has the shop changed? Parameters over time, and an earlier run's summary, sound, foreign or hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.shops import make_orders, named_cast
from tests.value.test_estimate import CUT, END, shop

from regulars import value
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.runtime.written import dumps
from regulars.value import drift, processes


@pytest.fixture(scope="module")
def orders() -> Iterator[Orders]:
    with make_orders(shop()) as made:
        yield made


@pytest.fixture(scope="module")
def now(orders: Orders) -> value.Value:
    return value.estimate(orders, horizon_days=180, margin=0.4)


@pytest.fixture(scope="module")
def past(orders: Orders) -> dict[str, Any]:
    """What a run half a year earlier wrote."""
    told = value.estimate(orders, as_of=CUT, horizon_days=180, margin=0.4).to_json()
    return {"regulars": "0", "as_of": CUT.isoformat(), "value": told, "intake": {"currency": "EUR"}}


def left(folder: Path, summary: object) -> drift.Earlier | Unknown | None:
    """Leave a summary in a folder and read it again as the next run does."""
    (folder / "summary.json").write_text(dumps(summary), encoding="utf-8")
    return drift.earlier_run(folder)


def test_parameters_follow_the_earlier_days_and_end_today(now: value.Value) -> None:
    days = [on for on, _ in now.fits]
    assert days == sorted(days)
    assert days[-1] == END
    assert len(days) == len(now.rolling.origins) + 1
    names = {name for _, _, name in now.fits[-1][1]}
    assert {"r", "alpha", "s", "beta", "p", "q", "gamma"} <= names
    assert drift.alerts(now.fits) == ()


def test_levels_are_what_the_parameters_come_to() -> None:
    cdnow = {"r": 0.5533, "alpha": 10.5776, "s": 0.6062, "beta": 11.6679}
    found = {("purchasing", "Pareto/NBD", name): (number, 0.1) for name, number in cdnow.items()}
    found |= {
        ("spending", "Gamma-Gamma", name): (number, 0.1)
        for name, number in {"p": 6.25, "q": 3.74, "gamma": 15.44}.items()
    }
    told = drift.levels(found)
    # Fader and Hardie (2005): E[X(t)] = rβ/(α(s−1)) · (1 − (β/(β+t))^(s−1)).
    weeks = 365 / 7
    expected = (
        0.5533 * 11.6679 / (10.5776 * (0.6062 - 1)) * (1 - (11.6679 / (11.6679 + weeks)) ** (0.6062 - 1))
    )
    assert told["purchasing"] == pytest.approx(expected)
    assert told["spending"] == pytest.approx(6.25 * 15.44 / 2.74)
    assert drift.levels({("other", "", "x"): (1.0, 1.0)}) == {}


@pytest.mark.parametrize(
    "process", [processes.BG, processes.MBG, processes.regular(3)], ids=lambda one: one.name
)
def test_levels_are_known_of_every_model_of_buying(process) -> None:
    assert processes.named(process.name) == process
    params = dict(zip(process.parameters, (0.9, 4.4, 0.8, 2.4), strict=True))
    told = drift.levels({("purchasing", process.name, name): (value, 0.1) for name, value in params.items()})
    assert told["purchasing"] == pytest.approx(
        process.purchases(list(params.values()), 365 / 7, 0.0, 0, 0, 0)
    )
    assert processes.named("MBG/CNBD-") is None
    assert processes.named("MBG/CNBD-1000000") is None


def test_parameters_of_different_models_are_not_compared() -> None:
    one, other = ({("purchasing", model, "r"): (0.5, 0.05)} for model in ("Pareto/NBD", "BG/NBD"))
    assert drift.shifts(((CUT, one), (END, other))) == ()
    assert len(drift.shifts(((CUT, one), (END, one)))) == 1


def test_a_changed_shop_is_said_to_have_changed(orders: Orders, now: value.Value) -> None:
    rows = [(key, on, amount if on <= CUT else str(Decimal(amount) * 4)) for key, on, amount in shop()]
    with make_orders(rows) as changed:
        alerts = [str(alert) for alert in drift.alerts(value.estimate(changed, horizon_days=180).fits)]
    assert any(alert.startswith("How much customers spend has changed") for alert in alerts)


def test_an_earlier_run_is_compared_and_its_forecast_held(
    tmp_path: Path, now: value.Value, past: dict[str, Any]
) -> None:
    since = drift.compare(now, left(tmp_path, past))
    assert isinstance(since, drift.Since)
    assert since.as_of == CUT
    assert {each.name for each in since.changes} == {
        "customers",
        "total",
        "expected_orders",
        "customers_alive",
    }
    assert since.held is not None
    assert since.held.until == CUT + timedelta(days=180)
    assert since.held.inside
    assert since.held.expected == pytest.approx(past["value"]["total"]["expected"])
    test = now.backtest(CUT, 180)
    # The same customers and days, as discounted margin instead of spend.
    assert since.held.actual == pytest.approx(0.4 * test.actual_total, rel=0.06)
    assert json.loads(dumps(since.to_json()))["forecast"]["inside"] is True


def test_only_the_part_of_the_forecast_that_has_passed_is_held(
    tmp_path: Path, orders: Orders, past: dict[str, Any]
) -> None:
    soon = value.estimate(orders, as_of=CUT + timedelta(days=31), horizon_days=180, margin=0.4)
    held = drift.compare(soon, left(tmp_path, past)).held
    assert held.until == soon.as_of
    assert 0.1 < held.expected / past["value"]["total"]["expected"] < 0.3


@pytest.mark.parametrize(("share", "words"), [("0.2", "less"), ("5", "more")])
def test_a_forecast_that_reality_left_is_said_so(
    tmp_path: Path, past: dict[str, Any], share: str, words: str
) -> None:
    rows = [
        (key, on, amount if on <= CUT else str(Decimal(amount) * Decimal(share)))
        for key, on, amount in shop()
    ]
    with make_orders(rows) as changed:
        since = drift.compare(value.estimate(changed, horizon_days=180, margin=0.4), left(tmp_path, past))
    assert since.held.inside is False
    assert f"brought {words} than" in str(since.alerts[0])


def test_totals_of_another_horizon_are_not_compared(
    tmp_path: Path, now: value.Value, past: dict[str, Any]
) -> None:
    other = past | {"value": past["value"] | {"horizon_days": 90}}
    names = {each.name for each in drift.compare(now, left(tmp_path, other)).changes}
    assert names == {"customers", "customers_alive"}


def test_the_same_day_again_is_no_comparison(tmp_path: Path, now: value.Value) -> None:
    assert drift.earlier_run(tmp_path) is None
    assert drift.compare(now, None) is None
    same = {"regulars": "0", "value": now.to_json(), "intake": {"currency": "EUR"}}
    assert drift.compare(now, left(tmp_path, same)) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": {"as_of": "2030-01-01", "customers": 1500}}, "earlier_is_later"),
        ({"intake": {"currency": "PLN"}}, "earlier_foreign"),
        ({"value": {"as_of": "2024-02-01", "customers": 12}}, "earlier_foreign"),
    ],
)
def test_another_shops_summary_is_put_aside_with_a_note(
    tmp_path: Path, now: value.Value, past: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    told = drift.compare(now, left(tmp_path, past | change))
    assert isinstance(told, Unknown)
    assert told.code == code
    assert str(told)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"x"', "{}", '{"value": 3}', '{"regulars": 1, "value": {"as_of": 20240101}}', "[" * 50_000,
     '{"regulars": 1, "value": {"as_of": "2024-02-01", "customers": "many"}}', '{"regulars": 1, "value": {"as_of": "2024-02-30"}}',
     '{"regulars": 1, "intake": [], "value": {"as_of": "2024-02-01", "customers": NaN}}', "\x00\xff"],
)  # fmt: skip
def test_a_file_of_something_else_is_no_crash(tmp_path: Path, now: value.Value, text: str) -> None:
    (tmp_path / "summary.json").write_bytes(text.encode("latin-1"))
    told = drift.compare(now, drift.earlier_run(tmp_path))
    assert isinstance(told, Unknown)
    assert told.code == "earlier_unreadable"


JUNK = [
    None,
    "x",
    -1,
    0,
    1e308,
    -1e308,
    True,
    [],
    {},
    [{"on": 1}],
    10**400,
    {"expected": "x"},
    {"expected": 5, "low": 9, "high": 1},
]


@pytest.mark.parametrize("field", ["total", "path", "model", "margin", "discount_rate_yearly", "interval", "expected_orders", "horizon_days"])  # fmt: skip
def test_junk_in_a_field_loses_no_more_than_that_field(
    tmp_path: Path, now: value.Value, past: dict[str, Any], field: str
) -> None:
    for junk in JUNK:
        (tmp_path / "summary.json").write_text(
            json.dumps(past | {"value": past["value"] | {field: junk}}), encoding="utf-8"
        )
        told = drift.compare(now, drift.earlier_run(tmp_path))
        assert isinstance(told, drift.Since)
        json.loads(dumps(told.to_json()))
        assert [each for each in told.changes if each.name == "customers"]


def test_a_run_without_a_forecast_can_still_be_compared(tmp_path: Path) -> None:
    with make_orders(named_cast()) as few:
        then = value.estimate(few, as_of=date(2024, 3, 1))
        summary = {"regulars": "0", "value": then.to_json(), "intake": {"currency": "EUR"}}
        since = drift.compare(value.estimate(few), left(tmp_path, summary))
    assert isinstance(since, drift.Since)
    assert since.held is None
    assert [each.name for each in since.changes] == ["customers"]
    assert replace(since, fits=()).alerts == ()
