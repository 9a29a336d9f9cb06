"""The recommender of a shop: one fit, and an answer for every slot."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.recommend import evaluation, interactions, selling, tuning
from regulars.recommend.answers import UNKNOWN_CUSTOMER, UNKNOWN_PRODUCT, Answer
from regulars.recommend.blend import relative
from regulars.recommend.components.shape import Component
from regulars.recommend.evaluation import Evaluation
from regulars.recommend.everyone import everyone
from regulars.recommend.interactions import Interactions
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.shelf import Factor, Source, fill, plain
from regulars.recommend.tuning import Tuned
from regulars.recommend.windows import DAYS

if TYPE_CHECKING:
    from regulars.lake import Orders

SEEDS = 2
SESSION_DECAY = 0.8


@dataclass(frozen=True)
class Recommender:
    """Everything fitted, ready to answer.

    Every slot takes ``k``, ``exclude`` (product ids that must not be shown) and ``factor`` (one number ≥ 0 an item, in the
    order of ``data.catalogue``: stock, rules, boosts and margins as one vector; zero hides). It returns exactly k products
    where the shop has as many, fills up with what is popular right now, and never shows one twice.
    """

    model: Model
    tuned: Tuned

    @property
    def data(self) -> Interactions:
        """What everything was fitted on."""
        return self.model.data

    def for_customer(
        self, customer_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """For you: things to buy again and new ones, by the shop's own customer id."""
        person = self._person(customer_id)
        sources = [] if person is None else [self._for_you(person)]
        return self._answer("for_you", sources, k, exclude, factor, UNKNOWN_CUSTOMER)

    def buy_again(
        self, customer_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """Only what the customer bought before; may be fewer than k, and nothing for somebody unknown."""
        person = self._person(customer_id)
        again = self.model.again
        sources = [] if person is None else [_source(again, again.profiles[[person]], "bought_before")]
        return self._answer("buy_again", sources, k, exclude, factor, UNKNOWN_CUSTOMER, fill_up=False)

    def discover(
        self, customer_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """Only what the customer never bought."""
        person, near = self._person(customer_id), self.model.neighbours
        sources: list[Source] = []
        had: tuple[str, ...] = ()
        if person is not None:
            sources = [_source(near, near.profiles[[person]], "because_bought")]
            had = self._ids(self.data.owned[[person]].indices)
        return self._answer("discover", sources, k, (*exclude, *had), factor, UNKNOWN_CUSTOMER)

    def similar(
        self, product_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """What people buy who buy this product, soon after it or with it."""
        return self._by_items("similar", self.model.neighbours, [product_id], k, exclude, factor)

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
            "because_viewed", self.model.neighbours, product_ids, k, exclude, factor, decay=SESSION_DECAY
        )

    def bought_together(
        self, product_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """What is in the same order as this product."""
        return self._by_items("bought_together", self.model.together, [product_id], k, exclude, factor)

    def for_cart(
        self,
        product_ids: Sequence[str],
        k: int = 10,
        *,
        exclude: Collection[str] = (),
        factor: Factor | None = None,
    ) -> Answer:
        """What completes a cart."""
        return self._by_items("cart", self.model.together, product_ids, k, exclude, factor)

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
        other = selling.other_kind(self.data.catalogue, items) * (1.0 if factor is None else factor)
        return self._by_items("cross_sell", self.model.together, product_ids, k, exclude, other, strict=True)

    def up_sell(
        self, product_id: str, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """What costs a little more in the same category, by what goes with it and what it leaves; may be fewer than k."""
        items = self._items([product_id])
        if not items:
            return self._answer("up_sell", [], k, exclude, factor, UNKNOWN_PRODUCT, fill_up=False)
        dearer = selling.step_up(self.data.catalogue, items[0]) * (1.0 if factor is None else factor)
        # Carts rarely hold two of a kind: who buys it instead is among the neighbours over time.
        near = self.model.neighbours
        source = _source(near, self._profile(items), "step_up")
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
            inside = np.array([kind == category for kind in self.data.catalogue.categories], float)
            factor = inside if factor is None else inside * factor
        return self._answer("trending", [], k, exclude, factor, None)

    def new_arrivals(
        self, k: int = 10, *, exclude: Collection[str] = (), factor: Factor | None = None
    ) -> Answer:
        """What was sold for the first time in the last four weeks; may be fewer than k."""
        source = plain(self.model.trending.arrivals, "arrival")
        return self._answer("new_arrivals", [source], k, exclude, factor, None, fill_up=False)

    def everyone(self, k: int = 10) -> pa.Table:
        """For you of every known customer: customer_id, place, product_id, title, score."""
        return everyone(self.model, k)

    def evaluate(self, cutoffs: tuple[date, ...] = (), *, days: int = DAYS) -> Evaluation | Unknown:
        """Hold recommendations made on earlier days against what people bought after them."""
        return evaluation.evaluate(self.data, cutoffs, days=days)

    def _by_items(
        self,
        slot: str,
        component: Component,
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
        sources = [_source(component, self._profile(items, decay), reason)] if items else []
        without = (*exclude, *product_ids)
        return self._answer(slot, sources, k, without, factor, UNKNOWN_PRODUCT, fill_up=not strict)

    def _for_you(self, person: int) -> Source:
        """Return the blend, each item's reason being the side that says more for it."""
        people = np.array([person])
        again, near = self.model.again, self.model.neighbours
        own = relative(self.model.repeats(people))[0]
        new = self.model.parameters.discovery_weight * relative(self.model.discoveries(people))[0]
        profile = near.profiles[[person]]

        def why(item: int) -> tuple[str, tuple[int, ...]]:
            if own[item] >= new[item]:
                return "bought_before", again.seeds(again.profiles[[person]], item, SEEDS)
            return "because_bought", near.seeds(profile, item, SEEDS)

        return Source(own + new, why)

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
        ever = plain(self.model.trending.now, "trending")
        shown = fill(
            [*sources, ever] if fill_up else sources,
            self.data.catalogue,
            k,
            without=self._items(exclude),
            factor=factor,
        )
        return Answer(slot, shown, unknown if not sources else None)

    def _person(self, customer_id: str) -> int | None:
        person = self.data.people_codes.get(str(customer_id))
        return None if person is None or not self.data.owned[[person]].nnz else person

    def _items(self, product_ids: Collection[str]) -> list[int]:
        """Return codes of the products there are, in the order given, each once."""
        codes = self.data.catalogue.codes
        return [codes[name] for name in dict.fromkeys(map(str, product_ids)) if name in codes]

    def _ids(self, items: NDArray[np.int32]) -> tuple[str, ...]:
        return tuple(self.data.catalogue.product_ids[item] for item in items)

    def _profile(self, items: Sequence[int], decay: float = 1.0) -> sparse.csr_array:
        """Return one row that weighs the last item one, and those before it less."""
        weight = decay ** np.arange(len(items))[::-1]
        cells = weight, (np.zeros(len(items), np.int64), np.array(items, np.int64))
        return sparse.csr_array(sparse.coo_array(cells, shape=(1, self.data.items)))


def _source(component: Component, profile: sparse.csr_array, reason: str) -> Source:
    return Source(component.scores(profile)[0], lambda item: (reason, component.seeds(profile, item, SEEDS)))


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
