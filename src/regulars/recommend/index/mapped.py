"""An index that was opened: the arrays of one version, mapped, and the slots answered from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.recommend.components.trending import Trending
from regulars.recommend.everyone import Everyone, tables
from regulars.recommend.index.layout import CATALOGUE, Manifest
from regulars.recommend.index.names import Names
from regulars.recommend.interactions import Catalogue
from regulars.recommend.parameters import Parameters
from regulars.recommend.recommender import Slots
from regulars.recommend.serving import Floats, Profile, Rows, profile


@dataclass(frozen=True)
class Mapped:
    """One version as the slots ask for it."""

    catalogue: Catalogue
    parameters: Parameters
    trending: Trending
    near: Rows
    momentum: Floats
    together: Rows
    again: Floats
    purchases: Rows
    visits: Rows
    names: Names

    def person(self, customer_id: str) -> int | None:
        """Return the code of somebody who bought something."""
        code = self.names.code(customer_id)
        return None if code is None or not len(self.purchases.row(code)[0]) else code

    def bought(self, person: int) -> Profile:
        """Return what a person bought, how often and how lately."""
        return profile(self.purchases, person)

    def lately(self, person: int) -> Profile:
        """Return what a person bought, the last visit heaviest."""
        return profile(self.visits, person)


@dataclass(frozen=True)
class Index(Slots):
    """Answers every slot as the recommender does that it was built from."""

    serving: Mapped
    manifest: Manifest

    def parts(self, k: int = 10) -> Iterator[pa.Table]:
        """For you of every known customer, some people at a time, as the recommender's; the first part is empty."""
        told, now = self.serving, self.serving.trending.now
        everybody = Everyone(
            told.purchases, told.visits, told.near, told.again, told.momentum, now, told.parameters
        )
        return tables(everybody, told.names.by_code(), told.catalogue, k)


def load(version: Path, manifest: Manifest) -> Index:
    """Map the files of a version that was checked before."""

    def array(name: str) -> NDArray[Any]:
        return _mapped(version / f"{name}.npy")

    def rows(name: str, weights: str = "weights") -> Rows:
        return Rows(array(f"{name}.starts"), array(f"{name}.items"), array(f"{name}.{weights}"))

    texts = json.loads((version / CATALOGUE).read_bytes())
    columns: dict[str, Any] = {name: tuple(column) for name, column in texts.items()}
    numbers = (field.name for field in fields(Catalogue) if field.name not in texts)
    columns |= {name: array(f"catalogue.{name}") for name in numbers}
    serving = Mapped(
        catalogue=Catalogue(**columns),
        parameters=Parameters(**manifest.parameters),
        trending=Trending(array("trending"), array("arrivals")),
        near=rows("near"),
        momentum=array("momentum"),
        together=rows("together"),
        again=array("again"),
        purchases=rows("people"),
        visits=rows("people", "lately"),
        names=Names(array("names.letters"), array("names.starts"), array("names.codes")),
    )
    return Index(serving, manifest)


def _mapped(path: Path) -> NDArray[Any]:
    """Return a file's array without reading it; a plain view, because slices of mapped arrays cost three times as much."""
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:
        # Nothing cannot be mapped.
        return np.asarray(np.load(path, allow_pickle=False))
