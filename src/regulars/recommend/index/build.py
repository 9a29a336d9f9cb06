"""Writes an index: all files beside their place, flushed, then renamed into it, and only then pointed at."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.files import alone, ensure_writable, replace_file, sync_files, sync_folder
from regulars.kit.scratch import Scratch
from regulars.numeric.sparse_rows import trimmed
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.index import layout, popular, ranked
from regulars.recommend.index.layout import Manifest
from regulars.recommend.index.names import names_of
from regulars.recommend.index.packed import pack
from regulars.recommend.recommender import Recommender
from regulars.recommend.serving import Rows, rows_of

KEPT = 2
"""How many versions stay: the one pointed at, and the one that slow readers may still be opening."""

Arrays = dict[str, NDArray[Any]]


def now() -> datetime:
    """Return the instant it is."""
    return datetime.now(UTC)


def build(
    recommender: Recommender,
    folder: Path | str,
    *,
    neighbours: int | None = None,
    clock: Callable[[], datetime] = now,
) -> Manifest:
    """Write a recommender as a new version of the index in a folder, switch to it, and return what was written.

    ``neighbours`` of each item are kept, by default all that were fitted, and the best 100 in a shop of 100,000 items.
    Readers go on with the old version until the new one is whole; a build killed at any moment leaves the old one. Raises
    :class:`~regulars.kit.errors.RegularsError` (``output.not_writable``) where nothing can be written.
    """
    home = Path(folder)
    ensure_writable(home)
    held = Scratch(".regulars-", home)
    try:
        manifest = _write(recommender, held.path, neighbours, clock())
        sync_files(held.path)
        with alone(home):
            held.path.rename(home / manifest.version)
            sync_folder(home)
            replace_file(home / layout.POPULAR, popular.told(recommender))
            replace_file(home / layout.CURRENT, layout.pointer(manifest))
            _prune(home, manifest.version)
    finally:
        held.remove()
    return manifest


def _write(recommender: Recommender, scratch: Path, neighbours: int | None, at: datetime) -> Manifest:
    model = recommender.model
    for name, array in (arrays(recommender, neighbours) | _numbers(model.data.catalogue)).items():
        np.save(scratch / f"{name}.npy", array, allow_pickle=False)
    ranked.write(recommender.serving, scratch)
    (scratch / layout.CATALOGUE).write_text(json.dumps(_texts(model.data.catalogue)), encoding="utf-8")
    (scratch / layout.POPULAR).write_bytes(popular.told(recommender))
    manifest = Manifest(
        version=f"{layout.VERSIONS}{at.astimezone(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}",
        created_at=at.isoformat(),
        end=model.data.end,
        items=model.data.items,
        people=model.data.people,
        fit=recommender.serving.fit,
        countries=list(recommender.serving.trending.countries),
        parameters=model.parameters.to_json(),
        files={path.name: layout.file_of(path) for path in sorted(scratch.iterdir())},
    )
    (scratch / layout.MANIFEST).write_bytes(manifest.to_bytes())
    return manifest


def arrays(recommender: Recommender, neighbours: int | None) -> Arrays:
    """Return every array of an index by name."""
    model, serving = recommender.model, recommender.serving
    if neighbours is None:
        neighbours = layout.neighbours(model.data.items)
    bought = serving.purchases
    names = names_of(model.data.customer_ids)
    return {
        **_packed("near", _nearest(model.neighbours.near, neighbours)),
        **_packed("together", serving.together),
        **_rows("marks", serving.alike.marks),
        **_rows("having", serving.alike.having),
        **_rows("people", bought),
        **_lately(recommender),
        **_of_sessions(recommender, neighbours),
        **_lasting(recommender),
        "momentum": serving.momentum,
        "again": serving.again,
        "rate": serving.rate,
        "trending": serving.trending.now,
        "arrivals": serving.trending.arrivals,
        "ever": serving.trending.ever,
        **_rows("countries", rows_of(serving.trending.near)),
        "unsold": serving.unsold,
        "names.letters": names.letters,
        "names.starts": names.starts,
        "names.codes": names.codes,
    }


def _rows(name: str, rows: Rows) -> Arrays:
    return {
        f"{name}.starts": rows.starts.astype(np.int64),
        f"{name}.items": rows.items.astype(np.int32),
        f"{name}.weights": rows.weights.astype(np.float32),
    }


def _packed(name: str, rows: Rows) -> Arrays:
    # From items to items.
    return {f"{name}.{part}": array for part, array in pack(rows, len(rows)).items()}


def _nearest(near: sparse.csr_array, most: int) -> Rows:
    longest = int(np.diff(near.indptr).max(initial=0))
    return rows_of(near if longest <= most else trimmed(near, most))


def _lately(recommender: Recommender) -> Arrays:
    """Return profiles: weights beside those of purchases, or rows of their own where they hold what was only viewed."""
    profiles = recommender.model.neighbours.profiles
    if recommender.model.parameters.view_weight:
        return _rows("lately", rows_of(profiles))
    return {"people.lately": _beside(recommender.serving.purchases, profiles).astype(np.float32)}


def _lasting(recommender: Recommender) -> Arrays:
    """Return how long things last beside who bought them, where that helps."""
    if not recommender.model.parameters.due_power:
        return {}
    timing, bought = recommender.model.timing, recommender.serving.purchases
    beside = {"people.ago": _beside(bought, timing.ago), "people.gap": _beside(bought, timing.gap)}
    return {name: column.astype(np.float32) for name, column in beside.items()} | {"usual": timing.usual}


def _of_sessions(recommender: Recommender, neighbours: int) -> Arrays:
    """Return what only a shop with events has."""
    model, past = recommender.model, recommender.serving.past
    if not model.data.sessions:
        return {}
    found: Arrays = {"viewers": model.viewers}
    if model.following is not model.neighbours.near:
        found |= _packed("following", _nearest(model.following, neighbours))
    return (
        found
        if past is None
        else found | {f"past.{part.name}": getattr(past, part.name) for part in fields(past)}
    )


def _beside(rows: Rows, other: sparse.csr_array) -> NDArray[np.float64]:
    """Return the weights of another table in the places of this one, which has all of its places; zero where it has none."""
    items = other.shape[1]

    def places(table: Rows) -> NDArray[np.int64]:
        row = np.repeat(np.arange(len(table), dtype=np.int64), np.diff(table.starts))
        return row * items + table.items

    told = rows_of(other)
    weights = np.zeros(len(rows.items))
    weights[np.searchsorted(places(rows), places(told))] = told.weights
    return weights


def _numbers(catalogue: Catalogue) -> Arrays:
    """Return the columns of a catalogue that are arrays."""
    held = {field.name: getattr(catalogue, field.name) for field in fields(catalogue)}
    return {f"catalogue.{name}": column for name, column in held.items() if isinstance(column, np.ndarray)}


def _texts(catalogue: Catalogue) -> dict[str, Any]:
    """Return the columns of a catalogue that are texts."""
    held = {field.name: getattr(catalogue, field.name) for field in fields(catalogue)}
    return {name: column for name, column in held.items() if isinstance(column, tuple)}


def _prune(home: Path, current: str) -> None:
    """Delete all versions but the one pointed at and the newest of the others; who has mapped them keeps what is mapped."""
    others = sorted(path for path in home.glob(f"{layout.VERSIONS}*") if path.name != current)
    for old in others[: len(others) - (KEPT - 1)]:
        with suppress(OSError):
            # Out of sight first: a deletion that is killed half-way leaves nothing that looks like a version.
            gone = old.rename(old.with_name(f".gone-{old.name}"))
            shutil.rmtree(gone, ignore_errors=True)
    for left in home.glob(f".gone-{layout.VERSIONS}*"):
        shutil.rmtree(left, ignore_errors=True)
