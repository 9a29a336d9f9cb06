"""lifetimes, as its documentation says to use it."""

from pathlib import Path

import pandas as pd
import published
from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter
from lifetimes.utils import summary_data_from_transaction_data
from protocol import main


def _summary(folder):
    return pd.read_parquet(Path(folder) / "summary.parquet")


def _bought(data):
    return data.frequency, data.recency, data["T"]


def _known(fitter, params):
    """A fitter as it is after a fit that found these parameters."""
    fitter.params_ = pd.Series(params)
    fitter.predict = getattr(fitter, "conditional_expected_number_of_purchases_up_to_time", None)
    return fitter


def _told(fitter):
    return {name: float(value) for name, value in fitter.params_.items()}


def fit_bg_nbd(folder):
    data = _summary(folder)
    return lambda: _told(BetaGeoFitter().fit(*_bought(data)))


def fit_pareto_nbd(folder):
    data = _summary(folder)
    return lambda: _told(ParetoNBDFitter().fit(*_bought(data)))


def fit_gamma_gamma(folder):
    data = _summary(folder)
    again = data[data.frequency > 0]
    return lambda: _told(GammaGammaFitter().fit(again.frequency, again.monetary_value))


def expected_orders(folder):
    data, fitter = _summary(folder), _known(BetaGeoFitter(), published.BG_NBD)
    predict = fitter.conditional_expected_number_of_purchases_up_to_time
    return lambda: {"total": float(predict(published.WEEKS, *_bought(data)).sum())}


def expected_orders_pareto(folder):
    data, fitter = _summary(folder), _known(ParetoNBDFitter(), published.PARETO_NBD)
    predict = fitter.conditional_expected_number_of_purchases_up_to_time
    return lambda: {"total": float(predict(published.WEEKS, *_bought(data)).sum())}


def _value(folder, fitter):
    data, spend = _summary(folder), _known(GammaGammaFitter(), published.GAMMA_GAMMA)
    return lambda: {
        "total": float(
            spend.customer_lifetime_value(
                fitter,
                *_bought(data),
                data.monetary_value,
                time=published.MONTHS,
                discount_rate=published.RATE_MONTHLY,
                freq="W",
            ).sum()
        )
    }


def clv(folder):
    return _value(folder, _known(BetaGeoFitter(), published.BG_NBD))


def clv_pareto(folder):
    return _value(folder, _known(ParetoNBDFitter(), published.PARETO_NBD))


def summary(folder):
    orders = pd.read_parquet(
        Path(folder) / "orders.parquet", columns=["customer_key", "ordered_on", "amount"]
    )
    orders["ordered_on"] = pd.to_datetime(orders.ordered_on)

    def work():
        found = _summed(orders, "amount", orders.ordered_on.max())
        return {"customers": len(found), "repeats": float(found.frequency.sum())}

    return work


def _summed(orders, amount, until, **more):
    return summary_data_from_transaction_data(
        orders, "customer_key", "ordered_on", monetary_value_col=amount, observation_period_end=until, **more
    )


def forecast(days, cutoff, horizon, out):
    """BG/NBD + Gamma-Gamma from purchase days until the cut-off, in weeks."""

    def work():
        orders = pd.read_parquet(days)
        orders["ordered_on"] = pd.to_datetime(orders.ordered_on)
        data = _summed(orders, "spend", pd.Timestamp(cutoff), freq_multiplier=7)
        again = data[(data.frequency > 0) & (data.monetary_value > 0)]
        often = BetaGeoFitter().fit(*_bought(data))
        much = GammaGammaFitter().fit(again.frequency, again.monetary_value)
        expected = often.conditional_expected_number_of_purchases_up_to_time(int(horizon) / 7, *_bought(data))
        spend = much.conditional_expected_average_profit(data.frequency, data.monetary_value)
        told = pd.DataFrame({"predicted_orders": expected, "predicted": expected * spend}, index=data.index)
        told.reset_index().to_parquet(out)
        return {**_told(often), **_told(much)}

    return work


if __name__ == "__main__":
    main({
        task.__name__: task
        for task in (
            fit_bg_nbd, fit_pareto_nbd, fit_gamma_gamma, expected_orders, expected_orders_pareto, clv, clv_pareto, summary, forecast,
        )
    })  # fmt: skip
