"""All components fitted together on what was known on one day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.recommend.blend import blend
from regulars.recommend.components import (
    attributes,
    buy_again,
    neighbours,
    session_knn,
    timing,
    together,
    trending,
)
from regulars.recommend.components.attributes import Attributes
from regulars.recommend.components.buy_again import BuyAgain
from regulars.recommend.components.neighbours import Neighbours
from regulars.recommend.components.session_knn import SessionKnn
from regulars.recommend.components.shape import Scores
from regulars.recommend.components.timing import Timing
from regulars.recommend.components.together import Together
from regulars.recommend.components.trending import Trending
from regulars.recommend.interactions import Interactions
from regulars.recommend.parameters import Parameters
from regulars.recommend.version import version


@dataclass(frozen=True)
class Model:
    """The components with their parameters; each is fitted on first use and only once."""

    data: Interactions
    parameters: Parameters

    @cached_property
    def neighbours(self) -> Neighbours:
        """Discovery, and all that follows from something where there are no events."""
        return neighbours.fit(self.data, self.parameters)

    @cached_property
    def following(self) -> sparse.csr_array:
        """Items × items for similar, because you viewed, session: neighbours that are learnt from sessions too, if there are any."""
        if not self.data.sessions or not self.parameters.session_weight:
            return self.neighbours.near
        return neighbours.following(self.data, self.parameters)

    @cached_property
    def session_knn(self) -> SessionKnn:
        """Session: past sessions that are most like a running one."""
        return session_knn.fit(self.data, self.parameters)

    @cached_property
    def viewers(self) -> NDArray[np.float64]:
        """In how many sessions each item was seen."""
        told = self.data.sessions
        return np.zeros(self.data.items) if told is None else told.viewers(self.data.items)

    @cached_property
    def again(self) -> BuyAgain:
        """Buy again."""
        return buy_again.fit(self.data, self.parameters)

    @cached_property
    def together(self) -> Together:
        """Bought together, cart completion."""
        return together.fit(self.data, self.parameters)

    @cached_property
    def trending(self) -> Trending:
        """Trending, new arrivals."""
        return trending.fit(self.data)

    @cached_property
    def timing(self) -> Timing:
        """Next basket."""
        return timing.fit(self.data)

    @cached_property
    def attributes(self) -> Attributes:
        """Cold items."""
        return attributes.fit(self.data.catalogue, self.there)

    @cached_property
    def unsold(self) -> Scores:
        """One score an item of the shop's catalogue that nobody bought yet, by how much it is like what sells now; else zero."""
        listed, sold = self.data.catalogue.listed, self.trending.ever > 0
        if listed is None or not np.any(listed & ~sold):
            return np.zeros(self.data.items)
        now = sparse.csr_array(self.trending.now[None, :] / (self.trending.now.max(initial=0.0) or 1.0))
        # All of them are above zero: what is like nothing is still there to be shown.
        return np.where(listed & ~sold, 1.0 + self.attributes.scores(now)[0], 0.0)

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """Which items there were on this day: bought before, or in the shop's catalogue."""
        sold = self.trending.ever > 0
        listed = self.data.catalogue.listed
        return sold if listed is None else sold | listed

    @cached_property
    def version(self) -> str:
        """The same for the same purchases, catalogue and parameters."""
        return version(self.data, self.parameters)

    def repeats(self, people: NDArray[np.int64]) -> Scores:
        """Return people × items: what each would buy again."""
        return self.again.scores(self.again.profiles[people])

    def discoveries(self, people: NDArray[np.int64]) -> Scores:
        """Return people × items by what they bought lately; what they already have is scored too."""
        return self.neighbours.scores(self.neighbours.profiles[people])

    def for_you(self, people: NDArray[np.int64]) -> Scores:
        """Return people × items: the blend of both."""
        return blend(self.repeats(people), self.discoveries(people), self.parameters.discovery_weight)

    def next_basket(self, people: NDArray[np.int64], within_days: float) -> Scores:
        """Return people × items: the blend of both, what they have by how likely it is due within some days too."""
        again = self.repeats(people)
        if self.parameters.due_power:
            again = again * self.timing.due(people, within_days) ** self.parameters.due_power
        return blend(again, self.discoveries(people), self.parameters.discovery_weight)
