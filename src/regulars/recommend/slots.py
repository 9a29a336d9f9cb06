"""An answer for every slot, for one person or product at a time or for everybody, whatever it is served from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Unpack
from uuid import uuid4

import numpy as np
import pyarrow as pa

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.numeric.repurchase_timing import due
from regulars.recommend import follow, selling
from regulars.recommend.answers import OVER_CAP, UNKNOWN_COUNTRY, UNKNOWN_CUSTOMER, UNKNOWN_PRODUCT, Answer
from regulars.recommend.blend import relative, side_by_side
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.everyone import tables
from regulars.recommend.reordered import ahead
from regulars.recommend.request import NO_RULES, Asked, items, wanted
from regulars.recommend.rules import Rules
from regulars.recommend.serving import Crowd, Profile, Scored, Serving, Table, basket, rows_of, told
from regulars.recommend.shelf import Factor, Found, Source, Why, fill, plain
from regulars.recommend.windows import DAYS, FEWEST_BUYERS

SEEDS = 2
MOST_STEPS = 20
"""What was seen before the last so many products of a session says nothing of what comes next."""


def new_id() -> str:
    """Return an id that no other answer has."""
    return uuid4().hex


def _because(reason: str, found: Scored) -> Callable[[Sequence[int]], list[Why]]:
    """Return what says one reason for all, with the seeds of each."""
    return lambda named: [(reason, seeds) for seeds in found.seeds(named, SEEDS)]


class Slots:
    """An answer for every slot, whatever it is served from.

    Every slot takes ``k`` and, by name, all of :class:`~regulars.recommend.request.Asked`: ``rules`` (what the shop wants of the
    slot), ``exclude`` (product ids that must not be shown), ``factor`` (one number ≥ 0 an item, in the order of ``catalogue``,
    multiplied with scores; zero hides) and what is known of whoever asks (``customer``, ``cart``, ``shown``). It returns exactly k
    products where the shop has as many that may be shown, fills up with what is popular right now, and never shows one twice.
    """

    if TYPE_CHECKING:

        @property
        def serving(self) -> Serving:
            """What is answered from; a field of those who have it ready, worked out by the others."""

        @property
        def name(self) -> Callable[[], str]:
            """Names answers that were not given an id."""

    @property
    def catalogue(self) -> Catalogue:
        """What the shop sells, in the order of factors."""
        return self.serving.catalogue

    def for_customer(self, customer_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """For you: things to buy again and new ones, by the shop's own customer id."""
        person = self._person(customer_id)
        sources = [] if person is None else [self._for_you(person)]
        return self._answer("for_you", sources, k, more, person=person, unknown=UNKNOWN_CUSTOMER)

    def next_basket(
        self, customer_id: str, k: int = 10, *, within_days: float = DAYS, **more: Unpack[Asked]
    ) -> Answer:
        """What the customer's next order will hold, for a mail: as for you, what is due within some days before what is not.

        How much that counts is learnt; where it proved no better, this is for you. Raises ``ValueError`` for days not above zero.
        """
        person, power = self._person(customer_id), self.serving.parameters.due_power
        ready = None
        if person is not None and power:
            ready = due(*self.serving.lasting(person), within_days) ** power
        sources = [] if person is None else [self._for_you(person, ready)]
        return self._answer("next_basket", sources, k, more, person=person, unknown=UNKNOWN_CUSTOMER)

    def buy_again(self, customer_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """Only what the customer bought before; may be fewer than k, and nothing for somebody unknown."""
        person = self._person(customer_id)
        sources = [] if person is None else [self._again(person)]
        unknown = UNKNOWN_CUSTOMER
        return self._answer("buy_again", sources, k, more, person=person, unknown=unknown, fill_up=False)

    def discover(self, customer_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """Only what the customer never bought."""
        person = self._person(customer_id)
        sources: list[Source] = []
        had: list[int] = []
        if person is not None:
            sources = [self._near(self.serving.lately(person), "because_bought")]
            had = self.serving.bought(person).items.tolist()
        unknown = UNKNOWN_CUSTOMER
        return self._answer("discover", sources, k, more, person=person, without=had, unknown=unknown)

    def similar(self, product_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What people buy who buy this product, soon after it or with it; what looks like it, where too few bought it to tell."""
        return self._by_items("similar", self._near_or_alike, [product_id], k, more)

    def because_viewed(self, product_ids: Sequence[str], k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What follows from the products viewed in a session, the latest last and heaviest."""
        decay = self.serving.parameters.session_decay
        return self._by_items("because_viewed", self._near_or_alike, product_ids, k, more, decay=decay)

    def session(self, product_ids: Sequence[str], k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What follows in a running session, by the products viewed or put into the cart in it, the latest last.

        As :meth:`because_viewed`, and by past sessions that are most like this one where these help; whoever it is need not be known.
        """
        # What was seen again was seen last when it was seen last.
        seen = [*dict.fromkeys(reversed([str(name) for name in product_ids]))][::-1]
        decay = self.serving.parameters.session_decay
        return self._by_items("session", self._follows, seen, k, more, decay=decay)

    def bought_together(self, product_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What is in the same order as this product."""
        return self._by_items("bought_together", self._together, [product_id], k, more)

    def for_cart(self, product_ids: Sequence[str], k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What completes a cart."""
        return self._by_items("cart", self._together, product_ids, k, more)

    def cross_sell(self, product_ids: Sequence[str], k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What completes a cart from other categories; nothing where the shop has no categories."""
        other = selling.other_kind(self.catalogue, self._items(product_ids))
        return self._by_items("cross_sell", self._together, product_ids, k, more, own=other, strict=True)

    def up_sell(self, product_id: str, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What costs a little more in the same category, by what goes with it and what it leaves; may be fewer than k."""
        found = self._items([product_id])
        dearer = None
        sources: list[Source] = []
        if found:
            dearer = selling.step_up(self.catalogue, found[0])
            # Carts rarely hold two of a kind: who buys it instead is among the neighbours over time.
            sources = [self._near(basket(found), "step_up")]
        unknown = UNKNOWN_PRODUCT
        return self._answer(
            "up_sell", sources, k, more, own=dearer, without=found, unknown=unknown, fill_up=False
        )

    def trending(
        self, k: int = 10, *, category: str | None = None, country: str | None = None, **more: Unpack[Asked]
    ) -> Answer:
        """What most people bought in the last two weeks: overall, of one category, or first of all in one country."""
        inside = None if category is None else self.catalogue.kinds.named(category).astype(float)
        sources = [] if country is None else self._in_country(country)
        unknown = None if country is None else UNKNOWN_COUNTRY
        return self._answer("trending", sources, k, more, own=inside, unknown=unknown)

    def new_arrivals(self, k: int = 10, **more: Unpack[Asked]) -> Answer:
        """What was sold for the first time in the last four weeks, then what nobody bought yet; may be fewer than k."""
        sources = [plain(self.serving.trending.arrivals, "arrival"), plain(self.serving.unsold, "unsold")]
        return self._answer("new_arrivals", sources, k, more, fill_up=False)

    def _by_items(
        self,
        slot: str,
        component: Callable[[Profile, str], list[Source]],
        product_ids: Sequence[str],
        k: int,
        more: Asked,
        *,
        own: Factor | None = None,
        decay: float = 1.0,
        strict: bool = False,
    ) -> Answer:
        found = self._items(product_ids)
        reason = {"similar": "similar", "because_viewed": "because_viewed", "session": "because_viewed"}.get(
            slot, "goes_with"
        )
        sources = component(basket(found, decay), reason) if found else []
        unknown = UNKNOWN_PRODUCT
        return self._answer(
            slot, sources, k, more, own=own, without=found, unknown=unknown, fill_up=not strict
        )

    def _for_you(self, person: int, ready: Factor | None = None) -> Source:
        """Return the blend, re-ranked where it can be; each item's reason is the side that says more for it.

        ``ready`` weighs what to buy again; trees that learnt four weeks know nothing of it, and are not asked then.
        """

        def find() -> Found:
            serving, lately = self.serving, self.serving.lately(person)
            had, near = serving.bought(person), Scored(lately, serving.near, serving.momentum)
            own = had.weights * serving.again[had.items] * (1.0 if ready is None else ready)
            own = relative(own[None, :])[0]
            new = serving.parameters.discovery_weight * relative(near.scores[None, :])[0]
            items, first, second = side_by_side((had.items, own), (near.items, new))

            def why(named: Sequence[int]) -> list[Why]:
                place = np.searchsorted(items, named)
                own_says_more = (first[place] >= second[place]).tolist()
                return [
                    ("bought_before", (item,)) if again else told(lately, "because_bought", seeds)
                    for item, again, seeds in zip(named, own_says_more, near.seeds(named, SEEDS), strict=True)
                ]

            mixed = Found(first + second, why, items)
            ranked = serving.ranked(person) if ready is None else None
            return mixed if ranked is None else ahead(ranked, mixed, serving.parameters.discovery_weight)

        return Source(find)

    def _again(self, person: int) -> Source:
        """Return what a person bought, as something to buy again."""

        def find() -> Found:
            had = self.serving.bought(person)
            scores = had.weights * self.serving.again[had.items]
            return Found(scores, lambda named: [("bought_before", (item,)) for item in named], had.items)

        return Source(find)

    def _near(self, profile: Profile, reason: str, table: Table | None = None) -> Source:
        """Return what the neighbours of a profile's items say, times what sells now."""

        def find() -> Found:
            found = Scored(profile, self.serving.near if table is None else table, self.serving.momentum)

            def why(named: Sequence[int]) -> list[Why]:
                return [told(profile, reason, seeds) for seeds in found.seeds(named, SEEDS)]

            return Found(found.scores, why, found.items)

        return Source(find)

    def _near_or_alike(self, profile: Profile, reason: str) -> list[Source]:
        """Return neighbours and what looks like a profile's items; the latter first, where too few bought them to tell."""

        def find() -> Found:
            found = Scored(profile, self.serving.alike, None)
            return Found(found.scores, _because("alike", found), found.items)

        near, alike = self._near(profile, reason, self.serving.following), Source(find)
        known = self.serving.trending.ever[profile.items] + self.serving.viewers[profile.items]
        return [alike, near] if known.max() < FEWEST_BUYERS else [near, alike]

    def _follows(self, profile: Profile, reason: str) -> list[Source]:
        """Return what follows the last steps of a session."""
        lately = Profile(profile.items[-MOST_STEPS:], profile.weights[-MOST_STEPS:])
        sources, past = self._near_or_alike(lately, reason), self.serving.past
        if past is None:
            return sources
        return [Source(lambda: follow.found(self.serving, past, lately, reason, SEEDS)), *sources]

    def _together(self, profile: Profile, reason: str) -> list[Source]:
        """Return what an order holds beside a profile's items."""

        def find() -> Found:
            found = Scored(profile, self.serving.together, None)
            return Found(found.scores, _because(reason, found), found.items)

        return [Source(find)]

    def _in_country(self, country: str) -> list[Source]:
        """Return what was bought lately in a country; nothing where nothing was."""
        trending, named = self.serving.trending, country.casefold()
        place = [code for code, name in enumerate(trending.countries) if name.casefold() == named]
        sold = Scored(basket(place), rows_of(trending.near), None)
        # Among equals what sells everywhere: its share of all buyers is below one.
        ranked = sold.scores + trending.now[sold.items] / (1.0 + trending.now.sum())
        return [plain(ranked, "trending_near", sold.items)] if len(sold.items) else []

    def _answer(
        self,
        slot: str,
        sources: list[Source],
        k: int,
        more: Asked,
        *,
        person: int | None = None,
        own: Factor | None = None,
        without: Collection[int] = (),
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
        serving, customer = self.serving, more.get("customer")
        asks = self._person(customer) if person is None and customer is not None else person
        held = wanted(serving, asks, more, own, without)
        rest = [plain(serving.trending.now, "trending"), plain(serving.unsold, "unsold")] if fill_up else []
        picks = fill(
            [*sources, *rest],
            serving.catalogue,
            k,
            without=held.without,
            factor=held.factor,
            pins=held.pins,
            caps=held.caps,
        )
        notes = (OVER_CAP,) if any(pick.note for pick in picks) else ()
        fallback = unknown if not sources else None
        return Answer(slot, picks, fallback, notes, serving.fit, more.get("answer_id") or self.name())

    def _person(self, customer_id: str) -> int | None:
        return self.serving.person(str(customer_id))

    def _items(self, product_ids: Collection[str]) -> list[int]:
        return items(self.catalogue, product_ids)


class Lists(Slots):
    """The slots of people who are all known beforehand: everybody can be answered at once."""

    if TYPE_CHECKING:

        @property
        def serving(self) -> Crowd:
            """What is answered from."""

    def parts(self, k: int = 10, *, rules: Rules | None = None) -> Iterator[pa.Table]:
        """The same as :meth:`everyone`, some people at a time, so that memory is bounded; the first part is empty."""
        return tables(
            self.serving, k, rules or NO_RULES, lambda name: self.for_customer(name, k, rules=rules)
        )

    def everyone(self, k: int = 10, *, rules: Rules | None = None) -> pa.Table:
        """For you of every known customer: customer_id, place, product_id, title, score; memory grows by k rows a customer."""
        return pa.concat_tables(self.parts(k, rules=rules))
