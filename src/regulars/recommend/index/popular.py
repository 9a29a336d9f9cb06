"""What is shown when there is no index to read: what was popular when the last one was built, from a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.numeric.ranking import top_k
from regulars.recommend.answers import Answer
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.components.trending import Trending
from regulars.recommend.index import layout
from regulars.recommend.parameters import Parameters
from regulars.recommend.recommender import Recommender
from regulars.recommend.request import Asked
from regulars.recommend.serving import Floats, Profile, Rows
from regulars.recommend.shelf import Factor, Source
from regulars.recommend.slots import Slots, new_id

MOST = 1000
NO_INDEX = Unknown.because(
    "recommend.no_index",
    mark("The index of recommendations cannot be read: what was popular when it was built is shown."),
)


_TEXTS = ("product_ids", "titles", "categories", "brands")
_NUMBERS = ("prices", "costs")
_NONE: dict[str, Any] = {
    "fit": "",
    "items": [],
    "scores": [],
    "stock": None,
    **{name: [] for name in (*_TEXTS, *_NUMBERS)},
}


def told(recommender: Recommender) -> bytes:
    """Return the most popular products, and what rules ask of them, as a file that carries its own checksum."""
    catalogue, now = recommender.catalogue, recommender.serving.trending.now
    best = top_k(np.where(now > 0, now, -np.inf)[None, :], min(MOST, max(len(now), 1)))[0]
    items = [int(item) for item in best if item >= 0]

    def cells(name: str) -> list[Any]:
        column = getattr(catalogue, name)
        return [column[item] for item in items] if len(column) else []

    content = {
        "fit": recommender.serving.fit,
        "items": items,
        "scores": [float(now[item]) for item in items],
        "stock": None if catalogue.stock is None else [bool(catalogue.stock[item]) for item in items],
        **{name: cells(name) for name in _TEXTS},
        **{name: [None if np.isnan(cell) else float(cell) for cell in cells(name)] for name in _NUMBERS},
    }
    return layout.sealed(content)


def read(folder: Path) -> Popular:
    """Return what was popular, from the first whole file of a folder and its versions, newest first; nothing if there is none."""
    places = [folder, *sorted(folder.glob(f"{layout.VERSIONS}*"), reverse=True)]
    for place in places:
        try:
            return _of(layout.unsealed((place / layout.POPULAR).read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return _of(_NONE)


def _of(content: dict[str, Any]) -> Popular:
    items = np.array(content["items"], np.int64)
    columns: dict[str, Any] = {name: tuple(content[name]) for name in _TEXTS}
    columns |= {name: np.array(content[name], float) for name in _NUMBERS}
    stock = None if content["stock"] is None else np.array(content["stock"], bool)
    catalogue = Catalogue(**columns, stock=stock)
    now, none = np.array(content["scores"], float), np.zeros(len(items))
    trending = Trending(now, none, now, sparse.csr_array((0, len(items))))
    return Popular(_Nothing(str(content["fit"]), catalogue, trending), items)


@dataclass(frozen=True)
class _Nothing:
    """A shop of which only what is popular is known."""

    fit: str
    catalogue: Catalogue
    trending: Trending
    parameters: Parameters = field(default_factory=Parameters)

    @property
    def near(self) -> Rows:
        """No neighbours."""
        return Rows(np.zeros(len(self.catalogue) + 1, np.int64), np.zeros(0, np.int64), np.zeros(0))

    together = alike = following = near
    past = None

    @property
    def unsold(self) -> Floats:
        """Nothing but what sold."""
        return np.zeros(len(self.catalogue))

    rate = viewers = unsold

    @property
    def momentum(self) -> Floats:
        """No trend."""
        return np.ones(len(self.catalogue))

    again = momentum

    def person(self, customer_id: str) -> int | None:  # noqa: ARG002
        """Nobody is known."""
        return None

    def bought(self, person: int) -> Profile:
        """Nobody bought anything."""
        raise KeyError(person)

    lately = bought

    def ranked(self, person: int) -> None:
        """Nobody is known."""

    def lasting(self, person: int) -> tuple[Floats, Floats]:
        """Nobody bought anything."""
        raise KeyError(person)


@dataclass(frozen=True)
class Popular(Slots):
    """Answers every slot with what was popular, by the same rules, and says that it is no answer to the question."""

    serving: _Nothing
    items: NDArray[np.int64]
    """Where each of the products stood in the whole catalogue, whose order factors are in."""
    name: Callable[[], str] = new_id
    """Names answers that were not given an id."""

    def cross_sell(self, product_ids: Sequence[str], k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What was popular."""
        return self._answer("cross_sell", [], k, more, without=self._items(product_ids))

    def up_sell(self, product_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What was popular."""
        return self._answer("up_sell", [], k, more, without=self._items([product_id]))

    def _answer(
        self,
        slot: str,
        sources: list[Source],  # noqa: ARG002
        k: int,
        more: Asked,
        *,
        person: int | None = None,
        own: Factor | None = None,
        without: Collection[int] = (),
        unknown: Unknown | None = None,  # noqa: ARG002
        fill_up: bool = True,  # noqa: ARG002
    ) -> Answer:
        factor = more.get("factor")
        if factor is not None:
            more = {**more, "factor": factor[self.items]}
        return super()._answer(slot, [], k, more, person=person, own=own, without=without, unknown=NO_INDEX)
