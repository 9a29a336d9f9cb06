"""How much of a shop its recommendations ever show: how many people are told something of their own, and how many products at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from regulars.recommend.everyone import known
from regulars.recommend.rules import Rules
from regulars.recommend.slots import Lists

LISTED = 10
MOST_PEOPLE = 1_000
FIRST = 10
_FOR_NOBODY = frozenset({"trending", "unsold", "arrival", "pinned"})
"""Reasons that are the same whoever asks."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the lists of for you show; of larger shops, those of some thousand customers in even steps."""

    fit: str
    """The version of the fit that was looked at."""
    customers: int
    """Who bought something."""
    people: int
    """Of them, whose lists were looked at."""
    personal: int
    """Of those, who have at least one product in their list that is there because of them."""
    products: int
    """Products that could be shown."""
    shown: int
    """Those that stand in at least one list."""
    places: int
    """Places in all lists together."""
    first: int
    """Places taken by the :data:`FIRST` products that stand in most lists."""

    def to_json(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Any) -> Coverage | None:
        """Read what was kept; None for nothing, and for what another version kept."""
        try:
            return cls(**told)
        except TypeError:
            return None


def coverage(found: Lists, *, rules: Rules | None = None, most: int = MOST_PEOPLE) -> Coverage:
    """Look at the lists of ten of at most ``most`` people, as the shop's ``rules`` for them have it."""
    people = known(found.serving)
    names = found.serving.customer_ids
    asked = people[:: max(-(-len(people) // most), 1)]
    counts: Counter[str] = Counter()
    personal = 0
    for person in asked.tolist():
        picks = found.for_customer(names[person], LISTED, rules=rules).picks
        personal += any(pick.reason not in _FOR_NOBODY for pick in picks)
        counts.update(pick.product_id for pick in picks)
    hidden = rules is not None and (rules.factor(found.catalogue) == 0)
    return Coverage(
        fit=found.serving.fit,
        customers=len(people),
        people=len(asked),
        personal=personal,
        products=int(len(found.catalogue) - np.sum(hidden)),
        shown=len(counts),
        places=counts.total(),
        first=sum(count for _, count in counts.most_common(FIRST)),
    )
