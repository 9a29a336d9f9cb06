"""What was going on, and when: covariates that hold for a period each, and the stretches of time in which nothing changes.

A path is the shop's (a season, a promotion: the same for everybody on a given day) or each customer's own (letters sent to
them). Neighbouring periods in which all covariates stay the same are one stretch, so that a year of weeks with two
seasons costs a model four integrals and not fifty-two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.numeric.fit import Floats

_SLACK = 1e-9
"""A time may lie outside the paths by this share of their length: weeks computed in two ways differ in the last bits."""
_LARGEST = 1e100


@dataclass(frozen=True, slots=True)
class Paths:
    """Covariates by period: ``values`` of shape (customers or 1, periods, covariates), periods between ``edges``."""

    values: Floats
    edges: Floats


def paths(values: ArrayLike, edges: ArrayLike) -> Paths:
    """Check covariates that change with time.

    ``values`` has the shape (periods, covariates) where the path is the same for all customers, and (customers, periods,
    covariates) where each has their own, in any unit: categories as zeros and ones, one category without. Period j lasts
    from ``edges[j]``, which belongs to it, to ``edges[j + 1]``: one edge more than periods, ascending, on the axis of the purchases'
    times. Raises ``ValueError`` where shapes do not fit, edges do not ascend, or anything is not finite.
    """
    table, bounds = np.asarray(values, float), np.asarray(edges, float)
    if table.ndim not in {2, 3}:
        raise ValueError(
            "Paths must have the shape (periods, covariates) or (customers, periods, covariates)."
        )
    if table.ndim == 2:
        table = table[None]
    if bounds.shape != (table.shape[1] + 1,) or table.shape[1] < 1:
        raise ValueError(f"Paths of {table.shape[1]} periods need one edge more than that, in one row.")
    if not (np.isfinite(bounds).all() and np.all(np.diff(bounds) > 0)):
        raise ValueError("The edges of the periods must be finite and ascend.")
    if not np.all(np.abs(table) <= _LARGEST):
        raise ValueError("Covariates must be finite numbers of no absurd size.")
    return Paths(table, bounds)


class Stretches(NamedTuple):
    """Time cut where a covariate changes, shape (customers, stretches); customers with fewer have empty ones at the end."""

    row: NDArray[np.intp]
    """Where in the table of covariates the stretch's values stand."""
    length: Floats


@dataclass(frozen=True, slots=True)
class Calendar:
    """Paths of both processes for a number of customers, with equal neighbouring periods merged.

    ``purchase`` and ``dropout`` have a row for each distinct run of periods and a column a covariate.
    """

    purchase: Floats
    dropout: Floats
    begin: Floats
    end: Floats
    edges: Floats
    run: NDArray[np.intp]
    """The row of each period, shape (customers or 1, periods)."""

    def _period(self, who: NDArray[np.intp], time: Floats, side: str) -> NDArray[np.intp]:
        """Return the row of the period that a time lies in; at an edge the later one (right) or the earlier (left)."""
        found = np.searchsorted(self.edges, time, side=side) - 1  # type: ignore[call-overload]
        return self.run[who if len(self.run) > 1 else 0, np.clip(found, 0, len(self.edges) - 2)]

    def at(self, who: NDArray[np.intp], time: Floats) -> NDArray[np.intp]:
        """Return the row that holds for each of some customers at a time of their own."""
        return self._period(who, time, "right")

    def between(self, who: NDArray[np.intp], start: Floats, until: Floats) -> Stretches:
        """Cut the time from ``start`` to ``until`` of each of some customers."""
        first = self._period(who, start, "right")
        final = np.maximum(self._period(who, until, "left"), first)
        most = int((final - first).max(initial=0)) + 1
        row = first[:, None] + np.arange(most)
        inside = row <= final[:, None]
        row = np.minimum(row, final[:, None])
        length = np.minimum(self.end[row], until[:, None]) - np.maximum(self.begin[row], start[:, None])
        return Stretches(row, np.where(inside, np.maximum(length, 0.0), 0.0))

    def count(self, who: NDArray[np.intp], start: Floats, until: Floats) -> NDArray[np.intp]:
        """Return into how many stretches ``between`` would cut each customer's time."""
        first, final = self._period(who, start, "right"), self._period(who, until, "left")
        return np.maximum(final - first, 0) + 1

    def check_covers(self, start: Floats, until: Floats) -> None:
        """Raise ``ValueError`` unless the paths hold from the earliest start to the latest end."""
        slack = _SLACK * (self.edges[-1] - self.edges[0])
        if start.min() < self.edges[0] - slack:
            raise ValueError(
                f"The covariates begin at {self.edges[0]:g}, after a first purchase at {start.min():g}."
            )
        if until.max() > self.edges[-1] + slack:
            raise ValueError(
                f"The covariates end at {self.edges[-1]:g} but are needed until {until.max():g}."
            )


def calendar(purchase: Paths, dropout: Paths | None, customers: int) -> Calendar:
    """Merge equal periods of the paths of both processes; drop-out goes by those of the purchases where it has none of its own."""
    own = dropout is not None and dropout is not purchase
    given = [purchase, dropout] if own and dropout is not None else [purchase]
    if any(not np.array_equal(one.edges, purchase.edges) for one in given):
        raise ValueError("covariates and dropout_covariates must have the same periods.")
    most = max(len(one.values) for one in given)
    if any(len(one.values) not in {1, customers} for one in given):
        raise ValueError(f"Paths of each customer's own must be those of all {customers} customers.")
    changes = np.ones((most, len(purchase.edges) - 1), bool)
    changes[:, 1:] = False
    for one in given:
        changes[:, 1:] |= (one.values[:, 1:] != one.values[:, :-1]).any(axis=2)
    owner, period = np.nonzero(changes)
    last = np.append(period[1:], 0)
    last[last == 0] = changes.shape[1]  # the next run is another customer's, and begins anew
    rows = [one.values[owner if len(one.values) > 1 else 0, period] for one in given]
    run = np.cumsum(changes.ravel()).reshape(changes.shape) - 1
    return Calendar(
        rows[0], rows[-1], purchase.edges[period], purchase.edges[last], purchase.edges, run.astype(np.intp)
    )
