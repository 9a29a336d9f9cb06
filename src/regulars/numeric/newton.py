"""Newton's method that cannot leave a box or go downhill: the one optimiser behind every likelihood here.

Parameters are logarithms of positive numbers. Each step uses the analytic Hessian with its eigenvalues made
positive and floored, is capped in length, ends where it meets a side of the box (parameters pressed against one are set
aside) and is halved until the objective improves. Towards a limit at infinity, where each step would repeat the last one,
several are taken at once. It never raises on a finite objective and never returns a non-finite point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.numeric.fit import Fit, Floats, P

Objective = Callable[[Floats], tuple[float, Floats, Floats]]

STEP_CAP = 2.0
EIGENVALUE_FLOOR = 1e-9  # relative to the largest eigenvalue
DECREMENT = 1e-6  # how much more log-likelihood the quadratic model promises when the last step is taken
LAST_STEP = 1e-2  # and how long that step, which is no longer verified, may be
CREEPING = 3.0  # steps that repeat themselves grow by this factor, up to
LONGEST_STRIDE = 9.0
MAX_ITERATIONS = 120
MAX_HALVINGS = 30
LOOSE = 3.0  # a standard error of so many times the parameter means that the data do not tell it


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the search ended: the point, the objective there, its derivatives (short of the last, tiny step), how it went."""

    point: Floats
    value: float
    gradient: Floats
    hessian: Floats
    converged: bool
    iterations: int
    pressed: NDArray[np.bool_]
    """True for parameters that stand on a side of the box."""


def maximise(objective: Objective, start: Floats, lower: Floats, upper: Floats) -> Maximum:
    """Maximise ``objective(point) -> (value, gradient, hessian)`` inside ``lower <= point <= upper``."""
    point = np.clip(np.asarray(start, float), lower, upper)
    value, gradient, hessian = objective(point)
    converged = False
    iterations, stride, before = 0, 1.0, np.zeros_like(point)
    for iterations in range(1, MAX_ITERATIONS + 1):  # noqa: B007 - how many were needed is part of the answer
        step, promise = _inside(point, gradient, hessian, lower, upper)
        if promise < DECREMENT:
            converged = True
            if float(np.max(np.abs(step))) < LAST_STEP:
                point, value = np.clip(point + step, lower, upper), value + promise
            break
        stride = min(stride * CREEPING, LONGEST_STRIDE) if _creeps(step, before) else 1.0
        noise = 1e-13 * (1.0 + abs(value))
        for length in _lengths(stride, step, _room(point, step, lower, upper)):
            trial = np.clip(point + length * step, lower, upper)
            found = objective(trial)
            gain = float(gradient @ (trial - point))
            if np.isfinite(found[0]) and found[0] >= value + 1e-4 * gain - noise:
                break
        else:
            # No uphill step is left at this precision: as good as it gets, though not proven stationary.
            converged = promise < 1e-4
            break
        stalled = found[0] - value <= noise and promise < 1e-4
        point, (value, gradient, hessian), before = trial, found, step
        if stalled:
            converged = True
            break
    return Maximum(
        point, value, gradient, hessian, converged, iterations, (point <= lower) | (point >= upper)
    )


def _inside(
    point: Floats, gradient: Floats, hessian: Floats, lower: Floats, upper: Floats
) -> tuple[Floats, float]:
    """Return the Newton step that stays on the sides on which the point stands and would leave, and its promise.

    A step cut short in one parameter only would leave the ridge along which the others go with it.
    """
    free = ~(((point <= lower) & (gradient < 0)) | ((point >= upper) & (gradient > 0)))
    while True:
        step, promise = _step(gradient, hessian, free)
        leaving = ((point <= lower) & (step < 0)) | ((point >= upper) & (step > 0))
        if not leaving.any():
            return step, promise
        free &= ~leaving


def _room(point: Floats, step: Floats, lower: Floats, upper: Floats) -> float:
    """Return how many times the step may be taken before it meets a side of the box; infinite where it never does."""
    side = np.where(step > 0, upper, lower)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(step != 0, (side - point) / step, np.inf)
    return float(times.min()) * (1 + 1e-12)


def _creeps(step: Floats, before: Floats) -> bool:
    """Tell whether a step repeats the one before: so it is where the likelihood levels off towards a limit."""
    one, other = float(np.linalg.norm(step)), float(np.linalg.norm(before))
    return one > 0.5 * other > 0 and float(step @ before) > 0.9 * one * other


def _lengths(stride: float, step: Floats, room: float) -> Iterator[float]:
    """Yield multiples of the step to try, longest first."""
    longest = float(np.max(np.abs(step)))
    length = min(stride, stride * STEP_CAP / longest, room)
    plain = min(1.0, STEP_CAP / longest, room)
    if length > plain:
        yield length
    for halvings in range(MAX_HALVINGS):
        yield plain / 2**halvings


def _step(gradient: Floats, hessian: Floats, free: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the Newton step over the free parameters and the improvement that it promises."""
    step = np.zeros_like(gradient)
    if not free.any():
        return step, 0.0
    index = np.flatnonzero(free)
    values, vectors = np.linalg.eigh(-hessian[np.ix_(index, index)])
    curvature = np.abs(values)
    curvature = np.maximum(curvature, max(curvature.max() * EIGENVALUE_FLOOR, 1e-300))
    along = vectors.T @ gradient[index]
    step[index] = vectors @ (along / curvature)
    return step, float(0.5 * np.sum(along**2 / curvature))


def inverse_information(hessian: Floats) -> Floats:
    """Invert the observed information, flooring its eigenvalues so that the answer is finite and positive."""
    information = -(hessian + hessian.T) / 2
    values, vectors = np.linalg.eigh(information)
    floor = max(float(np.max(np.abs(values))) * 1e-12, 1e-12)
    return (vectors / np.maximum(values, floor)) @ vectors.T


def conclude(kind: type[P], found: Maximum, units: Floats, per_customer: float, shift: float) -> Fit[P]:
    """Turn a maximum over log parameters into a fit of ``kind``, a named tuple.

    ``units`` scale the parameters back to the input's units, ``per_customer`` the objective back to its weights, and
    ``shift`` is added to the log-likelihood.
    """
    values = np.exp(found.point) * units
    information = inverse_information(found.hessian * per_customer)
    relative = np.sqrt(np.diag(information))
    loose = found.pressed | (relative > LOOSE)
    names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
    return Fit(
        kind(*values.tolist()),
        kind(*(relative * values).tolist()),
        information * np.outer(values, values),
        float(found.value * per_customer + shift),
        found.converged,
        found.iterations,
        tuple(name for name, unknown in zip(names, loose, strict=True) if unknown),
    )
