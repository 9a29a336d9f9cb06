"""The same list as for one person, for everybody at once: what a nightly run writes for mails and exports."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.numeric.ranking import top_k
from regulars.recommend.interactions import Interactions
from regulars.recommend.model import Model

_CELLS = 1 << 23


def everyone(model: Model, k: int, factor: NDArray[np.float64]) -> pa.Table:
    """Return one row a known customer and place: customer_id, place (1 is best), product_id, title, score.

    ``factor`` (one number ≥ 0 an item) multiplies scores, zero hides. Lists are filled up with what is popular right now, and then
    with what nobody bought yet; these have the score zero. Memory grows by k rows a customer.
    """
    data = model.data
    people = np.unique(data.known.person)
    rest = np.full(data.items, -np.inf)
    # Anything personal stands before everything that is merely popular, and that before what nobody bought.
    for depth, scores in ((2.0, model.unsold * factor), (1.0, model.trending.now * factor)):
        _, rank = np.unique(scores, return_inverse=True)
        rest = np.where(scores > 0, rank / (1.0 + data.items) - depth, rest)
    step = max(1, _CELLS // max(data.items, 1))
    parts = [_part(model, people[at : at + step], rest, factor, k) for at in range(0, len(people), step)]
    return pa.concat_tables(parts) if parts else table(data, *(np.zeros(0, np.int64),) * 3, np.zeros(0))


def _part(
    model: Model, people: np.ndarray, rest: NDArray[np.float64], factor: NDArray[np.float64], k: int
) -> pa.Table:
    scores = model.for_you(people) * factor
    lists = top_k(np.where(scores > 0, scores, rest), k)
    row, place = np.nonzero(lists >= 0)
    item = lists[row, place]
    return table(model.data, people[row], place, item, scores[row, item])


def table(
    data: Interactions, person: np.ndarray, place: np.ndarray, item: np.ndarray, score: np.ndarray
) -> pa.Table:
    """Return lists as a table; ``place`` counts from zero, people and items are codes."""
    return pa.table(
        {
            "customer_id": pa.array(data.customer_ids, pa.string()).take(pa.array(person)),
            "place": pa.array(place + 1, pa.int64()),
            "product_id": pa.array(data.catalogue.product_ids, pa.string()).take(pa.array(item)),
            "title": pa.array(data.catalogue.titles, pa.string()).take(pa.array(item)),
            "score": pa.array(score, pa.float64()),
        }
    )
