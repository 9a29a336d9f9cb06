"""What people do before and between orders: visits, product views, carts, purchases, as a shop's tracker sees them.

Each order ends a visit. Other visits end without one: some by customers in the days before an order, some by
strangers who never buy. Nobody is recognised before the first order, and guests never: they are only a visitor number.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.simulator import columns
from regulars.simulator.draws import TABLE, stream
from regulars.simulator.seasons import SECONDS
from regulars.simulator.shoppers import MEMBER
from regulars.simulator.tables import Block, Plan, unregistered

KINDS = ("visit", "view", "cart", "purchase")
_VISIT, _VIEW, _CART, _PURCHASE = range(4)
_STRANGERS = 0.5
"""Share of fruitless visits that are somebody who never buys."""
_CART_CHANCE = 0.22
_LOOK_AHEAD_DAYS = 9.0
_LONGEST_AHEAD_DAYS = 60
_IDS_PER_BLOCK = 10_000_000_000
_STRANGER_IDS = 1 << 40
Rows = dict[str, NDArray[np.int64]]


def events(shared: Plan, drawn: Block, block: int) -> pa.Table:
    """Return the events of one block in order of time, none after the data's last day."""
    rng = stream(shared.world.seed, "events", block)
    rows = _joined(_buying(drawn), *_browsing(shared, drawn, rng, block))
    start = shared.time.utc_start[0]
    end = shared.time.utc_start[shared.world.days - 1] + SECONDS
    kept = np.flatnonzero((rows["at"] >= start) & (rows["at"] < end))
    kept = kept[np.lexsort((rows["kind"][kept], rows["session"][kept], rows["at"][kept]))]
    rows = {name: column[kept] for name, column in rows.items()}
    first = shared.time.instants(drawn.people.acquired)
    early = rows["at"] < first[np.maximum(rows["customer"] - drawn.people.ids[0], 0)]
    unknown = early | (rows["customer"] < 0)
    buys = rows["kind"] == _PURCHASE
    return pa.table(
        {
            "event_id": columns.numbers(block * _IDS_PER_BLOCK + 1 + np.arange(len(kept))),
            "visitor_id": columns.numbers(rows["visitor"]),
            "customer_id": columns.numbers(rows["customer"], unknown),
            "session_id": columns.numbers(block * _IDS_PER_BLOCK + rows["session"]),
            "type": columns.words(rows["kind"], KINDS),
            "occurred_at": columns.instant(rows["at"]),
            "product_id": columns.numbers(
                shared.products.ids[np.maximum(rows["product"], 0)], rows["product"] < 0
            ),
            "order_id": columns.numbers(rows["order"], ~buys),
        }
    )


def _buying(drawn: Block) -> Rows:
    """A visit, then a view and a cart a line, then the purchase at the moment of the order."""
    placed, bought = drawn.placed, drawn.bought
    owner = bought.order[: bought.past]
    sizes = np.bincount(owner, minlength=placed.past)
    session = 1 + np.arange(placed.past)
    at = placed.at[: placed.past]
    shopper = placed.shopper[: placed.past]
    ids = drawn.people.ids[shopper]
    unnamed = unregistered(drawn)
    known = np.where((placed.number[: placed.past] > 0) & ~unnamed, ids, -1)
    view_at = at[owner] - 75 * (sizes[owner] - bought.line[: bought.past] + 1)
    product = bought.product[: bought.past]
    visit = _rows(_VISIT, session, ids, known, at - 75 * (sizes + 1))
    view = _rows(_VIEW, session[owner], ids[owner], known[owner], view_at, product)
    cart = _rows(_CART, session[owner], ids[owner], known[owner], view_at + 40, product)
    purchase = _rows(_PURCHASE, session, ids, np.where(unnamed, -1, ids), at, order=placed.ids[: placed.past])
    return _joined(visit, view, cart, purchase)


def _browsing(shared: Plan, drawn: Block, rng: np.random.Generator, block: int) -> list[Rows]:
    """Visits without an order: a while before one of the customer's own orders, or a stranger's at a like moment.

    The order may lie after the data's end: somebody who looks around on the last day will buy next week.
    """
    placed, people = drawn.placed, drawn.people
    end = shared.time.utc_start[shared.world.days - 1] + (1 + _LONGEST_AHEAD_DAYS) * SECONDS
    orders = int(np.searchsorted(placed.at, end))
    visits = rng.poisson(shared.world.visits_per_order, orders)
    order = np.repeat(np.arange(orders), visits)
    n = len(order)
    stranger = rng.random(n) < _STRANGERS
    ahead = (rng.standard_exponential(n) * _LOOK_AHEAD_DAYS * SECONDS).astype(np.int64) + 3600
    at = placed.at[order] - ahead
    shopper = placed.shopper[order]
    nobody = _STRANGER_IDS + block * _IDS_PER_BLOCK + np.arange(n)
    visitor = np.where(stranger, nobody, people.ids[shopper])
    unnamed = stranger | (people.membership[shopper] != MEMBER)
    customer = np.where(unnamed, -1, people.ids[shopper])
    session = 1 + placed.past + np.arange(n)
    views = rng.geometric(0.4, n)
    owner = np.repeat(np.arange(n), views)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(views) - views, views)
    shelf = rng.integers(0, len(shared.world.categories), len(owner))
    product = shared.products.tables[shelf, rng.integers(0, TABLE, len(owner))]
    own = (rng.random(len(owner)) < 0.4) & ~stranger[owner]
    product = np.where(own, people.favourite[shopper[owner], shelf], product)
    seen_at = at[owner] + 10 + 45 * place
    carted = np.flatnonzero((place == views[owner] - 1) & (rng.random(len(owner)) < _CART_CHANCE))
    in_cart = owner[carted]
    visit = _rows(_VISIT, session, visitor, customer, at)
    view = _rows(_VIEW, session[owner], visitor[owner], customer[owner], seen_at, product)
    cart = _rows(
        _CART, session[in_cart], visitor[in_cart], customer[in_cart], seen_at[carted] + 20, product[carted]
    )
    return [visit, view, cart]


def _rows(
    kind: int,
    session: NDArray[np.int64],
    visitor: NDArray[np.int64],
    customer: NDArray[np.int64],
    at: NDArray[np.int64],
    product: NDArray[np.int64] | None = None,
    order: NDArray[np.int64] | None = None,
) -> Rows:
    nothing = np.full(len(at), -1, dtype=np.int64)
    return {
        "kind": np.full(len(at), kind, dtype=np.int64),
        "session": session,
        "visitor": visitor,
        "customer": customer,
        "at": at,
        "product": nothing if product is None else product,
        "order": nothing if order is None else order,
    }


def _joined(*parts: Rows) -> Rows:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
