"""Regulars as a contender, measured as its peers are: ``python -m bench.value.ours TASK WORDS…``."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.peers import published
from bench.peers.protocol import main
from regulars.lake import open_workspace
from regulars.numeric import bg_nbd, gamma_gamma, pareto_nbd
from regulars.numeric import clv as worth
from regulars.value import frames

BG_NBD = tuple(published.BG_NBD.values())
PARETO_NBD = tuple(published.PARETO_NBD.values())
GAMMA_GAMMA = tuple(published.GAMMA_GAMMA.values())
HORIZON = published.MONTHS * published.WEEKS_A_MONTH
RATE = float(np.log1p(published.RATE_MONTHLY)) / published.WEEKS_A_MONTH


def _summary(folder):
    table = pq.read_table(Path(folder) / "summary.parquet")
    return {name: np.ascontiguousarray(table[name]) for name in table.column_names}


def _bought(data):
    return data["frequency"], data["recency"], data["T"]


def _fit(model, folder):
    bought = _bought(_summary(folder))
    return lambda: model.fit(*bought).params._asdict()


def fit_gamma_gamma(folder):
    data = _summary(folder)
    m, z = data["frequency"], data["monetary_value"]
    return lambda: gamma_gamma.fit(m, z, include_first=False).params._asdict()


def _expected(model, params, folder):
    bought = _bought(_summary(folder))
    return lambda: {"total": float(model.expected_purchases(params, published.WEEKS, *bought).sum())}


def clv(folder):
    data = _summary(folder)
    bought, spent = _bought(data), (data["frequency"], data["monetary_value"])

    def work():
        orders = bg_nbd.discounted_purchases(BG_NBD, HORIZON, RATE, *bought)
        return {"total": float((orders * gamma_gamma.expected_spend(GAMMA_GAMMA, *spent)).sum())}

    return work


def clv_pareto(folder):
    data = _summary(folder)
    given = (*_bought(data), data["frequency"], data["monetary_value"])
    how = {"horizon": HORIZON, "rate": RATE}
    return lambda: {"total": float(worth.expected(PARETO_NBD, GAMMA_GAMMA, *given, **how).sum())}


def clv_intervals(folder):
    data = _summary(folder)
    given = (*_bought(data), data["frequency"], data["monetary_value"])
    how = {"horizon": HORIZON, "rate": RATE, "draws": 400}
    return lambda: {"total": float(worth.intervals(PARETO_NBD, GAMMA_GAMMA, *given, **how)[1].sum())}


def summary(folder):
    """From the file through the engine, on one thread: the peers' data frames are in memory already."""
    workspace = open_workspace(threads=1)
    orders = workspace.engine.read(Path(folder) / "orders.parquet")
    until = workspace.engine.arrow(frames.span(orders))["last_on"][0].as_py()

    def work():
        found = workspace.engine.arrow(frames.customer_summary(frames.purchase_days(orders), until))
        return {"customers": len(found), "repeats": float(pc.sum(found["x"]).as_py())}

    return work


TASKS = {
    "fit_bg_nbd": partial(_fit, bg_nbd),
    "fit_pareto_nbd": partial(_fit, pareto_nbd),
    "fit_gamma_gamma": fit_gamma_gamma,
    "expected_orders": partial(_expected, bg_nbd, BG_NBD),
    "expected_orders_pareto": partial(_expected, pareto_nbd, PARETO_NBD),
    "clv": clv,
    "clv_pareto": clv_pareto,
    "clv_intervals": clv_intervals,
    "summary": summary,
}

if __name__ == "__main__":
    main(TASKS)
