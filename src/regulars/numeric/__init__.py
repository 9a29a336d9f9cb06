"""The published methods behind the figures, one file each: arrays in, arrays out.

Purchases and drop-out (``pareto_nbd``, counted in ``pareto_nbd_counts``, drawn from in ``pareto_nbd_draws`` and, where
``covariates`` of a customer are known, ``pareto_nbd_covariates`` and ``bg_nbd_covariates``, and where they change with time, by
``purchase_times`` and ``covariate_paths``, ``pareto_nbd_time_varying`` with ``pareto_nbd_time_varying_draws``; ``bg_nbd``, ``mbg_nbd`` and ``nbd`` to compare with;
``cnbd_k`` where customers buy at regular intervals, ``bg_bb`` where occasions are fixed, ``sbg`` for subscriptions), spend
(``gamma_gamma``), both together (``clv``), how right they were (``accuracy``), a shop's seasons as a clock
(``seasonal_time``) with ``feasts`` and promotions (``calendar_effects``), what prices do (``price_level``), time to an event (``survival``), things bought together
(``association``), and what to recommend (``item_knn``, ``local_ridge``, ``repeat_purchase``, ``trend``,
with ``shrinkage`` of what few say) and how good it was (``ranking``).
Nothing here knows a table, a file or a database. What may be called is in the ``__all__`` of each; ``docs/models`` shows it all at work.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regulars.numeric import (
        accuracy,
        association,
        bg_bb,
        bg_nbd,
        bg_nbd_covariates,
        calendar_effects,
        clv,
        cnbd_k,
        covariate_fit,
        covariate_paths,
        covariates,
        feasts,
        gamma_gamma,
        item_knn,
        local_ridge,
        mbg_nbd,
        nbd,
        pareto_nbd,
        pareto_nbd_counts,
        pareto_nbd_covariates,
        pareto_nbd_draws,
        pareto_nbd_time_varying,
        pareto_nbd_time_varying_draws,
        price_level,
        purchase_times,
        ranking,
        repeat_purchase,
        repurchase_timing,
        sbg,
        seasonal_time,
        session_knn,
        shrinkage,
        sparse_rows,
        survival,
        trend,
    )

__all__ = [
    "accuracy",
    "association",
    "bg_bb",
    "bg_nbd",
    "bg_nbd_covariates",
    "calendar_effects",
    "clv",
    "cnbd_k",
    "covariate_fit",
    "covariate_paths",
    "covariates",
    "feasts",
    "gamma_gamma",
    "item_knn",
    "local_ridge",
    "mbg_nbd",
    "nbd",
    "pareto_nbd",
    "pareto_nbd_counts",
    "pareto_nbd_covariates",
    "pareto_nbd_draws",
    "pareto_nbd_time_varying",
    "pareto_nbd_time_varying_draws",
    "price_level",
    "purchase_times",
    "ranking",
    "repeat_purchase",
    "repurchase_timing",
    "sbg",
    "seasonal_time",
    "session_knn",
    "shrinkage",
    "sparse_rows",
    "survival",
    "trend",
]


def __getattr__(name: str) -> Any:
    """Import a method the first time it is asked for: each brings its own part of scipy."""
    if name in __all__:
        return importlib.import_module(f"regulars.numeric.{name}")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
