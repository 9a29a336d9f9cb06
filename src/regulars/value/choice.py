"""Which model of buying fits this shop: chosen by what explains its histories and by what would have forecast its past.

The Pareto/NBD is the default, as it was the best or near the best on every shop measured. Another takes its place only
where it explains the histories better (log-likelihood, by more than half the log of the number of customers, as with the
Bayesian information criterion between models of one size), would have erred less on earlier days (Poisson deviance of
each customer's purchases, by more than its standard error) and would have ranked the customers no worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.numeric import accuracy
from regulars.value.processes import BG, MBG, PARETO, Process, regular

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.value.level import Purchasing
    from regulars.value.past import Look
    from regulars.value.summary import Summary

SMOOTHEST = 12
"""The most even buying that is looked for."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A model that was considered, against the Pareto/NBD.

    ``gain`` is how much higher its log-likelihood is. ``deviance`` is how much smaller its deviance a customer was on
    earlier days, with its standard error, and ``ranking`` how much higher the normalised Gini of its purchases; None where
    the histories did not speak for it, so that nobody looked.
    """

    process: Process
    gain: float
    deviance: float | None = None
    deviance_error: float | None = None
    ranking: float | None = None

    @property
    def is_better(self) -> bool:
        """Whether it may take the place of the Pareto/NBD."""
        if self.deviance is None or self.deviance_error is None or self.ranking is None:
            return False
        return self.deviance > self.deviance_error and self.ranking >= 0

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "name": self.process.name,
            "log_likelihood_gain": self.gain,
            "deviance_gain": self.deviance,
            "deviance_gain_standard_error": self.deviance_error,
            "ranking_gain": self.ranking,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """The process that was chosen, every other that was considered, and on how many earlier days they were tested."""

    process: Process = PARETO
    contenders: tuple[Contender, ...] = ()
    days: int = 0


def choose(summary: Summary, purchasing: Purchasing, looks: tuple[Look, ...]) -> Choice:
    """Choose between the models, given the Pareto/NBD's fit to ``summary`` and earlier days of the same shop."""
    likely = [one for one in _by_likelihood(summary, purchasing) if one.gain > np.log(len(summary)) / 2]
    if not likely or not looks:
        return Choice(PARETO, tuple(likely), 0)
    plain = [look.purchasing.expected(look.summary, look.window_days) for look in looks]
    tested = tuple(_tested(one, looks, plain) for one in likely)
    better = [one for one in tested if one.is_better]
    best = max(better, key=lambda one: one.deviance or 0.0).process if better else PARETO
    return Choice(best, tested, len(looks))


def _by_likelihood(summary: Summary, purchasing: Purchasing) -> list[Contender]:
    """Return BG/NBD, MBG/NBD and the evenness that explains most, found by steps as long as each explains more."""

    def gain(process: Process) -> float:
        return purchasing.told_by(process, summary).log_likelihood - purchasing.log_likelihood

    found = [Contender(process, gain(process)) for process in (BG, MBG)]
    even = found[-1]
    for k in range(2, SMOOTHEST + 1):
        more = Contender(regular(k), gain(regular(k)))
        if more.gain <= even.gain:
            break
        even = more
    return found if even is found[-1] else [*found, even]


def _tested(one: Contender, looks: tuple[Look, ...], plain: list[NDArray[np.float64]]) -> Contender:
    gains, rankings = [], []
    for look, usual in zip(looks, plain, strict=True):
        other = look.purchasing.told_by(one.process, look.summary).expected(look.summary, look.window_days)
        gains.append(_deviance(look.bought, usual) - _deviance(look.bought, other))
        ranks = (accuracy.normalised_gini(look.bought, said) for said in (other, usual))
        rankings.append(next(ranks) - next(ranks))
    gain = np.concatenate(gains)
    error = float(gain.std() / np.sqrt(len(gain)))
    return Contender(one.process, one.gain, float(gain.mean()), error, float(np.mean(rankings)))


def _deviance(bought: NDArray[np.float64], said: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Poisson deviance of each customer's purchases; a forecast of nothing is held to be a tiny one."""
    mean = np.maximum(said, 1e-9)
    return 2 * (np.where(bought > 0, bought * np.log(np.maximum(bought, 1) / mean), 0.0) - (bought - mean))
