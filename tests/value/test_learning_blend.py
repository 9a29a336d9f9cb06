"""How far a learner is believed, from arrays alone; and shops that are hardly any."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from tests.shops import make_orders
from tests.value.test_learning import told

from regulars.kit.unknown import Unknown
from regulars.value.assumptions import Minimum
from regulars.value.learning import blend, trees, windows
from regulars.value.learning.matrix import Coding, Matrix

START = date(2022, 1, 1)


def outcome(rng, mean):
    """Spend with many zeros: a Poisson count of Gamma orders, of the given mean."""
    return rng.gamma(np.maximum(rng.poisson(mean / 20.0), 1e-9), 20.0)


@pytest.fixture
def forecast():
    return np.random.default_rng(7).gamma(0.7, 80, 4000)


def test_an_improvement_by_chance_is_not_believed(forecast):
    believed = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        proof = blend.prove(outcome(rng, forecast), forecast, rng.normal(0, 0.2, len(forecast)))
        believed.append(proof.believed)
    assert np.mean(believed) < 0.02


def test_a_true_correction_is_believed_by_half_whatever_the_level(forecast):
    rng = np.random.default_rng(1)
    wrong = rng.normal(0, 0.5, len(forecast))
    actual = outcome(rng, forecast * np.exp(wrong))
    proofs = [blend.prove(actual * level, forecast, wrong) for level in (1.0, 3.0)]
    assert proofs[0].gain > 0
    assert proofs[0].weight >= 0.8
    assert blend.BELIEF * 0.7 < proofs[0].believed <= blend.BELIEF
    assert proofs[1].believed == pytest.approx(proofs[0].believed)


def test_factors_keep_the_total_and_leave_strangers_alone(forecast):
    rng = np.random.default_rng(2)
    weight = blend.weights(0.5, rng.choice([0.0, 0.1, 0.9], len(forecast)))
    log_factor = rng.normal(2, 1, len(forecast))
    found = blend.factors(forecast, log_factor, weight)
    assert (found * forecast).sum() == pytest.approx(forecast.sum(), rel=1e-12)
    assert (found[weight == 0] == 1.0).all()
    assert (found > 0).all()
    moved = weight == weight.max()
    assert np.corrcoef(log_factor[moved], np.log(found[moved]))[0, 1] == pytest.approx(1)


@pytest.mark.parametrize("log_factor", [np.zeros(3), np.array([5.0, 5.0, 5.0]), np.array([-30.0, 0.0, 30.0])])
def test_factors_are_finite_for_any_learner(log_factor):
    for said in (np.array([0.0, 0.0, 0.0]), np.array([0.0, 1e-12, 1e9])):
        found = blend.factors(said, log_factor, np.array([0.5, 0.5, 0.5]))
        assert np.isfinite(found).all()
        assert (found * said).sum() == pytest.approx(said.sum(), abs=1e-9)


def window(cutoff: date, *, seed: int, shift: float = 0.0) -> windows.Window:
    rng = np.random.default_rng(seed)
    size = 1500
    habit, forecast = rng.random(size) + shift, rng.gamma(0.7, 80, size)
    told = Matrix(
        {"pace": habit, "p_alive": rng.random(size)}, {"channel": rng.choice(["a", "b", None], size)}
    )
    actual = outcome(rng, forecast * np.exp(2 * (habit - shift) - 1))
    return windows.Window(cutoff, np.arange(size) * 13 + 5, told, forecast, actual)


def test_outside_of_what_was_met_the_learner_has_no_say():
    learnt, unseen = trees.train([window(START, seed=1), window(START, seed=2)])
    assert len(unseen) == 1500
    met, strange = window(START, seed=3), window(START, seed=3, shift=5.0)
    assert blend.weights(0.5, learnt.strangeness(met.features)).mean() > 0.48
    assert (blend.weights(0.5, learnt.strangeness(strange.features)) == 0).all()
    assert learnt.importance.sum() == pytest.approx(1)


def test_the_same_windows_teach_the_same_trees():
    first, again = (trees.train([window(START, seed=1)]) for _ in range(2))
    assert np.array_equal(first[1], again[1])
    asked = window(START, seed=9).features
    assert np.array_equal(first[0].log_factor(asked), again[0].log_factor(asked))


def test_the_currency_does_not_matter():
    euros = window(START, seed=1)
    cents = replace(euros, forecast=euros.forecast * 100, actual=euros.actual * 100)
    assert np.allclose(trees.train([euros])[1], trees.train([cents])[1], atol=1e-6)


def test_names_have_a_vocabulary_and_new_ones_are_outside():
    coding = Coding.of(Matrix({}, {"channel": np.array(["b", "a", "b", None], object)}))
    coded = coding.array(Matrix({}, {"channel": np.array(["b", "a", "new", None], object)}))
    assert coded[:3, 0].tolist() == [0.0, 1.0, 2.0]
    assert np.isnan(coded[3, 0])


def test_windows_end_by_the_cutoff_and_have_a_past():
    cutoff = START + timedelta(days=500)
    found = windows.cutoffs(START, cutoff, 120, 180)
    assert found[0] == cutoff - timedelta(days=120)
    assert all(day - START >= timedelta(days=180) for day in found)
    assert windows.cutoffs(START, START + timedelta(days=299), 120, 180) == ()
    assert len(windows.cutoffs(START, START + timedelta(days=9000), 30, 180)) == windows.MOST


ANY = Minimum(customers=1, span_days=1, regulars=0)
DAYS = range(0, 420, 20)
HOSTILE = {
    "one customer": [(1, START + timedelta(days=day), "10.00") for day in DAYS],
    "everything came back": [
        {"customer": key, "at": START + timedelta(days=(7 * key + day) % 420), "amount": "10.00", "refunded": "10.00"}
        for key in range(1, 130)
        for day in (0, 90, 200)
    ],
    "no products": [
        (key, START + timedelta(days=(11 * key + day) % 420), f"{5 + key % 9}.00")
        for key in range(1, 200)
        for day in range(0, 400, 30 + key % 50)
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_shops_have_an_answer(name):
    with make_orders([*HOSTILE[name], (1, START + timedelta(days=420), "1.00")]) as orders:
        learnt = told(orders, cutoff=START + timedelta(days=420), minimum=ANY).learnt
    if isinstance(learnt, Unknown):
        assert str(learnt)
    else:
        assert np.isfinite(learnt.factor).all()
