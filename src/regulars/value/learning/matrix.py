"""Features side by side: what the engine counted, and what the purchase model says, as one number each.

Nothing here may grow with the length of the file: a customer's total orders at the first cut-off and at the last are not
alike, their share of recent ones is. So amounts come as shares, paces and ratios, and age as a rank among all customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars.value.learning.features import WINDOWS_DAYS
from regulars.value.summary import locate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from regulars.value.model import Prediction
    from regulars.value.summary import Summary

NAMES = ("channel", "country", "category")
"""Features that are names, each with a vocabulary."""
WORDS = 30
"""The most frequent names of each; all others are one."""


@dataclass(frozen=True)
class Matrix:
    """One row a customer, one column a feature, NaN where unknown; names are still strings (None where unknown)."""

    numbers: dict[str, NDArray[np.float64]]
    names: dict[str, NDArray[np.object_]]

    def __len__(self) -> int:
        return len(next(iter((self.numbers | self.names).values())))

    def only(self, columns: set[str]) -> Matrix:
        """Return the columns of a set."""
        return Matrix(
            {name: values for name, values in self.numbers.items() if name in columns},
            {name: values for name, values in self.names.items() if name in columns},
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, numbers first."""
        return (*self.numbers, *self.names)


def stacked(parts: list[Matrix]) -> Matrix:
    """Put matrices under one another; a column that is missing in one of them is left out."""
    shared = set.intersection(*(set(part.columns) for part in parts))
    first = parts[0].only(shared)
    return Matrix(
        {name: np.concatenate([part.numbers[name] for part in parts]) for name in first.numbers},
        {name: np.concatenate([part.names[name] for part in parts]) for name in first.names},
    )


@dataclass(frozen=True)
class Known:
    """What the purchase model sees of customers and says about them, with the rank of their age among all, 0 to 1."""

    summary: Summary
    told: Prediction
    age_rank: NDArray[np.float64]


def of(table: pa.Table, known: Known) -> Matrix:
    """Combine what :func:`features.of_customers` gives with what is known, in the summary's order.

    The table may have customers whom the summary leaves out, as where a share of a large shop is tested; raises ``ValueError`` where it lacks some.
    """
    summary = known.summary
    keys = np.asarray(table["customer_key"]).astype(np.int64)
    order = np.argsort(keys, kind="stable")
    place, there = locate(keys[order], summary.key)
    if not there.all():
        raise ValueError("Customers of the summary have no features.")
    kept = table.take(pa.array(order[place]))
    counted = {
        name: np.asarray(pc.cast(kept[name], pa.float64()), float)
        for name in kept.column_names
        if name != "customer_key" and not pa.types.is_string(kept[name].type)
    }
    names = {
        name: np.asarray(kept[name].to_pylist(), dtype=object)
        for name in NAMES
        if name in kept.column_names and kept[name].null_count < len(kept)
    }
    numbers = _history(known) | _derived(counted, summary)
    informed = {name: values for name, values in numbers.items() if np.isfinite(values).any()}
    return Matrix({name: np.where(np.isfinite(v), v, np.nan) for name, v in informed.items()}, names)


def _history(known: Known) -> dict[str, NDArray[np.float64]]:
    summary, told = known.summary, known.told
    silent = summary.T - summary.recency
    life = np.maximum(summary.T, 1.0)
    return {
        "silent_days": silent,
        "silent_share": silent / life,
        "age_rank": known.age_rank,
        "pace": summary.purchase_days / np.maximum(life, 30.0),
        "repeats": np.minimum(summary.x, 20).astype(float),
        "mean_spend": summary.mean_spend,
        "returned": _ratio(summary.refunded, summary.spend),
        "p_alive": told.p_alive,
        "expected_orders": told.expected_orders,
        "expected_spend": told.expected_spend,
        "expected_total": told.spend,
    }


def _derived(counted: Mapping[str, NDArray[np.float64]], summary: Summary) -> dict[str, NDArray[np.float64]]:
    found = {name: values for name, values in counted.items() if not name.startswith(("gap_", "spent_"))}
    x, silent = summary.x.astype(float), summary.T - summary.recency
    mean_gap = _ratio(summary.recency, x)
    spread = np.maximum(_ratio(counted["gap_squares"], x) - mean_gap**2, 0.0)
    found |= {
        "gap": mean_gap,
        "gap_spread": np.where(x >= 2, _ratio(np.sqrt(spread), mean_gap), np.nan),
        "gap_longest": _ratio(counted["gap_longest"], mean_gap),
        "gap_last": _ratio(counted["gap_last"], mean_gap),
        "overdue": _ratio(silent, mean_gap),
        "overdue_longest": _ratio(silent, counted["gap_longest"]),
    }
    for name in ("first_spend", "last_spend", "largest_spend"):
        found[name] = _ratio(counted[name], summary.mean_spend)
    for span in (*map(str, WINDOWS_DAYS), "same_weeks"):
        if f"bought_{span}" in counted:
            found[f"share_{span}"] = counted[f"bought_{span}"] / summary.purchase_days
            found[f"spent_{span}"] = counted[f"spent_{span}"]
            found[f"spend_share_{span}"] = _ratio(counted[f"spent_{span}"], summary.spend)
    return found


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    there = np.isfinite(whole) & (whole > 0)
    return np.where(there, part / np.where(there, whole, 1.0), np.nan)


@dataclass(frozen=True)
class Coding:
    """How names become numbers: by their frequency where the learner was trained."""

    columns: tuple[str, ...]
    words: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, matrix: Matrix) -> Coding:
        """Take the columns and vocabularies of the matrix that a learner is trained on."""
        words = {}
        for name, values in matrix.names.items():
            met, count = np.unique(values[values != None].astype(str), return_counts=True)  # noqa: E711
            words[name] = tuple(met[np.lexsort((met, -count))][:WORDS].tolist())
        return cls(matrix.columns, words)

    def array(self, matrix: Matrix) -> NDArray[np.float32]:
        """Return rows × columns; a name outside the vocabulary is the number after its last, an unknown one NaN."""
        coded = np.full((len(matrix), len(self.columns)), np.nan, np.float32)
        for place, name in enumerate(self.columns):
            if name in matrix.numbers:
                coded[:, place] = matrix.numbers[name]
            elif name in matrix.names:
                number = {word: code for code, word in enumerate(self.words[name])}
                coded[:, place] = [
                    np.nan if word is None else number.get(word, len(number)) for word in matrix.names[name]
                ]
        return coded
