"""What is shown when there is no index to read: what was popular when the last one was built, from a file of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.numeric.ranking import top_k
from regulars.recommend.answers import Answer
from regulars.recommend.components.trending import Trending
from regulars.recommend.index import layout
from regulars.recommend.interactions import Catalogue
from regulars.recommend.parameters import Parameters
from regulars.recommend.recommender import Recommender, Slots
from regulars.recommend.serving import Floats, Profile, Rows
from regulars.recommend.shelf import Factor, Source

MOST = 1000
NO_INDEX = Unknown.because(
    "recommend.no_index",
    mark("The index of recommendations cannot be read: what was popular when it was built is shown."),
)


def told(recommender: Recommender) -> bytes:
    """Return the most popular products as a file that carries its own checksum."""
    catalogue, now = recommender.data.catalogue, recommender.model.trending.now
    best = top_k(np.where(now > 0, now, -np.inf)[None, :], min(MOST, max(len(now), 1)))[0]
    items = [int(item) for item in best if item >= 0]
    content = {
        "items": items,
        "scores": [float(now[item]) for item in items],
        "product_ids": [catalogue.product_ids[item] for item in items],
        "titles": [catalogue.titles[item] for item in items],
        "categories": [catalogue.categories[item] for item in items],
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
    return _of({name: [] for name in ("items", "scores", "product_ids", "titles", "categories")})


def _of(content: dict[str, Any]) -> Popular:
    count = len(content["items"])
    unknown = np.full(count, np.nan)
    catalogue = Catalogue(
        product_ids=tuple(content["product_ids"]),
        titles=tuple(content["titles"]),
        categories=tuple(content["categories"]),
        prices=unknown,
        costs=unknown,
    )
    trending = Trending(np.array(content["scores"], float), np.zeros(count))
    return Popular(_Nothing(catalogue, trending), np.array(content["items"], np.int64))


@dataclass(frozen=True)
class _Nothing:
    """A shop of which only what is popular is known."""

    catalogue: Catalogue
    trending: Trending
    parameters: Parameters = field(default_factory=Parameters)

    @property
    def near(self) -> Rows:
        """No neighbours."""
        return Rows(np.zeros(len(self.catalogue) + 1, np.int64), np.zeros(0, np.int64), np.zeros(0))

    together = near

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


@dataclass(frozen=True)
class Popular(Slots):
    """Answers every slot with what was popular, and says that it is no answer to the question."""

    serving: _Nothing
    items: np.ndarray
    """Where each of the products stood in the whole catalogue, whose order factors are in."""

    def cross_sell(
        self,
        product_ids: Sequence[str],
        k: int = 10,
        *,
        exclude: Collection[str] = (),
        factor: Factor | None = None,
    ) -> Answer:
        """What was popular."""
        return self._answer("cross_sell", [], k, (*exclude, *product_ids), factor, None)

    def up_sell(
        self, product_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """What was popular."""
        return self._answer("up_sell", [], k, (*exclude, product_id), factor, None)

    def trending(
        self,
        k: int = 10,
        *,
        category: str | None = None,
        exclude: Collection[str] = (),
        factor: Factor | None = None,
    ) -> Answer:
        """What was popular, overall or of one category."""
        named = zip(self.catalogue.product_ids, self.catalogue.categories, strict=True)
        outside = [name for name, kind in named if category is not None and kind != category]
        return self._answer("trending", [], k, (*exclude, *outside), factor, None)

    def _answer(
        self,
        slot: str,
        sources: list[Source],  # noqa: ARG002
        k: int,
        exclude: Collection[str],
        factor: Factor | None,
        unknown: Unknown | None,  # noqa: ARG002
        *,
        fill_up: bool = True,  # noqa: ARG002
    ) -> Answer:
        told = None if factor is None else factor[self.items]
        return super()._answer(slot, [], k, exclude, told, NO_INDEX)
