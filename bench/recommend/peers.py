"""implicit on the same purchases: what it fits on and whom it ranks for is laid out in files, its lists are scored as ours are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from bench.contender import BENCH, PEERS_PYTHON, Contender
from regulars.numeric import ranking
from regulars.recommend import Interactions
from regulars.recommend.windows import DAYS, Window, look_back

IMPLICIT = Contender(
    "implicit",
    "implicit",
    "import implicit",
    str(PEERS_PYTHON),
    (str(BENCH / "peers" / "with_implicit.py"),),
)
WAYS = ("als", "bm25", "cosine")
KINDS = ("all", "new")


@dataclass(frozen=True)
class Peer:
    """How one way of a peer did at one cut-off."""

    name: str
    tuned: bool
    ndcg: dict[str, float]
    """NDCG@10 by kind of item."""
    recall: dict[str, float]
    """Recall@20."""
    fit_cpu: float
    """Processor seconds of the fit alone, on one thread."""
    parameters: dict[str, Any]


def compare(data: Interactions, cutoff: int, folder: Path, limit: float = 400.0) -> list[Peer | str]:
    """Return each way of the peers with its defaults and tuned on the window before; a word where one failed."""
    window, before = look_back(data, cutoff), look_back(data.until(cutoff), cutoff - DAYS)
    _write(folder, window)
    _write(folder, before, "inner_")
    found: list[Peer | str] = []
    for name in WAYS:
        for kind in ("plain", "tuned"):
            told = IMPLICIT.run(f"{name}_{kind}", folder, limit=limit)
            found.append(
                f"{name} {kind}: {told['failed']}"
                if "failed" in told
                else _scored(folder, window, name, kind, told["answer"])
            )
    return found


def _write(folder: Path, window: Window, prefix: str = "") -> None:
    """Lay out how often each bought what, who is asked about, and what may be ranked."""
    visits = window.known.visits
    count = len(visits.person)
    chooser = sparse.csr_array(
        (np.ones(count), (visits.person, np.arange(count))), shape=(window.known.people, count)
    )
    sparse.save_npz(
        folder / f"{prefix}bought.npz", sparse.csr_array(chooser @ visits.baskets, dtype=np.float32)
    )
    sparse.save_npz(folder / f"{prefix}chosen.npz", window.chosen)
    np.save(folder / f"{prefix}people.npy", window.people)
    np.save(folder / f"{prefix}listed.npy", window.listed)


def _scored(folder: Path, window: Window, name: str, kind: str, answer: dict[str, Any]) -> Peer:
    lists = np.load(folder / f"lists_{name}_{kind}.npz")
    ndcg, recall = {}, {}
    had = window.owned[window.people].toarray() > 0
    chose = window.chosen[window.people].toarray() > 0
    for what in KINDS:
        truth = sparse.csr_array((chose & ~had if what == "new" else chose).astype(float))
        ndcg[what] = float(np.nanmean(ranking.ndcg(lists[what], truth, 10)))
        recall[what] = float(np.nanmean(ranking.recall(lists[what], truth, 20)))
    return Peer(name, kind == "tuned", ndcg, recall, answer["fit_cpu"], answer["parameters"])


def table(peers: list[Peer | str]) -> list[str]:
    """Return the peers as lines of Markdown."""
    out = [
        "| implicit | | NDCG@10, all | NDCG@10, new | Recall@20, all | new | fit, CPU s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for peer in peers:
        if isinstance(peer, str):
            out.append(f"| {peer} | | | | | | |")
            continue
        how = ", ".join(f"{name} {value}" for name, value in peer.parameters.items()) or "defaults"
        out.append(
            f"| {peer.name} | {how} | {peer.ndcg['all']:.3f} | {peer.ndcg['new']:.3f} "
            f"| {peer.recall['all']:.3f} | {peer.recall['new']:.3f} | {peer.fit_cpu:.2f} |"
        )
    return out
