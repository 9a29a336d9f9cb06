"""Scores in batches are the scores of the whole, to the last bit, however the rows are cut."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from tests.shops import make_orders
from tests.value import test_estimate as estimate_shop

from regulars import value
from regulars.kit.errors import RegularsError
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.value import frames, processes, scoring
from regulars.value.estimate import Value


@pytest.fixture(scope="module")
def orders() -> Orders:
    with make_orders(estimate_shop.shop()) as made:
        yield made


@pytest.fixture(scope="module")
def estimated(orders: Orders) -> Value:
    return value.estimate(orders, horizon_days=180, margin=0.4)


@pytest.fixture(scope="module")
def scorer(estimated: Value) -> value.Scorer:
    assert estimated.model.purchasing.process == processes.PARETO
    return estimated.scorer


@pytest.fixture(scope="module")
def summary(orders: Orders, estimated: Value) -> pa.Table:
    engine = orders.workspace.engine
    return engine.arrow(frames.customer_summary(estimated.past.days, estimated.as_of)).combine_chunks()


def whole(estimated: Value) -> pa.Table:
    return estimated.customers.select(scoring.SCHEMA.names).cast(scoring.SCHEMA)


def by_key(batches) -> pa.Table:
    return pa.Table.from_batches(list(batches), scoring.SCHEMA).sort_by("customer_key").combine_chunks()


@pytest.mark.parametrize(
    ("given", "held"), [(1, 1), (1, 7), (10, 1000), (97, 100), (10**6, 64), (10**6, 10**6)]
)
def test_batches_of_any_size_give_the_estimate(estimated, scorer, summary, given, held):
    few = summary.slice(0, 60) if held == 1 else summary
    found = by_key(replace(scorer, batch_rows=held)(few.to_batches(max_chunksize=given)))
    told = whole(estimated)
    kept = np.isin(np.asarray(told["customer_key"]), np.asarray(few["customer_key"]))
    assert found.equals(told.filter(pa.array(kept)).combine_chunks())


@pytest.mark.parametrize("process", [processes.BG, processes.MBG, processes.regular(2)])
def test_other_models_give_the_same_in_batches_to_the_last_digits(estimated, scorer, summary, process):
    """Their quadrature takes as many nodes as the steepest customer of a batch needs."""
    purchasing = estimated.model.purchasing.told_by(process, estimated.summary)
    other = replace(scorer, model=replace(estimated.model, purchasing=purchasing))
    once = other.score(summary)
    pieces = pa.Table.from_batches(replace(other, batch_rows=40)(summary.to_batches()))
    for field in scoring.SCHEMA:
        if pa.types.is_floating(field.type):
            one, many = np.asarray(once[field.name]), np.asarray(pieces[field.name])
            np.testing.assert_allclose(many, one, rtol=1e-9, atol=1e-9, err_msg=field.name)
        else:
            assert pieces[field.name].equals(once[field.name])


def test_empty_batches_and_none_at_all(scorer, summary, estimated):
    nothing = summary.slice(0, 0).to_batches() or [pa.RecordBatch.from_pylist([], schema=summary.schema)]
    assert list(scorer([])) == []
    assert list(scorer(nothing)) == []
    pieces = [nothing[0]]
    for batch in summary.to_batches(max_chunksize=400):
        pieces += [batch, nothing[0]]
    assert by_key(scorer(pieces)).equals(whole(estimated).combine_chunks())
    assert scorer.score(summary.slice(0, 0)).schema == scorer.schema


def test_rows_come_back_in_the_order_they_came(scorer, summary):
    shuffled = summary.take(pa.array(np.random.default_rng(1).permutation(len(summary))))
    found = pa.Table.from_batches(scorer(shuffled.to_batches(max_chunksize=300)))
    assert found["customer_key"].equals(shuffled["customer_key"])


def test_batches_are_asked_for_one_after_the_other(scorer, summary):
    asked = []

    def source():
        for number, batch in enumerate(summary.to_batches(max_chunksize=100)):
            asked.append(number)
            yield batch

    next(replace(scorer, batch_rows=200)(source()))
    assert asked == [0, 1]


def test_a_scorer_can_be_pickled(scorer, summary):
    again = pickle.loads(pickle.dumps(scorer))
    rows = summary.slice(0, 200)
    assert again.score(rows).equals(scorer.score(rows))


def test_the_engine_scores_all_orders_into_a_file(orders, estimated, scorer, tmp_path):
    found = value.score(orders, scorer, path=tmp_path / "scores.parquet")
    table = orders.workspace.engine.arrow(found).sort_by("customer_key").combine_chunks()
    assert table.cast(scoring.SCHEMA).equals(whole(estimated).combine_chunks())


def test_without_intervals_the_rest_stays(scorer, summary):
    quick = replace(scorer, intervals=False).score(summary)
    slow = scorer.score(summary)
    assert quick["clv"].equals(slow["clv"])
    assert quick["clv_low"].null_count == quick["p_none"].null_count == len(summary)


def test_yesterdays_fit_scores_a_later_day(orders, estimated, scorer):
    earlier = value.estimate(orders, as_of=estimated.as_of - timedelta(days=20), horizon_days=180, margin=0.4)
    moved = replace(scorer, model=earlier.model)
    table = orders.workspace.engine.arrow(value.score(orders, moved)).sort_by("customer_key")
    assert len(table) == len(estimated.customers)
    clv = np.asarray(table["clv"])
    assert clv.sum() == pytest.approx(np.asarray(estimated.customers["clv"]).sum(), rel=0.1)
    assert not np.array_equal(clv, np.asarray(estimated.customers["clv"]))


def test_without_a_forecast_there_is_nothing_to_score_by(orders):
    early = value.estimate(orders, as_of=estimate_shop.START + timedelta(days=30))
    assert early.scorer is early.unknown
    assert isinstance(early.unknown, Unknown)


def test_summaries_of_another_day_are_refused(scorer, summary, estimated):
    later = replace(scorer, as_of=estimated.as_of + timedelta(days=1))
    with pytest.raises(RegularsError, match=str(estimated.as_of)) as caught:
        later.score(summary)
    assert caught.value.code == "value.other_day"
