"""The components of the recommender, one a file, each of the same shape: ``fit`` on interactions, then score profiles.

A profile is a row of weights over items (what a person bought, viewed or has in the cart); a component turns rows of profiles into
rows of scores.
"""

from regulars.recommend.components import (
    attributes,
    buy_again,
    neighbours,
    session_knn,
    timing,
    together,
    trending,
)
from regulars.recommend.components.shape import Component

__all__ = [
    "Component",
    "attributes",
    "buy_again",
    "neighbours",
    "session_knn",
    "timing",
    "together",
    "trending",
]
