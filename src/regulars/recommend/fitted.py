"""A fit as the slots ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from regulars.numeric.session_knn import Memory
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.components.trending import Trending
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.rerank import Facts, Reranker
from regulars.recommend.serving import Alike, Floats, Places, Profile, Rows, lately, profile, rows_of


@dataclass(frozen=True)
class Fitted:
    """A model as the slots ask for it; each part is fitted on first use and only once."""

    model: Model
    reranker: Reranker | None = None

    @cached_property
    def fit(self) -> str:
        """The version of the fit; a re-ranker has a part in it."""
        return self.model.version if self.reranker is None else self.reranker.marked(self.model.version)

    @property
    def catalogue(self) -> Catalogue:
        """What the shop sells."""
        return self.model.data.catalogue

    @property
    def customer_ids(self) -> Sequence[str]:
        """The shop's own ids."""
        return self.model.data.customer_ids

    @property
    def parameters(self) -> Parameters:
        """What everything was fitted with."""
        return self.model.parameters

    @property
    def trending(self) -> Trending:
        """What sells now and what is new."""
        return self.model.trending

    @property
    def unsold(self) -> Floats:
        """What is in the catalogue and nobody bought yet."""
        return self.model.unsold

    @cached_property
    def near(self) -> Rows:
        """Items × items: neighbours over time."""
        return rows_of(self.model.neighbours.near)

    @cached_property
    def following(self) -> Rows:
        """Items × items: neighbours that are learnt from sessions too."""
        found = self.model.following
        return self.near if found is self.model.neighbours.near else rows_of(found)

    @property
    def viewers(self) -> Floats:
        """In how many sessions each item was seen."""
        return self.model.viewers

    @property
    def past(self) -> Memory | None:
        """Past sessions, where they help."""
        return self.model.session_knn.past if self.parameters.session_knn_weight else None

    @property
    def momentum(self) -> Floats:
        """What the neighbours are multiplied by."""
        return self.model.neighbours.trend

    @cached_property
    def together(self) -> Rows:
        """Items × items: what an order holds beside."""
        return rows_of(self.model.together.weights)

    @cached_property
    def alike(self) -> Alike:
        """Items × items: what looks alike."""
        marks = self.model.attributes.marks
        return Alike(rows_of(marks), rows_of(sparse.csr_array(marks.T)))

    @property
    def again(self) -> Floats:
        """What a person's own items are multiplied by."""
        return self.model.again.factor

    @property
    def rate(self) -> Floats:
        """Share of each item's buyers who bought it again."""
        return self.model.again.rate

    @cached_property
    def purchases(self) -> Rows:
        """People × items: how often and how lately."""
        return rows_of(self.model.again.profiles)

    @cached_property
    def visits(self) -> Rows:
        """People × items, the last visit heaviest."""
        return rows_of(self.model.neighbours.profiles)

    def person(self, customer_id: str) -> int | None:
        """Return the code of somebody who bought something."""
        code = self.model.data.people_codes.get(customer_id)
        return None if code is None or not len(self.purchases.row(code)[0]) else code

    def bought(self, person: int) -> Profile:
        """Return what a person bought, how often and how lately."""
        return profile(self.purchases, person)

    def lately(self, person: int) -> Profile:
        """Return what a person bought, and viewed if that helps, the last visit heaviest."""
        return lately(self, person)

    @cached_property
    def lasts(self) -> tuple[Rows, Rows]:
        """People × items: days since the latest purchase, and how many it lasts."""
        return rows_of(self.model.timing.ago), rows_of(self.model.timing.gap)

    def lasting(self, person: int) -> tuple[Floats, Floats]:
        """Return days since the latest purchase and how many it lasts."""
        ago, gap = (table.row(person)[1] for table in self.lasts)
        return np.asarray(ago, float), np.asarray(gap, float)

    @cached_property
    def facts(self) -> Facts:
        """What the re-ranker knows of today."""
        return Facts(self.model)

    def ranked(self, person: int) -> Profile | None:
        """Return a person's candidates with their chances."""
        found = self.all_ranked(np.array([person]))
        return None if found is None else profile(rows_of(found), 0)

    def all_ranked(self, people: Places) -> sparse.csr_array | None:
        """Return people × items: the chances of everybody's candidates."""
        return None if self.reranker is None else self.reranker.chances(self.facts, people, self.facts.there)
