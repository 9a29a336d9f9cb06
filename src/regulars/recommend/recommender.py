"""The recommender of a shop: one fit, and an answer for every slot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Unpack
from uuid import uuid4

import numpy as np
import pyarrow as pa
from scipy import sparse

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.recommend import evaluation, interactions, selling, tuning
from regulars.recommend.answers import OVER_CAP, UNKNOWN_COUNTRY, UNKNOWN_CUSTOMER, UNKNOWN_PRODUCT, Answer
from regulars.recommend.blend import relative
from regulars.recommend.components.shape import Component
from regulars.recommend.evaluation import Evaluation
from regulars.recommend.everyone import everyone, table
from regulars.recommend.interactions import Interactions
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.request import NO_RULES, Asked, items, wanted
from regulars.recommend.rules import Rules
from regulars.recommend.shelf import Factor, Source, fill, plain
from regulars.recommend.tuning import Tuned
from regulars.recommend.windows import DAYS, FEWEST_BUYERS
from regulars.sources.products import read_products

if TYPE_CHECKING:
    from regulars.lake import Orders

SEEDS = 2
SESSION_DECAY = 0.8


def new_id() -> str:
    """Return an id that no other answer has."""
    return uuid4().hex


@dataclass(frozen=True)
class Recommender:
    """Everything fitted, ready to answer.

    Every slot takes ``k`` and, by name, all of :class:`~regulars.recommend.request.Asked`: ``rules`` (what the shop wants of the
    slot), ``exclude`` (product ids that must not be shown), ``factor`` (one number ≥ 0 an item, multiplied with scores; zero hides)
    and what is known of whoever asks (``customer``, ``cart``, ``shown``). It returns exactly k products where the shop has as many
    that may be shown, fills up with what is popular right now, and never shows one twice.
    """

    model: Model
    tuned: Tuned
    name: Callable[[], str] = new_id
    """Names answers that were not given an id."""

    @property
    def data(self) -> Interactions:
        """What everything was fitted on."""
        return self.model.data

    def for_customer(self, customer_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """For you: things to buy again and new ones, by the shop's own customer id."""
        person = self._person(customer_id)
        sources = [] if person is None else [self._for_you(person)]
        return self._answer("for_you", sources, k, more, person=person, unknown=UNKNOWN_CUSTOMER)

    def buy_again(self, customer_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """Only what the customer bought before; may be fewer than k, and nothing for somebody unknown."""
        person = self._person(customer_id)
        again = self.model.again
        sources = [] if person is None else [_source(again, again.profiles[[person]], "bought_before")]
        told = UNKNOWN_CUSTOMER
        return self._answer("buy_again", sources, k, more, person=person, unknown=told, fill_up=False)

    def discover(self, customer_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """Only what the customer never bought."""
        person, near = self._person(customer_id), self.model.neighbours
        sources: list[Source] = []
        new = np.ones(self.data.items)
        if person is not None:
            sources = [_source(near, near.profiles[[person]], "because_bought")]
            new[self.data.owned[[person]].indices] = 0.0
        return self._answer("discover", sources, k, more, person=person, own=new, unknown=UNKNOWN_CUSTOMER)

    def similar(self, product_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What people buy who buy this product, soon after it or with it; what looks like it, where too few bought it to tell."""
        return self._by_items("similar", self.model.neighbours, [product_id], k, more)

    def because_viewed(self, product_ids: Sequence[str], k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What follows from the products viewed in a session, the latest last and heaviest."""
        near = self.model.neighbours
        return self._by_items("because_viewed", near, product_ids, k, more, decay=SESSION_DECAY)

    def bought_together(self, product_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What is in the same order as this product."""
        return self._by_items("bought_together", self.model.together, [product_id], k, more)

    def for_cart(self, product_ids: Sequence[str], k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What completes a cart."""
        return self._by_items("cart", self.model.together, product_ids, k, more)

    def cross_sell(self, product_ids: Sequence[str], k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What completes a cart from other categories; nothing where the shop has no categories."""
        other = selling.other_kind(self.data.catalogue, items(self.model, product_ids))
        return self._by_items("cross_sell", self.model.together, product_ids, k, more, own=other, strict=True)

    def up_sell(self, product_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What costs a little more in the same category, by what goes with it and what it leaves; may be fewer than k."""
        found = items(self.model, [product_id])
        dearer = np.ones(self.data.items)
        sources: list[Source] = []
        if found:
            dearer = selling.step_up(self.data.catalogue, found[0])
            # Carts rarely hold two of a kind: who buys it instead is among the neighbours over time.
            sources = [_source(self.model.neighbours, self._profile(found), "step_up")]
        told = UNKNOWN_PRODUCT
        return self._answer("up_sell", sources, k, more, own=dearer, unknown=told, fill_up=False)

    def trending(
        self, k: int = 10, *, category: str | None = None, country: str | None = None, **more: Unpack[Asked]
    ) -> Answer:
        """What most people bought in the last two weeks: overall, of one category, or first of all in one country."""
        inside = None if category is None else self.data.catalogue.kinds.named(category).astype(float)
        if country is None:
            return self._answer("trending", [], k, more, own=inside)
        near = self.model.trending.near
        place = [
            code for code, name in enumerate(self.data.countries) if name.casefold() == country.casefold()
        ]
        sold = np.asarray(near[place].sum(axis=0)).ravel() if place else np.zeros(self.data.items)
        # Among equals what sells everywhere: its share of all buyers is below one.
        ranked = np.where(
            sold > 0, sold + self.model.trending.now / (1.0 + self.model.trending.now.sum()), 0.0
        )
        sources = [plain(ranked, "trending_near")] if sold.any() else []
        return self._answer("trending", sources, k, more, own=inside, unknown=UNKNOWN_COUNTRY)

    def new_arrivals(self, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What was sold for the first time in the last four weeks, then what nobody bought yet; may be fewer than k."""
        sources = [plain(self.model.trending.arrivals, "arrival"), plain(self.model.unsold, "unsold")]
        return self._answer("new_arrivals", sources, k, more, fill_up=False)

    def everyone(self, k: int = 10, *, rules: Rules | None = None) -> pa.Table:
        """For you of every known customer: customer_id, place, product_id, title, score."""
        held = rules or NO_RULES
        if not (held.exclude_bought or held.pin or held.caps(self.data.catalogue)):
            return everyone(self.model, k, self.model.factor(held))
        rows = [
            (person, place, self.data.catalogue.codes[pick.product_id], pick.score)
            for person in np.unique(self.data.known.person)
            for place, pick in enumerate(
                self.for_customer(self.data.customer_ids[person], k, rules=held).picks
            )
        ]
        person, place, item, score = np.array(rows, float).reshape(-1, 4).T
        return table(self.data, person.astype(np.int64), place.astype(np.int64), item.astype(np.int64), score)

    def evaluate(self, cutoffs: tuple[date, ...] = (), *, days: int = DAYS) -> Evaluation | Unknown:
        """Hold recommendations made on earlier days against what people bought after them."""
        return evaluation.evaluate(self.data, cutoffs, days=days)

    def _by_items(
        self,
        slot: str,
        component: Component,
        product_ids: Sequence[str],
        k: int,
        more: Asked,
        *,
        own: Factor | None = None,
        decay: float = 1.0,
        strict: bool = False,
    ) -> Answer:
        found = items(self.model, product_ids)
        reason = {"similar": "similar", "because_viewed": "because_viewed"}.get(slot, "goes_with")
        sources = []
        if found:
            profile = self._profile(found, decay)
            sources = [_source(component, profile, reason)]
            if component is self.model.neighbours:
                alike = _source(self.model.attributes, profile, "alike")
                few = self.model.trending.ever[found].max() < FEWEST_BUYERS
                sources = [alike, *sources] if few else [*sources, alike]
        without = np.ones(self.data.items)
        without[found] = 0.0
        own = without if own is None else own * without
        return self._answer(slot, sources, k, more, own=own, unknown=UNKNOWN_PRODUCT, fill_up=not strict)

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

        return Source(lambda: own + new, why)

    def _answer(
        self,
        slot: str,
        sources: list[Source],
        k: int,
        more: Asked,
        *,
        person: int | None = None,
        own: Factor | None = None,
        unknown: Unknown | None = None,
        fill_up: bool = True,
    ) -> Answer:
        if k < 1:
            raise RegularsError(
                "recommend.bad_k",
                mark("{k} is no number of products."),
                hint=mark("Ask for one or more."),
                k=k,
            )
        asks = person if person is not None else self._person(more.get("customer"))
        held = wanted(self.model, asks, more, own)
        rest = [plain(self.model.trending.now, "trending"), plain(self.model.unsold, "unsold")]
        picks = fill(
            [*sources, *rest] if fill_up else sources,
            self.data.catalogue,
            k,
            factor=held.factor,
            pins=held.pins,
            caps=held.caps,
        )
        notes = (OVER_CAP,) if any(pick.note for pick in picks) else ()
        told = unknown if not sources else None
        return Answer(slot, picks, told, notes, self.model.version, more.get("answer_id") or self.name())

    def _person(self, customer_id: str | None) -> int | None:
        person = self.data.people_codes.get(str(customer_id))
        return None if person is None or not self.data.owned[[person]].nnz else person

    def _profile(self, items: Sequence[int], decay: float = 1.0) -> sparse.csr_array:
        """Return one row that weighs the last item one, and those before it less."""
        weight = decay ** np.arange(len(items))[::-1]
        cells = weight, (np.zeros(len(items), np.int64), np.array(items, np.int64))
        return sparse.csr_array(sparse.coo_array(cells, shape=(1, self.data.items)))


def _source(component: Component, profile: sparse.csr_array, reason: str) -> Source:
    return Source(
        lambda: component.scores(profile)[0], lambda item: (reason, component.seeds(profile, item, SEEDS))
    )


def fit(
    orders: Orders, *, as_of: date | None = None, tune: bool = True, catalogue: Any = None
) -> Recommender:
    """Fit every slot of a shop's recommender on its orders up to ``as_of`` (inclusive; default: all of them).

    With ``tune`` the parameters learn from the last four weeks. ``catalogue`` is a file or a table with a row a product:
    ``product_id`` and whatever else is known of title, category, brand, price, cost, available and attributes; products that
    nobody bought yet can then be shown. Raises :class:`~regulars.kit.errors.RegularsError` where the orders do not say which
    products were bought, or a row of the catalogue makes no sense.
    """
    return fit_interactions(purchases(orders, as_of=as_of, catalogue=catalogue), tune=tune)


def purchases(orders: Orders, *, as_of: date | None = None, catalogue: Any = None) -> Interactions:
    """Read who bought what when, up to ``as_of``; raises as :func:`fit` does."""
    if not orders.capabilities.products:
        raise RegularsError(
            "recommend.no_products",
            mark("The orders do not say which products were bought."),
            hint=mark("Give a file with a row an order line, or name the column: --map product_id=COLUMN."),
        )
    listed = None if catalogue is None else read_products(catalogue, orders.workspace)
    return interactions.read(orders, as_of=as_of, listed=listed)


def fit_interactions(
    data: Interactions, *, tune: bool = True, parameters: Parameters | None = None
) -> Recommender:
    """Fit on interactions that were read before; ``parameters`` are where tuning starts, or stay."""
    begin = parameters or Parameters()
    found = tuning.tune(data, begin) if tune else Tuned(begin, 0)
    return Recommender(Model(data, found.parameters), found)
