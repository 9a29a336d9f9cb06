"""An index that was opened: the arrays of one version, mapped, and the slots answered from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.session_knn import Memory
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.components.trending import Trending
from regulars.recommend.index.layout import CATALOGUE, Manifest
from regulars.recommend.index.names import Names
from regulars.recommend.index.packed import Packed
from regulars.recommend.index.ranked import CHANCES, ITEMS, Ranked
from regulars.recommend.parameters import Parameters
from regulars.recommend.serving import Alike, Floats, Places, Profile, Rows, lately, profile
from regulars.recommend.slots import Lists, new_id

_COLUMNS = tuple(field.name for field in fields(Catalogue))


@dataclass(frozen=True)
class Mapped:
    """One version as the slots ask for it."""

    fit: str
    catalogue: Catalogue
    parameters: Parameters
    trending: Trending
    unsold: Floats
    near: Packed
    momentum: Floats
    together: Packed
    alike: Alike
    again: Floats
    rate: Floats
    purchases: Rows
    visits: Rows
    names: Names
    following: Packed
    viewers: Floats
    past: Memory | None
    lasts: tuple[Rows, Rows] | None
    """Beside ``purchases``; None where it does not matter how long things last, as ``usual``."""
    usual: Floats | None
    top: Ranked | None = None
    """What the re-ranker said of everybody's candidates; None where there was none."""

    @property
    def customer_ids(self) -> Sequence[str]:
        """The shop's own ids; read anew each time, because few need all of them."""
        return self.names.by_code()

    def person(self, customer_id: str) -> int | None:
        """Return the code of somebody who bought something."""
        code = self.names.code(customer_id)
        return None if code is None or not len(self.purchases.row(code)[0]) else code

    def bought(self, person: int) -> Profile:
        """Return what a person bought, how often and how lately."""
        return profile(self.purchases, person)

    def lately(self, person: int) -> Profile:
        """Return what a person bought, and viewed if that helps, the last visit heaviest."""
        return lately(self, person)

    def lasting(self, person: int) -> tuple[Floats, Floats]:
        """Return days since the latest purchase and how many it lasts; raises ``KeyError`` where that does not matter."""
        if self.lasts is None:
            raise KeyError(person)
        ago, gap = (table.row(person)[1] for table in self.lasts)
        return np.asarray(ago, float), np.asarray(gap, float)

    def ranked(self, person: int) -> Profile | None:
        """Return a person's candidates with their chances."""
        return None if self.top is None else self.top.of(person)

    def all_ranked(self, people: Places) -> sparse.csr_array | None:
        """Return people × items: the chances of everybody's candidates."""
        return None if self.top is None else self.top.table(people, len(self.catalogue))


@dataclass(frozen=True)
class Index(Lists):
    """Answers every slot as the recommender does that it was built from."""

    serving: Mapped
    manifest: Manifest
    name: Callable[[], str] = new_id
    """Names answers that were not given an id."""


def load(version: Path, manifest: Manifest) -> Index:
    """Map the files of a version that was checked before."""

    def array(name: str) -> NDArray[Any]:
        return _mapped(version / f"{name}.npy")

    def rows(name: str, weights: str = "weights") -> Rows:
        return Rows(array(f"{name}.starts"), array(f"{name}.items"), array(f"{name}.{weights}"))

    def packed(name: str) -> Packed:
        return Packed(**{field.name: array(f"{name}.{field.name}") for field in fields(Packed)})

    texts = json.loads((version / CATALOGUE).read_bytes())
    columns: dict[str, Any] = {name: _texts(column) for name, column in texts.items()}
    numbers = (name for name in _COLUMNS if f"catalogue.{name}.npy" in manifest.files)
    columns |= {name: array(f"catalogue.{name}") for name in numbers}
    catalogue = Catalogue(**columns)
    sold, countries = rows("countries").table(len(catalogue)), tuple(manifest.countries)
    near = packed("near")
    apart = "lately.starts.npy" in manifest.files
    serving = Mapped(
        fit=manifest.fit,
        catalogue=catalogue,
        parameters=Parameters(**manifest.parameters),
        trending=Trending(array("trending"), array("arrivals"), array("ever"), sold, countries),
        unsold=array("unsold"),
        near=near,
        momentum=array("momentum"),
        together=packed("together"),
        alike=Alike(rows("marks"), rows("having")),
        again=array("again"),
        rate=array("rate"),
        purchases=rows("people"),
        visits=rows("lately") if apart else rows("people", "lately"),
        names=Names(array("names.letters"), array("names.starts"), array("names.codes")),
        top=Ranked(array(ITEMS), array(CHANCES)) if f"{ITEMS}.npy" in manifest.files else None,
        following=packed("following") if "following.starts.npy" in manifest.files else near,
        viewers=array("viewers") if "viewers.npy" in manifest.files else np.zeros(len(catalogue)),
        past=_past(array) if "past.rarity.npy" in manifest.files else None,
        lasts=(rows("people", "ago"), rows("people", "gap")) if "usual.npy" in manifest.files else None,
        usual=array("usual") if "usual.npy" in manifest.files else None,
    )
    return Index(serving, manifest)


def _past(array: Callable[[str], NDArray[Any]]) -> Memory:
    """Return the past sessions."""
    return Memory(*(array(f"past.{part.name}") for part in fields(Memory)))


def _texts(column: list[Any]) -> tuple[Any, ...]:
    """Return a column of texts, or of several a product, as it was written."""
    return tuple(tuple(cell) if isinstance(cell, list) else cell for cell in column)


def _mapped(path: Path) -> NDArray[Any]:
    """Return a file's array without reading it; a plain view, because slices of mapped arrays cost three times as much."""
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:
        # Nothing cannot be mapped.
        return np.asarray(np.load(path, allow_pickle=False))
