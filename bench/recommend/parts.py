"""The parts of the serving benchmark, each run in a process of its own: ``python -m bench.recommend.parts latency``."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from bench.recommend import made
from regulars.numeric import item_knn
from regulars.numeric.item_knn import Sequence
from regulars.recommend import fit_interactions, interactions
from regulars.recommend.components import neighbours, together
from regulars.recommend.index import build, open_index
from regulars.recommend.parameters import Parameters
from regulars.recommend.serving import Scored, basket

K, SESSION, ASKED = 20, 10, 4000
DECAY = Parameters().session_decay


def latency() -> dict[str, Any]:
    """Ask an index of 100,000 items with full rows of neighbours, and the same tables the plain way."""
    recommender = made.full_rows(100_000, near=100, together=50)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        manifest = build(recommender, folder)
        built = time.perf_counter()
        index = open_index(folder)
        opened = time.perf_counter()
        open_index(folder, checked=False)
        unchecked = time.perf_counter()
        rng = np.random.default_rng(1)
        sessions = [rng.choice(100_000, SESSION, replace=False).tolist() for _ in range(ASKED)]
        names = index.catalogue.product_ids
        factor = (rng.random(100_000) < 0.9) * rng.uniform(0.5, 1.5, 100_000)
        hidden = [names[item] for item in rng.choice(100_000, 20, replace=False)]
        near = index.serving.near.table(100_000).astype(float)
        momentum = index.serving.momentum

        def whole(session: list[int]) -> object:
            return index.because_viewed([names[item] for item in session], K, exclude=hidden, factor=factor)

        def ranked(session: list[int]) -> object:
            return first(Scored(basket(session, DECAY), index.serving.near, momentum), session, factor)

        def brute(session: list[int]) -> object:
            row = sparse.csr_array(
                (DECAY ** np.arange(SESSION)[::-1], np.array(session), np.array([0, SESSION])),
                shape=(1, 100_000),
            )
            scores = (row @ near).toarray()[0] * momentum * factor
            scores[session] = 0
            best = np.argpartition(-scores, K)[:K]
            return best[np.argsort(-scores[best])]

        told = {
            "index, the best 20 by score, filtered": timed(ranked, sessions),
            "index, whole answer: ids, filters, exclusions, titles, reasons": timed(whole, sessions),
            "index, somebody unknown: trending": timed(lambda _: index.trending(K), sessions[:1000]),
            "scipy product over all items, the best 20 by score, filtered": timed(brute, sessions[:1000]),
        }
    return {
        "items": 100_000,
        "neighbours": 100,
        "session": SESSION,
        "k": K,
        "microseconds": told,
        "index": {
            "MB in all": round(manifest.size / 1e6, 1),
            "MB of neighbours": size(manifest, "near."),
            "MB of bought together": size(manifest, "together."),
            "MB of people": round(size(manifest, "people.") + size(manifest, "names."), 1),
            "seconds to build from what was fitted": round(built - started, 2),
            "seconds to open, all checksums read": round(opened - built, 2),
            "seconds to open, sizes only": round(unchecked - opened, 2),
        },
    }


def first(found: Scored, session: list[int], factor: np.ndarray) -> np.ndarray:
    """Return the best of what was scored, without the session: the least that any answer needs."""
    scores = found.scores * factor[found.items]
    scores[np.isin(found.items, session)] = 0
    best = np.argpartition(-scores, K)[:K]
    return found.items[best[np.argsort(-scores[best])]]


def size(manifest: Any, beginning: str) -> float:
    """Return megabytes of the files whose name begins so."""
    return round(
        sum(file.size for name, file in manifest.files.items() if name.startswith(beginning)) / 1e6, 1
    )


def timed(ask: Callable[[Any], object], sessions: list[list[int]]) -> tuple[float, float]:
    """Return median and 99th percentile in microseconds, after some questions that are not counted."""
    for session in sessions[:100]:
        ask(session)
    seconds = []
    for session in sessions:
        started = time.perf_counter()
        ask(session)
        seconds.append(time.perf_counter() - started)
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e6
    return round(float(p50), 1), round(float(p99), 1)


def fitted(title: str, fit: Callable[[interactions.Interactions], object]) -> dict[str, Any]:
    """Return seconds and memory of a fit on ten million lines of 100,000 items."""
    data = made.orders(lines=10_000_000, people=1_000_000, items=100_000)
    before = peak()
    started = time.perf_counter()
    _ = data.visits, data.orders
    baskets, busy = time.perf_counter(), time.process_time()
    fit(data)
    done, spent = time.perf_counter(), time.process_time() - busy
    return {
        "title": title,
        "figures": {
            "lines": len(data),
            "items": data.items,
            "orders": data.orders.shape[0],
            "seconds, baskets": round(baskets - started, 1),
            "seconds, the rest": round(done - baskets, 1),
            "processor seconds of all threads, the rest": round(spent, 1),
            "peak MiB, lines alone": before,
            "peak MiB": peak(),
        },
    }


def everyone(people: int) -> dict[str, Any]:
    """Return seconds and memory of a list for each of some customers with ten lines each, from 20,000 items."""
    data = made.orders(lines=10 * people, people=people, items=20_000)
    begun = time.perf_counter()
    recommender = fit_interactions(data, tune=False)
    model = recommender.model
    _ = model.neighbours, model.again, model.trending
    fitted_in = round(time.perf_counter() - begun, 1)
    before, started, busy, rows = peak(), time.perf_counter(), time.process_time(), 0
    for part in recommender.parts(K):
        rows += len(part)
    return {
        "title": f"{people:,} customers, the best 20 each",
        "figures": {
            "customers": len(np.unique(data.known.person)),
            "items": data.items,
            "lines": len(data),
            "seconds to fit before": fitted_in,
            "rows": rows,
            "seconds, all lists": round(time.perf_counter() - started, 1),
            "processor seconds of all threads, all lists": round(time.process_time() - busy, 1),
            "peak MiB, fitted": before,
            "peak MiB": peak(),
        },
    }


def peak() -> int:
    """Return the most memory this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


COUNTS = Sequence(window=0, size_power=0.0, source_power=0.0, target_power=0.0)
"""In how many orders two items are, and nothing else."""


def counted(data: interactions.Interactions) -> sparse.csr_array:
    """Return how often items were bought in one order, the hundred most frequent of each."""
    orders = data.orders
    each = np.arange(orders.shape[0])
    return item_knn.neighbours(orders, each, np.ones(len(each)), COUNTS, top=100)


RUN: dict[str, Callable[[], dict[str, Any]]] = {
    "latency": latency,
    "neighbours": lambda: fitted(
        "Neighbours of 10 million lines", lambda data: neighbours.near(data, Parameters())
    ),
    "co-purchase": lambda: fitted("Co-purchase counts of 10 million lines", counted),
    "together": lambda: fitted(
        "Bought together in 10 million lines", lambda data: together.fit(data, Parameters())
    ),
    "everyone": lambda: everyone(1_000_000),
    "fewer": lambda: everyone(100_000),
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(RUN[sys.argv[1]]()) + "\n")
