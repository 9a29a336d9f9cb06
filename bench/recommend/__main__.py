"""``make bench-recommend``: how good the recommendations are on a real shop, beside what was reached before, and how fast."""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bench.machine import describe
from bench.recommend import peers, shop
from bench.recommend.peers import Peer
from regulars.kit.unknown import Unknown
from regulars.recommend import Evaluation, Interactions, evaluate, tuning
from regulars.recommend.evaluation import Look
from regulars.recommend.interactions import day_of
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters

BENCH = Path(__file__).resolve().parents[1]
RESULTS = BENCH / "results" / "recommend.json"
DATA = Path(os.environ.get("REGULARS_DATA", BENCH.parents[1] / "shared" / "data"))
BARS = (
    ("for_you", "all", (0.359, 0.358)),
    ("for_you", "new", (0.113, 0.122)),
    ("neighbours", "new", (0.131, 0.131)),
)
"""NDCG@10 that a prototype reached at each cut-off."""
CART_BAR = 0.269
"""Hit@10 that it reached for one hidden product of a cart."""


@click.command()
@click.option("--keep", type=click.Path(path_type=Path), default=RESULTS, help="The JSON file to write.")
def main(keep: Path) -> None:
    """Print accuracy at two cut-offs and the seconds it takes to fit, and keep them."""
    lines, data = shop.read(DATA)
    told: dict[str, Any] = {"benchmark": "recommend", "machine": describe(), "lines": lines}
    told["speed"] = speed(data)
    found = evaluate(data, shop.CUTOFFS)
    plain = evaluate(data, shop.CUTOFFS, tuned=False)
    if isinstance(found, Unknown) or isinstance(plain, Unknown):
        raise SystemExit(str(found))
    told |= {"tuned": found.to_json(), "ready_made": plain.to_json()}
    beside = [_peers(data, look) for look in found.looks]
    told["implicit"] = [[one if isinstance(one, str) else asdict(one) for one in each] for each in beside]
    told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    keep.write_text(json.dumps(told, indent=1, default=str) + "\n", encoding="utf-8")
    text = tables(told, found, plain, beside)
    keep.with_suffix(".md").write_text(text + "\n", encoding="utf-8")
    click.echo(text)


def _peers(data: Interactions, look: Look) -> list[Peer | str]:
    """Measure the peers at the cut-off of a look, where they are set up."""
    if not peers.IMPLICIT.there:
        click.echo("implicit is not set up: run make bench-recommend. Regulars is measured alone.", err=True)
        return []
    with tempfile.TemporaryDirectory(prefix="bench-recommend-") as folder:
        return peers.compare(data, day_of(look.cutoff), Path(folder))


def speed(data: Interactions) -> dict[str, float]:
    """Return wall seconds of each part of a fit."""
    model, seconds = Model(data, Parameters()), {}
    for name, part in (
        ("baskets", lambda: (data.visits, data.orders)),
        ("neighbours × trend", lambda: model.neighbours),
        ("buy again", lambda: model.again),
        ("bought together", lambda: model.together),
        ("trending", lambda: model.trending),
        ("tuning", lambda: tuning.tune(data)),
    ):
        started = time.perf_counter()
        part()
        seconds[name] = round(time.perf_counter() - started, 2)
    return seconds


def tables(told: dict[str, Any], found: Evaluation, plain: Evaluation, beside: list[list[Peer | str]]) -> str:
    """Return everything as Markdown."""
    out = [
        "# Recommendations on Online Retail II",
        "",
        f"Made by `make bench-recommend` from {told['lines']:,} lines; peak memory {told['peak_mib']:,} MiB.",
        "",
        "| part of a fit | wall seconds |",
        "| --- | ---: |",
        *(f"| {name} | {value} |" for name, value in told["speed"].items()),
    ]
    for place, (look, ready, others) in enumerate(zip(found.looks, plain.looks, beside, strict=True)):
        out += ["", f"## Cut-off {look.cutoff}, {look.days} days, {look.people:,} people", "", *_look(look)]
        out += ["", *peers.table(others)] if others else []
        out += ["", *_bars(place, look, ready)]
    return "\n".join(out)


def _look(look: Look) -> list[str]:
    lines = [
        "| | items | NDCG@10 | 95% interval | Recall@20 | MRR@10 | Hit@10 | coverage |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {s.name} | {s.kind} | {s.ndcg.mean:.3f} | {s.ndcg.low:.3f}–{s.ndcg.high:.3f} | {s.recall:.3f} | {s.mrr:.3f} "
        f"| {s.hit:.3f} | {s.coverage:.3f} |"
        for s in look.scores
    ]
    lines += ["", "| cart | orders | Hit@10 | 95% interval | MRR@20 |", "| --- | ---: | ---: | ---: | ---: |"]
    return lines + [
        f"| {c.name} | {c.carts:,} | {c.hit.mean:.3f} | {c.hit.low:.3f}–{c.hit.high:.3f} | {c.mrr:.3f} |"
        for c in look.carts
    ]


def _bars(place: int, look: Look, ready: Look) -> list[str]:
    lines = ["| bar | reached before | tuned | ready-made | |", "| --- | ---: | ---: | ---: | --- |"]
    rows = [
        (
            f"{name}, {kind}, NDCG@10",
            bars[place],
            look.score(name, kind).ndcg.mean,
            ready.score(name, kind).ndcg.mean,
        )
        for name, kind, bars in BARS
    ]
    rows.append(("cart, Hit@10", CART_BAR, look.carts[0].hit.mean, ready.carts[0].hit.mean))
    return lines + [
        f"| {name} | {bar:.3f} | {ours:.4f} | {plain:.4f} | {'met' if ours >= bar else 'missed'} |"
        for name, bar, ours, plain in rows
    ]


main()
