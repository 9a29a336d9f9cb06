"""All components fitted together on what was known on one day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.blend import blend
from regulars.recommend.components import buy_again, neighbours, together, trending
from regulars.recommend.components.buy_again import BuyAgain
from regulars.recommend.components.neighbours import Neighbours
from regulars.recommend.components.shape import Scores
from regulars.recommend.components.together import Together
from regulars.recommend.components.trending import Trending
from regulars.recommend.interactions import Interactions
from regulars.recommend.parameters import Parameters


@dataclass(frozen=True)
class Model:
    """The components with their parameters; each is fitted on first use and only once."""

    data: Interactions
    parameters: Parameters

    @cached_property
    def neighbours(self) -> Neighbours:
        """Similar, because you viewed, session, discovery."""
        return neighbours.fit(self.data, self.parameters)

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

    def repeats(self, people: NDArray[np.int64]) -> Scores:
        """Return people × items: what each would buy again."""
        return self.again.scores(self.again.profiles[people])

    def discoveries(self, people: NDArray[np.int64]) -> Scores:
        """Return people × items by what they bought lately; what they already have is scored too."""
        return self.neighbours.scores(self.neighbours.profiles[people])

    def for_you(self, people: NDArray[np.int64]) -> Scores:
        """Return people × items: the blend of both."""
        return blend(self.repeats(people), self.discoveries(people), self.parameters.discovery_weight)
