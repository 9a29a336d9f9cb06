"""The price level that spend is told in: only where the months show one, and earlier days would have been told better by it.

Inflation, price rises and changes of assortment move what everybody spends. :mod:`regulars.numeric.price_level` finds the level
of each month from what the same customers spend. It is used where it explains the months better (log-likelihood, by more than two parameters
cost in the Bayesian information criterion), and would have told the spend of those who bought after earlier days better: by more than its standard
error over customers, and on at least two of three days. Whether its drift goes on is decided in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.kit.i18n import Phrase, mark
from regulars.kit.words import Share
from regulars.value.summary import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from regulars.numeric.price_level import Level
    from regulars.value.past import Look


@dataclass(frozen=True)
class Prices:
    """What was found of the price level, what was made of it, and by which factor spend of each month is restated.

    ``factors`` has the month (year · 12 + month − 1) and what a unit of money of it is in the prices to come; empty where spend is
    taken as it was.
    """

    level: Level | None = None
    trend: bool = False
    factors: tuple[tuple[int, float], ...] = ()
    gain: float | None = None
    """How much smaller the deviance of a customer's spend was on earlier days."""
    error: float | None = None
    days: int = 0
    """Earlier days looked at."""
    year: float = field(default=0.0)
    """How much higher the level is than twelve months before, as a log; since the first month where there are fewer."""
    months: int = 0

    @property
    def told(self) -> bool:
        """Whether spend is told in prices to come."""
        return bool(self.factors)

    @property
    def explains(self) -> bool:
        """Whether the months show a price level beyond chance."""
        return self.level is not None and self.level.gain > np.log(len(self.level.seen.month))

    def to_json(self) -> dict[str, Any]:
        """Return what was found, ready for JSON."""
        found: dict[str, Any] = {
            "used": self.told,
            "log_likelihood_gain": self.level.gain if self.level else None,
        }
        found |= {
            "deviance_gain": self.gain,
            "deviance_gain_standard_error": self.error,
            "tested_on_days": self.days,
        }
        if self.told:
            found |= {
                "trend_goes_on": self.trend,
                "change": float(np.expm1(self.year)),
                "change_over_months": self.months,
                "factors": [
                    {"month": f"{m // 12:04d}-{m % 12 + 1:02d}", "factor": round(f, 4)}
                    for m, f in self.factors
                ],
            }
        return found


def sentences(found: Prices) -> list[Phrase]:
    """Say what the price level does and what was made of it; nothing where the months do not show one."""
    if not found.explains:
        return []
    if not found.told:
        why = (
            mark(
                "The price level moves, but telling spend by it would not have forecast earlier days better."
            )
            if found.days
            else mark(
                "The price level moves, but the orders do not reach far enough back to test a forecast with it."
            )
        )
        return [Phrase(why)]
    moved = (
        mark(
            "Spend is told in prices to come: the same customers spend {change} more a purchase than {months} months before."
        )
        if found.year >= 0
        else mark(
            "Spend is told in prices to come: the same customers spend {change} less a purchase than {months} months before."
        )
    )
    later = (
        mark("That is taken to go on, as earlier days would have been forecast better so.")
        if found.trend
        else mark("The level is taken to stay where it is.")
    )
    change = Share(abs(float(np.expm1(found.year))))
    return [Phrase.of(moved, change=change, months=found.months), Phrase(later)]


def month_of(day: date) -> int:
    """Number months through the years: year · 12 + month − 1."""
    return day.year * 12 + day.month - 1


def find(level: Level | None, day: date, first_day: int, horizon_days: int, *, trend: bool) -> Prices:
    """Restate all months from the first day (since 1970-01-01) on in the prices of the ``horizon_days`` after ``day``."""
    if level is None:
        return Prices()
    now, begin = month_of(day), month_of(EPOCH + timedelta(days=first_day))
    months = np.arange(begin, now + 1)
    ahead = np.array([month_of(day + timedelta(days=step)) for step in range(1, horizon_days + 1)])
    to_come, days = np.unique(ahead, return_counts=True)
    # What a purchase costs in the mean over the horizon.
    aim = float(np.log(np.average(np.exp(level.at(to_come, trend=trend)), weights=days)))
    back = max(begin, now - 12)
    steps = level.at([now, back], trend=True, season=False)
    factors = np.exp(aim - level.at(months, trend=True))
    return Prices(
        level, trend, tuple(zip(months.tolist(), factors.tolist(), strict=True)),
        year=float(steps[0] - steps[1]), months=now - back,
    )  # fmt: skip


def deviance(look: Look, said: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Gamma deviance of what each customer spent in the window after an earlier day, given their purchases."""
    paid = (look.bought > 0) & (look.spent > 0) & (said > 0)
    ratio = np.where(paid, look.spent, 1.0) / np.where(paid, look.bought * said, 1.0)
    found: NDArray[np.float64] = np.where(paid, 2 * look.bought * (ratio - 1 - np.log(ratio)), 0.0)[paid]
    return found


@dataclass(frozen=True, slots=True)
class Test:
    """How much better one way of telling spend was than another on earlier days: a customer in the mean, with its error."""

    gain: float
    error: float
    better: int
    differing: int

    @property
    def is_better(self) -> bool:
        """Whether it may take the place of the other."""
        return self.differing > 0 and self.gain > self.error and 3 * self.better >= 2 * self.differing


def compared(
    looks: tuple[Look, ...],
    usual: Callable[[Look], NDArray[np.float64]],
    other: Callable[[Look], NDArray[np.float64]],
) -> Test:
    """Hold two ways of telling spend a purchase against what customers spent after earlier days."""
    gains = [deviance(look, usual(look)) - deviance(look, other(look)) for look in looks]
    sums = [float(gain.sum()) for gain in gains]
    every = np.concatenate(gains) if gains else np.zeros(0)
    if not len(every):
        return Test(0.0, 0.0, 0, 0)
    error = float(every.std() / np.sqrt(len(every)))
    return Test(float(every.mean()), error, sum(s > 0 for s in sums), sum(s != 0 for s in sums))
