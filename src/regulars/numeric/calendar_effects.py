"""By how much everybody buys more on certain days: feasts that move, and promotions that the shop ran.

The purchases of each day are held against what the model and the season expect of it (quasi-Poisson regression). What a
smooth season cannot follow could be taken for an effect, so that two more curves, a season and a drift over the years, are free
to vary beside the effects, each as much as the days themselves say (penalised quasi-likelihood, Breslow & Clayton 1993; the penalty by
Fellner & Schall). An effect that differs between its occasions by more than chance is known that much less well. Then it is
shrunk by how far it stands out of its noise; a feast that nobody spoke of must also pass a Bayesian information criterion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regulars.numeric import feasts, seasonal_time
from regulars.numeric.fit import Floats
from regulars.numeric.seasonal_time import YEAR, Effect, day_of_year

__all__ = ["estimate", "feast_effects"]

SEASON_KNOT_DAYS = 14
DRIFT_KNOT_DAYS = 91
FEWEST_EXPECTED = 5.0
"""Days on which fewer purchases than this are expected in all tell nothing."""
FEWEST_OCCASIONS = 2
"""Of a feast, so that it can be told from the season of the day on which it fell."""
MOST_NAMES = 40
"""Promotions of so many names are told apart; the others share one effect."""
LARGEST = np.log(10.0)
_CLOSED = 0.02
"""A weekday on which less than so much of an average day is bought is a closed one, and left out."""
_PRIOR = 1.5
"""Standard deviation of a log effect before anything is seen: it bounds that of days on which nothing at all was bought."""
_STEPS = 25


def feast_effects(first_year: int = 1900, last_year: int = 2149) -> tuple[Effect, ...]:
    """Return the feasts that move, of which nothing has been learned yet, on their days of all years."""
    return tuple(
        Effect(name, feasts.days_of(name, first_year, last_year), is_feast=True) for name in feasts.FEASTS
    )


def estimate(
    first_day: int, observed: Floats, chance: Floats, candidates: Sequence[Effect], *, seasons: bool = True
) -> tuple[Effect, ...]:
    """Return the effects that the days show: every promotion among the candidates, and the feasts that stand out.

    ``observed`` and ``chance`` have one entry a day from ``first_day`` (since 1970-01-01) on: the purchases there were, and those
    to expect had every day been alike. With ``seasons`` a season is told apart from the effects. A promotion never
    seen gets the effect that promotions have in common; with none seen, 0.
    """
    days = first_day + np.arange(len(observed))
    promotions = [one for one in candidates if not one.is_feast]
    taken = np.zeros(len(days), bool)
    for one in promotions:
        taken |= np.isin(days, one.days)
    seen = [one for one in candidates if _shows(one, days, chance, taken)]
    if not seen:
        return tuple(replace(one, size=0.0, error=np.inf, occasions=0) for one in promotions)
    expected = chance
    if seasons:
        # The season of the other days: it has not taken an effect for its own.
        usual = ~np.isin(days, np.concatenate([one.days for one in seen]))
        place = day_of_year(days[usual])
        there, due = (np.bincount(place, column[usual], YEAR) for column in (observed, chance))
        expected = chance * seasonal_time.estimate(there, due).pace[day_of_year(days)]
    columns = _columns(seen)
    found = _regress(days, observed, expected, columns)
    tests = sum(column[0].is_feast for column in columns)
    bar = np.log(max(len(days), 2)) + 2 * np.log(max(tests, 1))
    while found is not None:
        weak = [
            (found.size[k] ** 2 / found.variance[k], k)
            for k, column in enumerate(columns)
            if column[0].is_feast
        ]
        if not weak or min(weak)[0] > bar:
            break
        columns.pop(min(weak)[1])
        found = _regress(days, observed, expected, columns) if columns else None
    return _feasts(columns, found) + _promotions(promotions, columns, found)


def _shows(one: Effect, days: NDArray[np.int64], expected: Floats, taken: NDArray[np.bool_]) -> bool:
    """Tell whether something can be learned of an effect from these days."""
    on = np.isin(days, one.days)
    if not on.any() or on.all() or expected[on].sum() < FEWEST_EXPECTED:
        return False
    if not one.is_feast:
        return True
    length = int(np.argmax(np.diff(one.days, append=np.inf) > 1)) + 1
    # Where a feast is the shop's own promotion too, it is the promotion.
    return bool(on.sum() >= FEWEST_OCCASIONS * length and 2 * (on & taken).sum() <= on.sum())


def _columns(seen: list[Effect]) -> list[tuple[Effect, ...]]:
    """Return which effects are one in the regression: the first promotions by name, then all others together."""
    own = [one for one in seen if not one.is_feast]
    rest = tuple(own[MOST_NAMES:])
    return (
        [(one,) for one in seen if one.is_feast]
        + [(one,) for one in own[:MOST_NAMES]]
        + ([rest] if rest else [])
    )


@dataclass(frozen=True, slots=True)
class _Regression:
    """Log effects, one a column, with their variance, and how often each was seen."""

    size: Floats
    variance: Floats
    occasions: list[int]


def _regress(
    days: NDArray[np.int64], observed: Floats, expected: Floats, columns: list[tuple[Effect, ...]]
) -> _Regression | None:
    z = np.column_stack([np.isin(days, np.concatenate([one.days for one in same])) for same in columns])
    special: NDArray[np.bool_] = np.any(z, axis=1)
    base: Floats = expected * _weekdays(days, observed, expected, special)
    some = base > 1e-6 * max(base.max(), 1e-300)
    y, m, z, days = observed[some], base[some], z[some], days[some]
    season, drift = _season(days), _drift(days)
    X = np.column_stack([np.ones(len(days)), season, drift, z.astype(float)])
    if len(days) <= X.shape[1] or y.sum() <= 0:
        return None
    s, d, e = (
        slice(1, 1 + season.shape[1]),
        slice(1 + season.shape[1], X.shape[1] - z.shape[1]),
        slice(X.shape[1] - z.shape[1], X.shape[1]),
    )
    at = np.zeros(X.shape[1])
    at[0] = np.log(y.sum() / m.sum())
    wide = {"season": 0.04, "drift": 0.04}
    spread = 1.0
    for _ in range(_STEPS):
        mean = m * np.exp(np.clip(X @ at, -30, 30))
        penalty = np.zeros(X.shape[1])
        penalty[s], penalty[d], penalty[e] = 1 / wide["season"], 1 / wide["drift"], 1 / _PRIOR**2
        H = (X.T * (mean / spread)) @ X + np.diag(penalty)
        inverse = np.linalg.inv(H)
        step = inverse @ (X.T @ ((y - mean) / spread) - penalty * at)
        step *= min(1.0, 1.0 / max(np.abs(step).max(), 1e-12))
        at = at + step
        freedom = max(len(y) - float(np.einsum("ij,ji->", inverse, (X.T * (mean / spread)) @ X)), 1.0)
        moved = abs(spread - (spread := _spread(days, y, mean, freedom))) / spread
        for name, part in (("season", s), ("drift", d)):
            if part.stop > part.start:
                free = part.stop - part.start - float(np.trace(inverse[part, part])) / wide[name]
                wide[name] = float(np.clip(at[part] @ at[part] / max(free, 0.1), 1e-4, 1.0))
        if np.abs(step).max() < 1e-3 and moved < 1e-2:
            break
    mean = m * np.exp(np.clip(X @ at, -30, 30))
    variance = np.diag(inverse)[e].copy()
    occasions = []
    for k in range(z.shape[1]):
        more, times = _between(z[:, k], days, y, mean, spread)
        variance[k] += more
        occasions.append(times)
    return _Regression(np.clip(at[e], -LARGEST, LARGEST), variance, occasions)


def _weekdays(
    days: NDArray[np.int64], observed: Floats, expected: Floats, special: NDArray[np.bool_]
) -> Floats:
    """Return how busy each day is by its weekday; 0 where the shop is closed on it."""
    weekday, usual = feasts.weekday_of(days), ~special
    if usual.sum() < 28:
        return np.ones(len(days))
    there = np.bincount(weekday[usual], observed[usual], minlength=7)
    due = np.bincount(weekday[usual], expected[usual], minlength=7)
    level = there.sum() / max(due.sum(), 1e-300)
    # As if half a week had been seen at the average.
    busy = (there + due.mean() * level * 0.01) / np.maximum(due * 1.01 * level, 1e-300)
    found: Floats = np.where(busy < _CLOSED, 0.0, busy)[weekday]
    return found


def _season(days: NDArray[np.int64]) -> Floats:
    """Hat functions over the year, joined at its end; none where the days do not cover a year."""
    if days[-1] - days[0] < YEAR:
        return np.zeros((len(days), 0))
    knots = round(YEAR / SEASON_KNOT_DAYS)
    place = day_of_year(days) * knots / YEAR
    return np.column_stack(
        [np.maximum(0.0, 1 - np.minimum(np.abs(place - k), knots - np.abs(place - k))) for k in range(knots)]
    )


def _drift(days: NDArray[np.int64]) -> Floats:
    """Hat functions over the whole time."""
    since = (days - days[0]) / DRIFT_KNOT_DAYS
    return np.column_stack(
        [np.maximum(0.0, 1 - np.abs(since - k)) for k in range(int(np.ceil(since[-1])) + 1)]
    )


def _spread(days: NDArray[np.int64], y: Floats, mean: Floats, freedom: float) -> float:
    """Return the overdispersion, by days or by weeks, whichever is larger: what moves one day often moves the next."""
    lost = len(y) / freedom
    daily = float((np.minimum((y - mean) ** 2 / mean, 25 * _typical(y, mean))).mean()) * lost
    week = (days - days[0]) // 7
    there, said = np.bincount(week, y), np.bincount(week, mean)
    odd = (there - said)[said > 0] ** 2 / said[said > 0]
    weekly = float(np.minimum(odd, 25 * max(1.0, float(np.median(odd)) / 0.4549)).mean()) * lost
    return max(1.0, daily, weekly)


def _typical(y: Floats, mean: Floats) -> float:
    return max(1.0, float(np.median((y - mean) ** 2 / mean)) / 0.4549)


def _between(
    on: NDArray[np.bool_], days: NDArray[np.int64], y: Floats, mean: Floats, spread: float
) -> tuple[float, int]:
    """Return the variance that an effect has because its occasions differ, and how many occasions there were."""
    places = np.flatnonzero(on)
    if not len(places):
        return 0.0, 0
    # Days left out, on which the shop is closed, do not make two occasions of one.
    which = np.cumsum(np.diff(days[places], prepend=days[places[0]]) > 3)
    wrong, due = np.bincount(which, (y - mean)[places]), np.bincount(which, mean[places])
    times = len(due)
    if times < 2:
        return 0.0, times
    square = float((due**2).sum())
    more = max(0.0, float((wrong**2).sum() - spread * due.sum())) / square * times / (times - 1)
    return more * square / float(due.sum()) ** 2, times


def _shrunk(size: float, variance: float) -> float:
    """Draw an effect towards none by how far it stands out, as the season is (James & Stein)."""
    more = max(0.0, size**2 - variance * (1 + np.sqrt(2)))
    return float(size * more / (more + variance))


def _feasts(columns: list[tuple[Effect, ...]], found: _Regression | None) -> tuple[Effect, ...]:
    if found is None:
        return ()
    return tuple(
        replace(
            same[0],
            size=_shrunk(found.size[k], found.variance[k]),
            error=float(np.sqrt(found.variance[k])),
            occasions=found.occasions[k],
        )
        for k, same in enumerate(columns)
        if same[0].is_feast
    )


def _promotions(
    given: list[Effect], columns: list[tuple[Effect, ...]], found: _Regression | None
) -> tuple[Effect, ...]:
    """Return what each promotion does: its own effect, drawn towards what promotions do in common (DerSimonian & Laird)."""
    rows = [k for k, same in enumerate(columns) if not same[0].is_feast]
    if found is None or not rows:
        return tuple(replace(one, size=0.0, error=np.inf, occasions=0) for one in given)
    size, variance = found.size[rows], found.variance[rows]
    weight = 1 / variance
    centre = float(weight @ size / weight.sum())
    excess = float(weight @ (size - centre) ** 2) - (len(rows) - 1)
    room = float(weight.sum() - (weight**2).sum() / weight.sum())
    apart = max(0.0, excess / room) if len(rows) > 1 and room > 0 else 0.0
    weight = 1 / (variance + apart)
    centre, chance = float(weight @ size / weight.sum()), float(1 / weight.sum())
    common = _shrunk(centre, chance)
    own = {
        one.name: (common + apart / (apart + v) * (b - centre), float(np.sqrt(v)), found.occasions[k])
        for k, b, v in zip(rows, size, variance, strict=True)
        for one in columns[k]
    }
    unseen = (common, float(np.sqrt(chance + apart)), 0)
    return tuple(
        replace(one, size=float(effect[0]), error=effect[1], occasions=effect[2])
        for one in given
        for effect in (own.get(one.name, unseen),)
    )
