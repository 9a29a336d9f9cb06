"""pymc-marketing with ``method="map"`` (``fit_method`` before 0.19), as its documentation says to use it."""

import logging
from pathlib import Path

import pandas as pd
import published
from protocol import main
from pymc_marketing import clv as models

logging.disable(logging.WARNING)

NAMES = {"frequency": "frequency", "recency": "recency", "T": "T", "monetary_value": "monetary_value"}


def _summary(folder):
    data = pd.read_parquet(Path(folder) / "summary.parquet")
    return data.rename(columns={"customer_key": "customer_id"})[["customer_id", *NAMES]]


def _fitted(kind, data):
    model = kind()
    model.fit(data, method="map", progressbar=False)
    return model


def _told(model, names):
    return {name: float(model.idata.posterior[name].mean()) for name in names}


def _known(kind, data, params):
    """A model as it is after a fit that found these parameters; fitted to a few customers first, since it must be."""
    model = _fitted(kind, data[data.frequency > 0].head(500))
    for name, value in params.items():
        model.idata.posterior[name][:] = value
    return model


def fit_bg_nbd(folder):
    data = _summary(folder)
    return lambda: _told(_fitted(models.BetaGeoModel, data), published.BG_NBD)


def fit_pareto_nbd(folder):
    data = _summary(folder)
    return lambda: _told(_fitted(models.ParetoNBDModel, data), published.PARETO_NBD)


def fit_gamma_gamma(folder):
    data = _summary(folder)
    again = data[data.frequency > 0]
    return lambda: _told(_fitted(models.GammaGammaModel, again), published.GAMMA_GAMMA)


def expected_orders(folder):
    data = _summary(folder)
    model = _known(models.BetaGeoModel, data, published.BG_NBD)
    return lambda: {"total": float(model.expected_purchases(data, future_t=published.WEEKS).sum())}


def expected_orders_pareto(folder):
    data = _summary(folder)
    model = _known(models.ParetoNBDModel, data, published.PARETO_NBD)
    return lambda: {"total": float(model.expected_purchases(data, future_t=published.WEEKS).sum())}


def clv(folder):
    data = _summary(folder)
    often = _known(models.BetaGeoModel, data, published.BG_NBD)
    much = _known(models.GammaGammaModel, data, published.GAMMA_GAMMA)
    return lambda: {
        "total": float(
            much.expected_customer_lifetime_value(
                transaction_model=often,
                data=data,
                future_t=published.MONTHS,
                discount_rate=published.RATE_MONTHLY,
                time_unit="W",
            ).sum()
        )
    }


def summary(folder):
    orders = pd.read_parquet(
        Path(folder) / "orders.parquet", columns=["customer_key", "ordered_on", "amount"]
    )
    orders["ordered_on"] = pd.to_datetime(orders.ordered_on)

    def work():
        found = models.utils.rfm_summary(orders, "customer_key", "ordered_on", "amount")
        return {"customers": len(found), "repeats": float(found.frequency.sum())}

    return work


def forecast(days, cutoff, horizon, out, kind):
    """(BG/NBD or Pareto/NBD) + Gamma-Gamma from purchase days until the cut-off, in weeks."""

    def work():
        orders = pd.read_parquet(days)
        orders["ordered_on"] = pd.to_datetime(orders.ordered_on)
        data = models.utils.rfm_summary(
            orders[orders.ordered_on <= pd.Timestamp(cutoff)],
            "customer_key",
            "ordered_on",
            "spend",
            observation_period_end=cutoff,
            time_scaler=7,
        )
        again = data[(data.frequency > 0) & (data.monetary_value > 0)]
        often = _fitted(getattr(models, kind), data)
        much = _fitted(models.GammaGammaModel, again)
        expected = often.expected_purchases(data, future_t=int(horizon) / 7).mean(("chain", "draw")).values
        spend = much.expected_customer_spend(data).mean(("chain", "draw")).values
        told = {"customer_key": data.customer_id, "predicted_orders": expected, "predicted": expected * spend}
        pd.DataFrame(told).to_parquet(out)
        return _told(much, published.GAMMA_GAMMA)

    return work


if __name__ == "__main__":
    main({
        task.__name__: task
        for task in (
            fit_bg_nbd, fit_pareto_nbd, fit_gamma_gamma, expected_orders, expected_orders_pareto, clv, summary, forecast,
        )
    })  # fmt: skip
