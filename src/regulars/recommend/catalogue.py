"""What a shop sells, as rules, shelves and components see it: one entry a product, in the order of item codes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from regulars.recommend.rules import Rules

Codes = NDArray[np.int64]
NONE = -1
"""The code of a product that has no category or no brand."""
BELOW = (" > ", "/", " / ", "|")
"""What stands between a category and one inside it, as shops write paths."""


@dataclass(frozen=True)
class Catalogue:
    """What the shop sells, in the order of item codes (that of the product ids)."""

    product_ids: tuple[str, ...]
    titles: tuple[str | None, ...]
    categories: tuple[str | None, ...]
    prices: NDArray[np.float64]
    """NaN where unknown."""
    costs: NDArray[np.float64]
    """NaN where unknown."""
    brands: tuple[str | None, ...] = ()
    """Nothing at all where no brand is known."""
    stock: NDArray[np.bool_] | None = None
    """Which products can be bought now; None where nobody said."""
    listed: NDArray[np.bool_] | None = None
    """Which products the shop's own catalogue names; None where there is none."""
    attributes: tuple[tuple[str, ...], ...] = ()
    """What else is said of each product, such as ``colour=red``; nothing at all where nobody said anything."""

    def __len__(self) -> int:
        return len(self.product_ids)

    @cached_property
    def codes(self) -> dict[str, int]:
        """Item code by product id."""
        return {name: code for code, name in enumerate(self.product_ids)}

    @property
    def available(self) -> NDArray[np.bool_]:
        """Which products can be bought now; all of them where nobody said."""
        return np.ones(len(self), bool) if self.stock is None else self.stock

    @cached_property
    def kinds(self) -> Labels:
        """The categories."""
        return Labels.of(self.categories)

    @cached_property
    def makers(self) -> Labels:
        """The brands."""
        return Labels.of(self.brands or (None,) * len(self))

    @cached_property
    def by_rules(self) -> dict[Rules, tuple[NDArray[np.float64] | None]]:
        """Whatever :func:`~regulars.recommend.request.by_rules` worked out."""
        return {}


@dataclass(frozen=True)
class Labels:
    """One name a product, as numbers."""

    names: tuple[str, ...]
    codes: Codes
    """The place of each product's name among ``names``; :data:`NONE` where it has none."""

    @classmethod
    def of(cls, given: tuple[str | None, ...]) -> Labels:
        """Number the names in alphabetical order."""
        names = tuple(sorted({name for name in given if name is not None}))
        place = {name: code for code, name in enumerate(names)}
        return cls(names, np.array([place.get(name, NONE) if name else NONE for name in given], np.int64))

    def named(self, *wanted: str) -> NDArray[np.bool_]:
        """Return which products have one of these names, letter case aside."""
        folded = {name.casefold() for name in wanted}
        return self._where([name.casefold() in folded for name in self.names])

    def within(self, *wanted: str) -> NDArray[np.bool_]:
        """Return which products have one of these names or one below it: ``Tea > Green`` is within ``Tea``."""
        folded = tuple(name.casefold() for name in wanted)
        above = tuple(chain.from_iterable((name + sign for sign in BELOW) for name in folded))
        return self._where(
            [name.casefold() in folded or name.casefold().startswith(above) for name in self.names]
        )

    def _where(self, chosen: list[bool]) -> NDArray[np.bool_]:
        # The last one stands for products without a name: their code is -1.
        return np.array([*chosen, False], bool)[self.codes]
