"""What a customer is, beside what they did: checked columns, effects on both processes, and whether they matter.

Time-invariant covariates as in Fader & Hardie's "Incorporating Time-Invariant Covariates into the Pareto/NBD and BG/NBD
Models" (2007): everybody's rate is multiplied by e^(γ'z), so that the mixing distribution is the same but for its scale.
A model that takes an α and a β for each history needs nothing else to have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from regulars.numeric.fit import Fit, Floats
from regulars.numeric.histories import Histories, distinct

B = TypeVar("B", bound=tuple[float, ...])

_SAME = 1e-9
"""A column whose values differ by less than this share of their size is constant."""
_COMBINED = 1e-9
"""A column of whose variance the columns before it leave so small a share tells nothing of its own."""
_SIZES = (1e-100, 1e100)
_FAR = 100.0


class Effects(NamedTuple, Generic[B]):
    """A model's parameters for a customer whose covariates are all zero, and one coefficient a covariate and process.

    e^γ is the factor by which one unit of the covariate multiplies the rate of purchases (``purchase``) or of stopping
    (``dropout``): α_i = α e^(-γ'z_i) and β_i = β e^(-γ'z_i), as CLVTools has it.
    """

    base: B
    purchase: tuple[float, ...]
    dropout: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CovariateFit(Generic[B]):
    """A maximum of a likelihood with covariates, in the units of the input; otherwise as ``Fit``.

    ``names`` has one entry a parameter in the order of ``covariance``: the model's own, then "purchase: z" for each
    covariate z of the purchases, then "dropout: z" for each of the drop-out. With ``ridge`` the errors and covariance are
    those of the penalised likelihood; ``log_likelihood`` is without the penalty.
    """

    params: Effects[B]
    standard_errors: Effects[B]
    covariance: Floats
    names: tuple[str, ...]
    log_likelihood: float
    converged: bool
    iterations: int
    undetermined: tuple[str, ...] = ()
    ridge: float = 0.0


class LikelihoodRatio(NamedTuple):
    """Twice the gain in log-likelihood, how many more parameters it took, and how often chance alone gains as much."""

    statistic: float
    degrees_of_freedom: int
    p_value: float


def likelihood_ratio(
    fuller: CovariateFit[B], simpler: Fit[B] | CovariateFit[B], *, tolerance: float = 1e-3
) -> LikelihoodRatio:
    """Test whether the covariates that only ``fuller`` has matter (Wilks 1938: chi-squared if they do not).

    Both must be fits to the same customers, ``simpler`` without covariates or with some of the fuller one's. Raises
    ``ValueError`` where the test means nothing: with a ridge, without more parameters, or when the simpler fits better.
    """
    if fuller.ridge or (isinstance(simpler, CovariateFit) and simpler.ridge):
        raise ValueError("A likelihood ratio test needs fits without a ridge.")
    more = len(fuller.covariance) - len(simpler.covariance)
    if more <= 0:
        raise ValueError("The fuller model must have more parameters than the simpler one.")
    if isinstance(simpler, CovariateFit) and not set(simpler.names) <= set(fuller.names):
        raise ValueError("The simpler model must have no covariate that the fuller one lacks.")
    gain = 2 * (fuller.log_likelihood - simpler.log_likelihood)
    if gain < -tolerance:
        raise ValueError("The simpler model fits better: both must be fitted to the same customers.")
    return LikelihoodRatio(max(gain, 0.0), more, float(chdtrc(more, max(gain, 0.0))))


@dataclass(frozen=True, slots=True)
class Profiles:
    """Distinct pairs of history and covariates; ``purchase`` and ``dropout`` have a row each and a column a covariate."""

    histories: Histories
    purchase: Floats
    dropout: Floats


def profiles(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None,
    weights: ArrayLike | None = None,
) -> Profiles:
    """Check histories and covariates, a row a customer, and merge customers who share both; one history may serve all."""
    purchase = _matrix(covariates, "covariates")
    dropout = purchase if dropout_covariates is None else _matrix(dropout_covariates, "dropout_covariates")
    n = len(purchase)
    if len(dropout) != n:
        raise ValueError("covariates and dropout_covariates must have one row a customer both.")
    given = [np.asarray(column, float) for column in (frequency, recency, T)]
    if any(column.shape not in {(), (n,)} for column in given):
        raise ValueError(f"covariates have {n} rows, which must be one a customer.")
    x, t_x, end = (np.broadcast_to(column, (n,)) for column in given)
    histories = distinct(x, t_x, end, weights)
    weight = np.ones(n) if weights is None else np.asarray(weights, float).ravel()
    key = histories.inverse.astype(np.int64)
    for matrix in [purchase] if dropout is purchase else [purchase, dropout]:
        for column in matrix.T:
            code = np.unique(column, return_inverse=True)[1]
            key = np.unique(key * (int(code.max(initial=0)) + 1) + code, return_inverse=True)[1]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    at = histories.inverse[first]
    merged = np.bincount(inverse, weight, minlength=len(first)).astype(float)
    kept = Histories(histories.x[at], histories.t_x[at], histories.T[at], merged, inverse, (n,))
    return Profiles(kept, purchase[first], dropout[first])


def _matrix(covariates: ArrayLike, what: str) -> Floats:
    """Return covariates as an array of a row a customer and a column a covariate; one column may be flat."""
    try:
        matrix = np.asarray(covariates, float)
    except (TypeError, ValueError) as error:
        message = f"{what} must be numbers; turn each category but one into a column of zeros and ones."
        raise ValueError(message) from error
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.ndim != 2:
        raise ValueError(f"{what} must have one row a customer and one column a covariate.")
    if not np.all(np.abs(matrix) <= _SIZES[1]):
        raise ValueError(f"{what} must be finite numbers of no absurd size.")
    return matrix


def named(names: Sequence[str] | None, count: int, what: str) -> tuple[str, ...]:
    """Return the covariates' names, z1, z2, … where none are given."""
    if names is None:
        return tuple(f"z{i + 1}" for i in range(count))
    given = tuple(str(name) for name in names)
    if isinstance(names, str) or len(given) != count or len(set(given)) != count:
        raise ValueError(f"{what} must be {count} different names, one a covariate.")
    return given


@dataclass(frozen=True, slots=True)
class Standard:
    """Covariates in standard deviations from their mean: ``columns`` has a row a covariate and a column a profile."""

    columns: Floats
    centre: Floats
    spread: Floats
    reach: Floats
    """From the smallest value to the largest, in standard deviations."""


def standardised(matrix: Floats, weight: Floats, names: Sequence[str]) -> Standard:
    """Return standardised covariates, or raise ``ValueError`` naming the one that cannot have an effect of its own."""
    seen = weight > 0
    share = weight[seen] / weight.sum()
    count = matrix.shape[1]
    columns, centre, spread, reach = np.empty(matrix.shape[::-1]), *np.ones((3, count))
    for j, name in enumerate(names):
        values = matrix[:, j]
        size = float(np.abs(values[seen]).max())
        width = float(np.ptp(values[seen]))
        if width <= _SAME * size:
            raise ValueError(f"Covariate {name} is the same throughout: leave it out.")
        if width < _SIZES[0]:
            raise ValueError(f"Covariate {name} is of absurdly small size: choose another unit.")
        centre[j] = (share * values[seen]).sum()
        away = (values - centre[j]) / width
        deviation = np.sqrt((share * away[seen] ** 2).sum())
        columns[j], spread[j], reach[j] = away / deviation, deviation * width, 1 / deviation
    inside = columns[:, seen]
    _refuse_combinations(np.einsum("in,jn->ij", inside * share, inside), names)
    return Standard(columns, centre, spread, reach)


def _refuse_combinations(correlation: Floats, names: Sequence[str]) -> None:
    """Raise ``ValueError`` where a covariate is a linear combination of those before it."""
    for j in range(1, len(names)):
        before = correlation[:j, :j]
        share = np.linalg.solve(before, correlation[:j, j])
        if correlation[j, j] - share @ correlation[:j, j] < _COMBINED:
            others = ", ".join(name for name, one in zip(names, share, strict=False) if abs(one) > 1e-4)
            raise ValueError(f"Covariate {names[j]} is a combination of {others}: leave one of them out.")


def log_scale(log_base: float, effect: Floats, columns: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return log(base) - γ'z of each column of ``columns``, kept in the range of numbers, and which of them that moved not."""
    exact = log_base - np.einsum("i,in->n", effect, columns)
    return np.clip(exact, -_FAR, _FAR), np.abs(exact) <= _FAR


def scale_of(base: float, effect: Sequence[float], matrix: Floats, what: str) -> Floats:
    """Return base · e^(-γ'z) of each row of ``matrix``: the α_i or β_i of the customer."""
    gamma = checked_effect(effect, matrix.shape[1], what)
    return np.exp(log_scale(float(np.log(base)), gamma, matrix.T)[0])


def checked_effect(effect: Sequence[float], covariates: int, what: str) -> Floats:
    """Return the effects on a process, or raise ``ValueError`` unless there is a sensible number for each covariate."""
    gamma = np.array([float(value) for value in effect])
    if gamma.shape != (covariates,):
        raise ValueError(f"There are {len(gamma)} {what} effects for {covariates} covariates.")
    if not np.all(np.abs(gamma) <= _SIZES[1]):
        raise ValueError(f"The {what} effects must be finite numbers of no absurd size.")
    return gamma
