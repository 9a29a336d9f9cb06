"""Cold items: what is alike by the words of its title, its category, its brand and its attributes, whoever bought it or nobody."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.recommend.catalogue import BELOW, Catalogue
from regulars.recommend.components.shape import Scores, single

_WORD = re.compile(r"\w+")
_PATH = re.compile("|".join(re.escape(sign.strip()) for sign in BELOW))
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d"})
WEIGHTS = {"word": 1.0, "category": 2.0, "brand": 1.0, "attribute": 1.0}
"""How much a mark of each kind counts beside how rare it is: a shared shelf says more than a shared word."""


@dataclass(frozen=True)
class Attributes:
    """What marks each item, rare marks more, each row of length one (or zero, where nothing is known)."""

    marks: sparse.csr_array
    """Items × marks."""

    def scores(self, profiles: sparse.csr_array) -> Scores:
        """Return the cosine of each item to those of a profile, summed by their weights."""
        return np.asarray(((profiles @ self.marks) @ self.marks.T).toarray())


def fit(catalogue: Catalogue, there: NDArray[np.bool_]) -> Attributes:
    """Weigh each mark by its kind and the logarithm of how rare it is (tf-idf; Salton & Buckley 1988).

    Only of items that are ``there``: what comes later changes nothing, and is like nothing.
    """
    found: dict[tuple[str, str], int] = {}
    row, column, value = [], [], []
    for item in np.flatnonzero(there).tolist():
        for mark, times in Counter(_marks(catalogue, item)).items():
            row.append(item)
            column.append(found.setdefault(mark, len(found)))
            value.append(WEIGHTS[mark[0]] * (1.0 + np.log(times)))
    shape = len(catalogue), len(found)
    table = sparse.csr_array(sparse.coo_array((np.array(value, float), (row, column)), shape=shape))
    items_with = np.bincount(table.indices, minlength=len(found))
    # A mark that all items have tells nothing apart; one that a single item has can match no other.
    rare = np.log((1.0 + there.sum()) / (1.0 + items_with)) * (items_with > 1)
    table = sparse.csr_array(table @ sparse.diags_array(rare))
    table.eliminate_zeros()
    length = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    table = sparse.csr_array(sparse.diags_array(1.0 / np.where(length > 0, length, 1.0)) @ table)
    return Attributes(single(table))


def words(text: str) -> list[str]:
    """Return the words of a text without case, accents and single letters; numbers are words."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_STROKES))
    return [
        word
        for word in _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))
        if len(word) > 1
    ]


def _marks(catalogue: Catalogue, item: int) -> Iterator[tuple[str, str]]:
    yield from (("word", word) for word in words(catalogue.titles[item] or ""))
    path = ""
    for step in _PATH.split(catalogue.categories[item] or ""):
        if step.strip():
            path += f"/{step.strip().casefold()}"
            yield "category", path
    brand = catalogue.brands[item] if catalogue.brands else None
    if brand is not None:
        yield "brand", brand.casefold()
    if catalogue.attributes:
        yield from (("attribute", each.casefold()) for each in catalogue.attributes[item])
