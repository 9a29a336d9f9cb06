"""What happens between two builds: purchases and views count at once, the trend is replaced, single items are solved again.

All of it lives in memory, beside the mapped files; :meth:`Live.onto` carries it over to the next build.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.components import buy_again, neighbours, trending
from regulars.recommend.components.trending import Trending
from regulars.recommend.index import layout
from regulars.recommend.index.mapped import Index, Mapped
from regulars.recommend.interactions import Interactions, date_of, day_of
from regulars.recommend.parameters import Parameters
from regulars.recommend.serving import Floats, OneByOne, Places, Profile, Table
from regulars.recommend.slots import Slots, new_id

VIEW = 0.5
"""What the latest look at something weighs beside a purchase of the latest visit."""
MOST_VIEWS = 20
_NOTHING = Profile(np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class _Patched(OneByOne):
    """A table some rows of which were swapped."""

    table: Table
    swapped: dict[int, tuple[NDArray[np.integer], NDArray[np.floating]]] = field(default_factory=dict)

    def row(self, number: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Return items and weights of one row."""
        return self.swapped.get(number) or self.table.row(number)

    def rows(self, numbers: Sequence[int]) -> tuple[Places, NDArray[np.integer], NDArray[np.floating]]:
        """Return the sizes of some rows, and their items and weights one after another."""
        return super().rows(numbers) if self.swapped else self.table.rows(numbers)


@dataclass(frozen=True, slots=True)
class _Since:
    """What one person did since the build."""

    bought: Profile
    lately: Profile
    visit: tuple[int, frozenset[int]] = (-1, frozenset())
    """Day and items of the latest visit since."""
    views: tuple[int, ...] = ()
    """Items looked at, each once, the latest last."""
    fresh: frozenset[int] = frozenset()
    """Items bought since."""


class _Overlay:
    """A mapped version with what happened since; whoever asks sees all of a change or nothing of it."""

    def __init__(self, base: Mapped) -> None:
        self.base = base
        self.near: Table = _Patched(base.near)
        self.following: Table = self.near if base.following is base.near else _Patched(base.following)
        self.viewers, self.past = base.viewers, base.past
        self.together: Table = base.together
        self.alike: Table = base.alike
        self.trending, self.unsold = base.trending, base.unsold
        self.momentum, self.again, self.rate = base.momentum, base.again, base.rate
        self.since: dict[int, _Since] = {}
        self.newcomers: dict[str, int] = {}

    @property
    def fit(self) -> str:
        """The version of the fit that everything goes on from."""
        return self.base.fit

    @property
    def catalogue(self) -> Catalogue:
        """What the shop sells."""
        return self.base.catalogue

    @property
    def parameters(self) -> Parameters:
        """What everything was fitted with."""
        return self.base.parameters

    def code(self, customer_id: str) -> int | None:
        """Return the code of anybody heard of."""
        found = self.base.names.code(customer_id)
        return self.newcomers.get(customer_id) if found is None else found

    def person(self, customer_id: str) -> int | None:
        """Return the code of somebody who bought or viewed something."""
        found = self.code(customer_id)
        return found if found in self.since else self.base.person(customer_id)

    def known(self, person: int) -> _Since:
        """Return what a person did, before the build and since."""
        if person in self.since:
            return self.since[person]
        if person >= len(self.base.purchases):
            return _Since(_NOTHING, _NOTHING)
        return _Since(self.base.bought(person), self.base.lately(person))

    def bought(self, person: int) -> Profile:
        """Return what a person bought, how often and how lately."""
        return self.known(person).bought

    def lasting(self, person: int) -> tuple[Floats, Floats]:
        """Return days since the latest purchase and how many it lasts; what was bought since the build was bought today."""
        told, base = self.known(person), self.base
        if base.usual is None:
            raise KeyError(person)
        items, gap = told.bought.items, base.usual[told.bought.items]
        ago = np.zeros(len(items))
        if person < len(base.purchases):
            place = np.searchsorted(items, base.bought(person).items)
            ago[place], gap[place] = base.lasting(person)
        ago[np.isin(items, sorted(told.fresh))] = 0.0
        return ago, gap

    def lately(self, person: int) -> Profile:
        """Return what a person bought and looked at, the latest heaviest."""
        told = self.known(person)
        if not told.views:
            return told.lately
        decay = self.parameters.session_decay
        weights = VIEW * decay ** np.arange(len(told.views), dtype=np.float64)[::-1]
        joined = _plus(told.lately, np.array(told.views, np.int64), weights)
        return replace(
            joined, viewed=(told.lately.viewed | set(told.views)) - set(told.bought.items.tolist())
        )

    def ranked(self, person: int) -> Profile | None:
        """Return a person's candidates with their chances; None for whoever did something since: that is not in them."""
        return None if person in self.since else self.base.ranked(person)


class Live(Slots):
    """An index that hears of what happens; answers every slot, and may be asked and told by several threads at once."""

    def __init__(self, index: Index, name: Callable[[], str] = new_id) -> None:
        self.index = index
        self._name = name
        self._overlay = _Overlay(index.serving)
        self._alone = threading.Lock()
        self._events: list[tuple[str, tuple[str, ...], int]] = []

    @property
    def name(self) -> Callable[[], str]:
        """Names answers that were not given an id."""
        return self._name

    @property
    def serving(self) -> _Overlay:
        """What is answered from."""
        return self._overlay

    def purchased(self, customer_id: str, product_ids: tuple[str, ...], day: date) -> bool:
        """Count an order at once; False for one that the index knows of, or of products that it does not know."""
        told = day_of(day)
        items = frozenset(self._items(product_ids))
        if told < self.index.manifest.end or not items:
            return False
        with self._alone:
            self._events.append((str(customer_id), tuple(product_ids), told))
            person = self._registered(str(customer_id))
            self._overlay.since[person] = self._bought(self._overlay.known(person), items, told)
            self._first_sold(np.array(sorted(items), np.int64))
        return True

    def viewed(self, customer_id: str, product_id: str) -> bool:
        """Count a look at a product at once; False for one that the index does not know."""
        items = self._items([product_id])
        if not items:
            return False
        with self._alone:
            person = self._registered(str(customer_id))
            told = self._overlay.known(person)
            views = tuple(item for item in told.views if item != items[0])
            self._overlay.since[person] = replace(told, views=(*views, items[0])[-MOST_VIEWS:])
        return True

    def renew_trend(self, data: Interactions) -> None:
        """Take what sells now from purchases up to a moment ago; products are matched by id, others keep their factors."""
        at, here, there = self.serving.parameters, *self._matched(data)
        again = buy_again.fit(data, at)
        momentum = neighbours.momentum(data, at.trend_days, at.trend_power)
        found = trending.fit(data)
        placed = sparse.coo_array(
            (np.ones(len(here)), (there, here)), shape=(data.items, len(self.catalogue))
        )
        near = sparse.csr_array(found.near @ placed)

        def put(old: Floats, new: Floats) -> Floats:
            mixed = np.array(old, float)
            mixed[here] = new[there]
            return mixed

        overlay = self._overlay
        with self._alone:
            old = overlay.trending
            ever = put(old.ever, found.ever)
            overlay.trending = Trending(
                put(old.now, found.now), put(old.arrivals, found.arrivals), ever, near, data.countries
            )
            overlay.unsold = np.where(ever > 0, 0.0, overlay.unsold)
            overlay.momentum = put(overlay.momentum, momentum)
            overlay.again, overlay.rate = put(overlay.again, again.factor), put(overlay.rate, again.rate)

    def solve_again(self, product_id: str, data: Interactions) -> bool:
        """Work one product's neighbours out again from purchases and swap them in; False where index or data lack it."""
        own = self._items([product_id])
        if not own or product_id not in data.catalogue.codes:
            return False
        top = min(neighbours.TOP, layout.neighbours(len(self.catalogue)))
        base, overlay = self.index.serving, self._overlay
        near = self._solved(base.near, overlay.near, own[0], product_id, data, top)
        following: Table = near
        if base.following is not base.near:
            # Without events nothing new is known of what follows.
            following = overlay.following
            if data.sessions:
                following = self._solved(
                    base.following, following, own[0], product_id, data, top, sessions=True
                )
        with self._alone:
            overlay.near, overlay.following = near, following
        return True

    def _solved(
        self,
        base: Table,
        table: Table,
        own: int,
        product_id: str,
        data: Interactions,
        top: int,
        *,
        sessions: bool = False,
    ) -> _Patched:
        """Return a table with one product's row worked out again."""
        at, code = self.serving.parameters, data.catalogue.codes[product_id]
        items, weights = neighbours.near_one(data, at, code, top, sessions=sessions)
        here, there = self._matched(data)
        place = np.full(data.items, -1)
        place[there] = here
        kept = np.flatnonzero(place[items] >= 0)
        kept = kept[np.argsort(place[items[kept]])]
        patched = _Patched(base, dict(getattr(table, "swapped", {})))
        patched.swapped[own] = place[items[kept]], weights[kept]
        return patched

    def onto(self, index: Index) -> Live:
        """Return a later index with what it does not know of yet: orders since its end, and everybody's views."""
        later = Live(index, self.name)
        for customer_id, product_ids, day in self._events:
            later.purchased(customer_id, product_ids, date_of(day))
        names = {code: name for name, code in self._overlay.newcomers.items()}
        for person, told in self._overlay.since.items():
            name = names.get(person) or self.index.serving.names.name(person)
            for item in told.views:
                later.viewed(name, self.catalogue.product_ids[item])
        return later

    def _first_sold(self, items: NDArray[np.int64]) -> None:
        """Take what is bought for the first time out of what nobody bought yet: until the next trend it sells to one."""
        overlay = self._overlay
        new = items[overlay.unsold[items] > 0]
        if not len(new):
            return
        now, ever, unsold = (
            np.array(column, float)
            for column in (overlay.trending.now, overlay.trending.ever, overlay.unsold)
        )
        now[new], ever[new], unsold[new] = 1.0, 1.0, 0.0
        overlay.trending = replace(overlay.trending, now=now, ever=ever)
        overlay.unsold = unsold

    def _registered(self, customer_id: str) -> int:
        """Return a person's code, a new one for whoever was never heard of."""
        overlay = self._overlay
        found = overlay.code(customer_id)
        if found is None:
            found = len(overlay.base.purchases) + len(overlay.newcomers)
            overlay.newcomers[customer_id] = found
        return found

    def _bought(self, told: _Since, items: frozenset[int], day: int) -> _Since:
        """Return a person after an order; several of one day are one visit, as in a build."""
        at = self.serving.parameters
        last, held = told.visit
        same = day == last
        new = np.array(sorted(items - held if same else items), np.int64)
        lately = told.lately if same else replace(told.lately, weights=told.lately.weights * at.profile_decay)
        fresh = 0.5 ** ((self.index.manifest.end - day) / at.repeat_half_life_days)
        return _Since(
            _plus(told.bought, new, np.full(len(new), fresh)),
            replace(_plus(lately, new, np.ones(len(new))), viewed=lately.viewed - items),
            (day, items | held if same else items),
            told.views,
            told.fresh | items,
        )

    def _matched(self, data: Interactions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the codes here and there of the products that index and data share."""
        codes = data.catalogue.codes
        pairs = [(code, codes[name]) for name, code in self.catalogue.codes.items() if name in codes]
        both = np.array(pairs, np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]


def _plus(profile: Profile, items: NDArray[np.int64], weights: Floats) -> Profile:
    """Return a profile with more of some items, which need not be in it, nor in order."""
    every = np.union1d(profile.items, items)
    total = np.zeros(len(every))
    total[np.searchsorted(every, profile.items)] = profile.weights
    total[np.searchsorted(every, items)] += weights
    return Profile(every, total)
