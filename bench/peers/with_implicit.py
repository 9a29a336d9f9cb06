"""implicit, as its documentation says to use it: with its defaults, and tuned on the four weeks before the cut-off."""

import itertools
import os
import time
from pathlib import Path

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from protocol import main
from scipy import sparse

os.environ.setdefault("TQDM_DISABLE", "1")
PLACES = 20
GRIDS = {
    "als": [
        {"factors": factors, "regularization": regularization, "alpha": alpha}
        for factors, regularization, alpha in itertools.product((32, 64, 128), (0.01, 0.1), (1.0, 10.0))
    ],
    "bm25": [{"K": k, "K1": k1, "B": b} for k, k1, b in itertools.product((20, 100), (0.4, 1.2), (0.2, 0.8))],
    "cosine": [{"K": k} for k in (20, 50, 100, 200)],
}
MODELS = {
    "als": lambda **how: AlternatingLeastSquares(random_state=0, num_threads=1, **how),
    "bm25": lambda **how: BM25Recommender(num_threads=1, **how),
    "cosine": lambda **how: CosineRecommender(num_threads=1, **how),
}


def _load(folder, name):
    return sparse.csr_matrix(sparse.load_npz(Path(folder) / f"{name}.npz"))


def _lists(model, bought, people, listed, new):
    """Rank the listed items for people: all of them, or those that are new to each."""
    unlisted = np.flatnonzero(~listed)
    found, _ = model.recommend(
        people, bought[people], N=PLACES, filter_already_liked_items=new, filter_items=unlisted
    )
    return found


def _fitted(model, bought):
    model.fit(bought, show_progress=False)
    return model


def _ndcg(lists, chosen):
    """Mean NDCG@10 over people who chose something."""
    discount = 1 / np.log2(np.arange(2, 12))
    gains = []
    for places, row in zip(lists[:, :10], chosen, strict=True):
        wanted = set(row.indices)
        if wanted:
            gain = sum(d for d, item in zip(discount, places, strict=True) if item in wanted)
            gains.append(gain / discount[: min(len(wanted), 10)].sum())
    return float(np.mean(gains))


def _best(name, folder):
    """Parameters that did best in the window before, fitted on what was known before that."""
    bought, people = _load(folder, "inner_bought"), np.load(Path(folder) / "inner_people.npy")
    listed, chosen = np.load(Path(folder) / "inner_listed.npy"), _load(folder, "inner_chosen")[people]
    return max(
        GRIDS[name],
        key=lambda how: _ndcg(
            _lists(_fitted(MODELS[name](**how), bought), bought, people, listed, False), chosen
        ),
    )


def _task(name, tuned, folder):
    bought, people = _load(folder, "bought"), np.load(Path(folder) / "people.npy")
    listed = np.load(Path(folder) / "listed.npy")
    how = _best(name, folder) if tuned else {}

    def work():
        before = time.process_time()
        model = _fitted(MODELS[name](**how), bought)
        seconds = time.process_time() - before
        lists = {kind: _lists(model, bought, people, listed, kind == "new") for kind in ("all", "new")}
        np.savez(Path(folder) / f"lists_{name}_{'tuned' if tuned else 'plain'}.npz", **lists)
        return {"fit_cpu": seconds, "parameters": how}

    return work


TASKS = {
    f"{name}_{kind}": lambda folder, name=name, kind=kind: _task(name, kind == "tuned", folder)
    for name in MODELS
    for kind in ("plain", "tuned")
}

if __name__ == "__main__":
    main(TASKS)
