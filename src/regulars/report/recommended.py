"""What the page knows of recommendations: lists made on an earlier day, held against what was bought after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from regulars.report.words import Words


@dataclass(frozen=True, slots=True)
class Way:
    """One way to recommend: ``hit`` is the share of customers who bought at least one of the products listed, ``new`` the same
    among products new to them, ``bought`` how many of those listed were bought on average.
    """

    title: Words
    hit: float
    new: float | None
    bought: float
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A product that stood in ``lists`` lists and was bought by so many of those customers."""

    title: str
    lists: int
    bought: int


@dataclass(frozen=True, slots=True)
class Example:
    """One customer's list, best first, and whether each product was bought."""

    customer_id: str
    products: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Recommended:
    """Lists of ``listed`` products as of ``cutoff``, knowing nothing later, and the ``days`` days after it."""

    cutoff: date
    days: int
    customers: int
    listed: int
    ways: tuple[Way, ...]
    products: tuple[Shown, ...]
    examples: tuple[Example, ...]
