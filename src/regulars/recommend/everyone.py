"""The same list as for one person, for everybody at once: what a nightly run writes for mails and exports."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from regulars.numeric.ranking import top_k
from regulars.recommend.model import Model

_CELLS = 1 << 23


def everyone(model: Model, k: int) -> pa.Table:
    """Return one row a known customer and place: customer_id, place (1 is best), product_id, title, score.

    Lists are filled up with what is popular right now; these have the score zero. Memory grows by k rows a customer.
    """
    data = model.data
    people = np.unique(data.known.person)
    # Anything personal stands before everything that is merely popular.
    popular = -1.0 / (1.0 + model.trending.now)
    step = max(1, _CELLS // max(data.items, 1))
    parts = [_part(model, people[start : start + step], popular, k) for start in range(0, len(people), step)]
    return pa.concat_tables(parts) if parts else _table(model, *(np.zeros(0, np.int64),) * 3, np.zeros(0))


def _part(model: Model, people: np.ndarray, popular: np.ndarray, k: int) -> pa.Table:
    scores = model.for_you(people)
    lists = top_k(np.where(scores > 0, scores, np.where(model.trending.now > 0, popular, -np.inf)), k)
    row, place = np.nonzero(lists >= 0)
    item = lists[row, place]
    return _table(model, people[row], place, item, scores[row, item])


def _table(
    model: Model, person: np.ndarray, place: np.ndarray, item: np.ndarray, score: np.ndarray
) -> pa.Table:
    data = model.data
    return pa.table(
        {
            "customer_id": pa.array(data.customer_ids, pa.string()).take(pa.array(person)),
            "place": pa.array(place + 1, pa.int64()),
            "product_id": pa.array(data.catalogue.product_ids, pa.string()).take(pa.array(item)),
            "title": pa.array(data.catalogue.titles, pa.string()).take(pa.array(item)),
            "score": pa.array(score, pa.float64()),
        }
    )
