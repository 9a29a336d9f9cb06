"""What every estimator answers with: parameters, how sure they are, and whether the search ended well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

P = TypeVar("P", bound=tuple[float, ...])

Floats = NDArray[np.float64]

Parameters = Sequence[float] | Floats
"""What functions of parameters accept: the named tuple of a fit, or its numbers in the same order."""


@dataclass(frozen=True, slots=True)
class Fit(Generic[P]):
    """A maximum of a likelihood.

    ``params`` and ``standard_errors`` are named tuples in the units of the input; ``covariance`` is the inverse
    observed information in the same order. ``converged`` is true when the search stopped at a stationary point.
    ``undetermined`` names the parameters that the data do not tell (all customers bought once, nobody drops out): they ran
    to the edge of the searched box, or their standard error is several times their value. Predictions still use them,
    and are as good as any others that explain the same data.
    """

    params: P
    standard_errors: P
    covariance: Floats
    log_likelihood: float
    converged: bool
    iterations: int
    undetermined: tuple[str, ...] = ()
