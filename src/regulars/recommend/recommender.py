"""The recommender of a shop: one fit, and an answer for every slot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.recommend import evaluation, interactions, selling, tuning
from regulars.recommend.answers import UNKNOWN_CUSTOMER, UNKNOWN_PRODUCT, Answer
from regulars.recommend.blend import relative, side_by_side
from regulars.recommend.evaluation import Evaluation
from regulars.recommend.everyone import Everyone, tables
from regulars.recommend.interactions import Catalogue, Interactions
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.serving import Fitted, Profile, Scored, Serving, basket, told
from regulars.recommend.shelf import Factor, Source, fill, plain
from regulars.recommend.tuning import Tuned
from regulars.recommend.windows import DAYS

if TYPE_CHECKING:
    from regulars.lake import Orders

SEEDS = 2
SESSION_DECAY = 0.8


class Slots:
    """An answer for every slot, whatever it is served from.

    Every slot takes ``k``, ``exclude`` (product ids that must not be shown) and ``factor`` (one number ≥ 0 an item, in the
    order of ``catalogue``: stock, rules, boosts and margins as one vector; zero hides). It returns exactly k products
    where the shop has as many, fills up with what is popular right now, and never shows one twice.
    """

    if TYPE_CHECKING:

        @property
        def serving(self) -> Serving:
            """What is answered from; a field of those who have it ready, worked out by the others."""

    @property
    def catalogue(self) -> Catalogue:
        """What the shop sells, in the order of factors."""
        return self.serving.catalogue

    def for_customer(
        self, customer_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """For you: things to buy again and new ones, by the shop's own customer id."""
        person = self.serving.person(str(customer_id))
        sources = [] if person is None else [self._for_you(person)]
        return self._answer("for_you", sources, k, exclude, factor, UNKNOWN_CUSTOMER)

    def buy_again(
        self, customer_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """Only what the customer bought before; may be fewer than k, and nothing for somebody unknown."""
        person = self.serving.person(str(customer_id))
        sources = [] if person is None else [self._again(person)]
        return self._answer("buy_again", sources, k, exclude, factor, UNKNOWN_CUSTOMER, fill_up=False)

    def discover(
        self, customer_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """Only what the customer never bought."""
        person = self.serving.person(str(customer_id))
        sources: list[Source] = []
        had: tuple[str, ...] = ()
        if person is not None:
            sources = [self._near(self.serving.lately(person), "because_bought")]
            had = self._ids(self.serving.bought(person).items)
        return self._answer("discover", sources, k, (*exclude, *had), factor, UNKNOWN_CUSTOMER)

    def similar(
        self, product_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """What people buy who buy this product, soon after it or with it."""
        return self._by_items("similar", self._near, [product_id], k, exclude, factor)

    def because_viewed(
        self,
        product_ids: Sequence[str],
        k: int = 10,
        *,
        exclude: Collection[str] = (),
        factor: Factor | None = None,
    ) -> Answer:
        """What follows from the products viewed in a session, the latest last and heaviest."""
        return self._by_items(
            "because_viewed", self._near, product_ids, k, exclude, factor, decay=SESSION_DECAY
        )

    def bought_together(
        self, product_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """What is in the same order as this product."""
        return self._by_items("bought_together", self._together, [product_id], k, exclude, factor)

    def for_cart(
        self,
        product_ids: Sequence[str],
        k: int = 10,
        *,
        exclude: Collection[str] = (),
        factor: Factor | None = None,
    ) -> Answer:
        """What completes a cart."""
        return self._by_items("cart", self._together, product_ids, k, exclude, factor)

    def cross_sell(
        self,
        product_ids: Sequence[str],
        k: int = 10,
        *,
        exclude: Collection[str] = (),
        factor: Factor | None = None,
    ) -> Answer:
        """What completes a cart from other categories; nothing where the shop has no categories."""
        items = self._items(product_ids)
        other = selling.other_kind(self.catalogue, items) * (1.0 if factor is None else factor)
        return self._by_items("cross_sell", self._together, product_ids, k, exclude, other, strict=True)

    def up_sell(
        self, product_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """What costs a little more in the same category, by what goes with it and what it leaves; may be fewer than k."""
        items = self._items([product_id])
        if not items:
            return self._answer("up_sell", [], k, exclude, factor, UNKNOWN_PRODUCT, fill_up=False)
        dearer = selling.step_up(self.catalogue, items[0]) * (1.0 if factor is None else factor)
        # Carts rarely hold two of a kind: who buys it instead is among the neighbours over time.
        source = self._near(basket(items), "step_up")
        return self._answer("up_sell", [source], k, (*exclude, product_id), dearer, None, fill_up=False)

    def trending(
        self,
        k: int = 10,
        *,
        category: str | None = None,
        exclude: Collection[str] = (),
        factor: Factor | None = None,
    ) -> Answer:
        """What most people bought in the last two weeks, overall or of one category."""
        if category is not None:
            inside = np.array([kind == category for kind in self.catalogue.categories], float)
            factor = inside if factor is None else inside * factor
        return self._answer("trending", [], k, exclude, factor, None)

    def new_arrivals(
        self, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """What was sold for the first time in the last four weeks; may be fewer than k."""
        source = plain(self.serving.trending.arrivals, "arrival")
        return self._answer("new_arrivals", [source], k, exclude, factor, None, fill_up=False)

    def _by_items(
        self,
        slot: str,
        component: Callable[[Profile, str], Source],
        product_ids: Sequence[str],
        k: int,
        exclude: Collection[str],
        factor: Factor | None,
        *,
        decay: float = 1.0,
        strict: bool = False,
    ) -> Answer:
        items = self._items(product_ids)
        reason = {"similar": "similar", "because_viewed": "because_viewed"}.get(slot, "goes_with")
        sources = [component(basket(items, decay), reason)] if items else []
        without = (*exclude, *product_ids)
        return self._answer(slot, sources, k, without, factor, UNKNOWN_PRODUCT, fill_up=not strict)

    def _for_you(self, person: int) -> Source:
        """Return the blend, each item's reason being the side that says more for it."""
        serving, lately = self.serving, self.serving.lately(person)
        had, near = serving.bought(person), Scored(lately, serving.near, serving.momentum)
        own = relative((had.weights * serving.again[had.items])[None, :])[0]
        new = serving.parameters.discovery_weight * relative(near.scores[None, :])[0]
        items, first, second = side_by_side((had.items, own), (near.items, new))

        def why(item: int) -> tuple[str, tuple[int, ...]]:
            place = np.searchsorted(items, item)
            if first[place] >= second[place]:
                return "bought_before", (item,)
            return told(lately, "because_bought", near.seeds(item, SEEDS))

        return Source(first + second, why, items)

    def _again(self, person: int) -> Source:
        """Return what a person bought, as something to buy again."""
        had = self.serving.bought(person)
        scores = had.weights * self.serving.again[had.items]
        return Source(scores, lambda item: ("bought_before", (item,)), had.items)

    def _near(self, profile: Profile, reason: str) -> Source:
        """Return what the neighbours of a profile's items say, times what sells now."""
        found = Scored(profile, self.serving.near, self.serving.momentum)
        return Source(found.scores, lambda item: told(profile, reason, found.seeds(item, SEEDS)), found.items)

    def _together(self, profile: Profile, reason: str) -> Source:
        """Return what an order holds beside a profile's items."""
        found = Scored(profile, self.serving.together, None)
        return Source(found.scores, lambda item: (reason, found.seeds(item, SEEDS)), found.items)

    def _answer(
        self,
        slot: str,
        sources: list[Source],
        k: int,
        exclude: Collection[str],
        factor: Factor | None,
        unknown: Unknown | None,
        *,
        fill_up: bool = True,
    ) -> Answer:
        if k < 1:
            raise RegularsError(
                "recommend.bad_k",
                mark("{k} is no number of products."),
                hint=mark("Ask for one or more."),
                k=k,
            )
        ever = plain(self.serving.trending.now, "trending")
        shown = fill(
            [*sources, ever] if fill_up else sources,
            self.catalogue,
            k,
            without=self._items(exclude),
            factor=factor,
        )
        return Answer(slot, shown, unknown if not sources else None)

    def _items(self, product_ids: Collection[str]) -> list[int]:
        """Return codes of the products there are, in the order given, each once."""
        codes = self.catalogue.codes
        return [codes[name] for name in dict.fromkeys(map(str, product_ids)) if name in codes]

    def _ids(self, items: NDArray[np.int64]) -> tuple[str, ...]:
        return tuple(self.catalogue.product_ids[item] for item in items)


@dataclass(frozen=True)
class Recommender(Slots):
    """Everything fitted, ready to answer."""

    model: Model
    tuned: Tuned

    @property
    def data(self) -> Interactions:
        """What everything was fitted on."""
        return self.model.data

    @cached_property
    def serving(self) -> Fitted:
        """What is answered from."""
        return Fitted(self.model)

    def parts(self, k: int = 10) -> Iterator[pa.Table]:
        """The same as :meth:`everyone`, some people at a time, so that memory is bounded; the first part is empty."""
        told, now = self.serving, self.serving.trending.now
        everybody = Everyone(
            told.purchases, told.visits, told.near, told.again, told.momentum, now, told.parameters
        )
        return tables(everybody, self.data.customer_ids, self.catalogue, k)

    def everyone(self, k: int = 10) -> pa.Table:
        """For you of every known customer: customer_id, place, product_id, title, score; memory grows by k rows a customer."""
        return pa.concat_tables(self.parts(k))

    def evaluate(self, cutoffs: tuple[date, ...] = (), *, days: int = DAYS) -> Evaluation | Unknown:
        """Hold recommendations made on earlier days against what people bought after them."""
        return evaluation.evaluate(self.data, cutoffs, days=days)


def fit(orders: Orders, *, as_of: date | None = None, tune: bool = True) -> Recommender:
    """Fit every slot of a shop's recommender on its orders up to ``as_of`` (inclusive; default: all of them).

    With ``tune`` the parameters learn from the last four weeks. Raises
    :class:`~regulars.kit.errors.RegularsError` where the orders do not say which products were bought.
    """
    return fit_interactions(purchases(orders, as_of=as_of), tune=tune)


def purchases(orders: Orders, *, as_of: date | None = None) -> Interactions:
    """Read who bought what when, up to ``as_of``; raises as :func:`fit` does."""
    if not orders.capabilities.products:
        raise RegularsError(
            "recommend.no_products",
            mark("The orders do not say which products were bought."),
            hint=mark("Give a file with a row an order line, or name the column: --map product_id=COLUMN."),
        )
    return interactions.read(orders, as_of=as_of)


def fit_interactions(
    data: Interactions, *, tune: bool = True, parameters: Parameters | None = None
) -> Recommender:
    """Fit on interactions that were read before; ``parameters`` are where tuning starts, or stay."""
    begin = parameters or Parameters()
    found = tuning.tune(data, begin) if tune else Tuned(begin, 0)
    return Recommender(Model(data, found.parameters), found)
