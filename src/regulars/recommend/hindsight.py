"""What would have been recommended some weeks ago, and was it bought: the evaluation a merchant reads, of some customers only.

The lists are those of that day: nothing that happened later is known to them. Beside them stand what sold most then, and
what each customer had bought most often, because a list is worth having only if it beats both.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.numeric import ranking
from regulars.recommend import evaluation, interactions
from regulars.recommend.interactions import Interactions, date_of
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.windows import DAYS, FEWEST_BUYERS, Part, Window, look_back

if TYPE_CHECKING:
    from regulars.lake import Orders

LISTED = 10
MOST_LINES = 2_000_000
"""Of larger shops a share of the customers is looked at, with about so many order lines."""
MOST_PEOPLE = 1_000
FEWEST_PEOPLE = 20
PRODUCTS = 8
EXAMPLES = 3


@dataclass(frozen=True)
class Way:
    """How often one way to recommend would have been right.

    Shares of the customers who came back: for whom at least one of the ten products was bought, and the same among
    products new to them only; None where nothing can be said.
    """

    name: str
    hit: float
    new: float | None
    bought: float
    """How many of the ten were bought on average."""


@dataclass(frozen=True)
class Shown:
    """A product, in how many lists it would have stood, and how many of these customers bought it."""

    title: str
    lists: int
    bought: int


@dataclass(frozen=True)
class Example:
    """What one customer would have been shown, best first, and whether each was bought."""

    customer_id: str
    products: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Hindsight:
    """Lists made on an earlier day, held against what was bought in the days after it."""

    cutoff: date
    """The first day that was not known."""
    days: int
    people: int
    """Customers looked at: had bought before, and bought again in these days."""
    ways: tuple[Way, ...]
    products: tuple[Shown, ...]
    """Those that stood in most lists."""
    examples: tuple[Example, ...]
    """Customers in even steps through all of them, not chosen for how right their lists were."""

    def way(self, name: str) -> Way:
        """Return one way; ``KeyError`` if it was not looked at."""
        for found in self.ways:
            if found.name == name:
                return found
        raise KeyError(name)

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return asdict(self) | {"cutoff": self.cutoff.isoformat()}


def hindsight(
    orders: Orders, *, as_of: date | None = None, days: int = DAYS, most_lines: int = MOST_LINES
) -> Hindsight | Unknown:
    """Look back ``days`` days from the end of the orders (``as_of``, inclusive), with ready-made parameters.

    Some thousand customers at most are judged, and of shops with more than ``most_lines`` order lines everything is
    learnt from a share of the customers too, so that it takes seconds on any shop.
    """
    if not orders.capabilities.products:
        return Unknown.because(
            "recommend.no_products", mark("The orders do not say which products were bought.")
        )
    data = _some(orders, as_of, most_lines)
    window = look_back(data, data.end - days, days, FEWEST_BUYERS)
    people = window.people
    if len(people) < FEWEST_PEOPLE:
        return Unknown.because(
            "recommend.too_few_returned",
            mark(
                "Fewer than {fewest} customers who had bought before came back in the last {days} days to buy products that enough customers know."
            ),
            fewest=FEWEST_PEOPLE,
            days=days,
        )
    return _held(window, people[:: -(-len(people) // MOST_PEOPLE)], days)


def _some(orders: Orders, as_of: date | None, most_lines: int) -> Interactions:
    """Read the purchases of all customers who can be told apart, or of every so many-th."""
    from regulars.recommend import frames

    engine, lines, named = orders.workspace.engine, orders.lines, orders.identities
    known = lines.filter(lines.customer_key.notnull())
    every = -(-engine.arrow(known.aggregate(lines=known.count()))["lines"][0].as_py() // most_lines)
    if every > 1:
        known, named = (table.filter(table.customer_key % every == 0) for table in (known, named))
    return interactions.from_tables(
        engine.arrow(frames.purchases(known, as_of)),
        engine.arrow(frames.goods(known, orders.products, as_of)),
        engine.arrow(frames.customers(named)),
        as_of=as_of,
    )


def _held(window: Window, people: NDArray[np.int64], days: int) -> Hindsight:
    model = Model(window.known, Parameters())
    scorers = {"for_you": model.for_you} | evaluation.baselines(window.known)
    parts = list(window.parts(people))
    ways, marked = [], []
    for name, scorer in scorers.items():
        scores = [scorer(part.people) for part in parts]
        ranked = [part.ranked(said, "all", LISTED) for part, said in zip(parts, scores, strict=True)]
        fresh = [part.ranked(said, "new", LISTED) for part, said in zip(parts, scores, strict=True)]
        right = _right(parts, ranked)
        new = ranking.hit(np.concatenate(fresh), _chosen(parts, "new"), LISTED)
        # What was never bought was never bought often: that way has nothing to say of it.
        told = None if np.isnan(new).all() or name == "frequency" else float(np.nanmean(new))
        ways.append(Way(name, float(right.any(axis=1).mean()), told, float(right.sum(axis=1).mean())))
        marked.append((np.concatenate(ranked), right))
    lists, hits = marked[0]
    return Hindsight(
        date_of(window.known.end),
        days,
        len(people),
        tuple(ways),
        _products(window.known, lists, hits),
        _examples(window.known, people, lists, hits),
    )


def _right(parts: list[Part], ranked: list[NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Return which places of each list hold something that was bought."""
    found = []
    for part, lists in zip(parts, ranked, strict=True):
        chosen = part.chosen["all"].toarray() > 0
        found.append(np.take_along_axis(chosen, np.maximum(lists, 0), axis=1) & (lists >= 0))
    return np.concatenate(found)


def _chosen(parts: list[Part], kind: str) -> sparse.csr_array:
    return sparse.csr_array(sparse.vstack([part.chosen[kind] for part in parts]))


def _products(data: Interactions, lists: NDArray[np.int64], right: NDArray[np.bool_]) -> tuple[Shown, ...]:
    shown = Counter(lists[lists >= 0].tolist())
    bought = Counter(lists[right].tolist())
    first = sorted(shown, key=lambda item: (-shown[item], item))[:PRODUCTS]
    return tuple(Shown(_title(data, item), shown[item], bought[item]) for item in first)


def _examples(
    data: Interactions, people: NDArray[np.int64], lists: NDArray[np.int64], right: NDArray[np.bool_]
) -> tuple[Example, ...]:
    rows = np.linspace(0, len(people) - 1, EXAMPLES + 2).round().astype(int)[1:-1]
    return tuple(
        Example(
            data.customer_ids[people[row]],
            tuple(
                (_title(data, int(item)), bool(hit))
                for item, hit in zip(lists[row], right[row], strict=True)
                if item >= 0
            ),
        )
        for row in rows.tolist()
    )


def _title(data: Interactions, item: int) -> str:
    return data.catalogue.titles[item] or data.catalogue.product_ids[item]
