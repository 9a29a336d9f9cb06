"""What is in each order: products by taste and need, quantities by the customer's spend, discounts, tax, refunds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.simulator.catalog import Catalog
from regulars.simulator.draws import bits, stream
from regulars.simulator.orders import Orders
from regulars.simulator.shoppers import Shoppers
from regulars.simulator.world import World

MOST_LINES = 16
_DEAR = 0.7
"""A product that costs more than this part of the whole order is left for something small."""
_RETURNER = 0.45
_ROW_BITS = 26
"""Room for 67 million lines a block in a sorting key."""
_REFUND_WAIT_DAYS = 12.0


@dataclass(frozen=True)
class Baskets:
    """The lines of one block's orders, an entry each; money in cents, tax included unless said otherwise."""

    order: NDArray[np.int64]
    """Row of the order within the block."""
    line: NDArray[np.int64]
    product: NDArray[np.int64]
    quantity: NDArray[np.int64]
    price: NDArray[np.int64]
    gross: NDArray[np.int64]
    discount: NDArray[np.int64]
    tax: NDArray[np.int64]
    """The part of gross − discount that is tax."""
    refunded: NDArray[np.int64]
    """Given back by the data's last day."""
    refunded_ever: NDArray[np.int64]
    """Given back sooner or later."""
    shipping: NDArray[np.int64]
    """The order's delivery fee, on its first line."""
    past: int
    """Lines before this one belong to orders within the data."""


def baskets(world: World, products: Catalog, people: Shoppers, placed: Orders, block: int) -> Baskets:
    """Fill the orders of one block."""
    rng = stream(world.seed, "baskets", block)
    budget = people.mean_spend[placed.shopper] / world.order_shape
    budget *= 100 * rng.standard_gamma(world.order_shape, len(budget))
    extra = rng.poisson(world.extra_lines * np.minimum(budget / (100 * world.mean_order), 6.0))
    sizes = 1 + np.minimum(extra, min(MOST_LINES, len(products.titles)) - 1)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    order = np.repeat(np.arange(len(sizes)), sizes)
    line = np.arange(len(order)) - starts[order]
    product = _products(world, products, people, placed, rng, order, line)
    product = _affordable(products, rng, product, budget[order])
    _distinct(product, order, len(products.titles))
    price = products.price[product]
    ratio = budget / np.add.reduceat(price, starts) if len(starts) else budget
    quantity = np.maximum((ratio[order] + rng.random(len(order))).astype(np.int64), 1)
    gross = price * quantity
    discount = np.rint(gross * (placed.percent[order] / 100)).astype(np.int64)
    paid = gross - discount
    percent = products.tax_percent[product]
    tax = np.rint(paid * (percent / (100 + percent))).astype(np.int64)
    ever, refunded = _refunds(world, products, people, placed, rng, order, product, quantity, paid)
    basket_value = np.add.reduceat(paid, starts) if len(starts) else paid
    fee = np.where(basket_value < 100 * world.free_delivery_from, round(100 * world.delivery_fee), 0)
    shipping = np.zeros(len(order), dtype=np.int64)
    shipping[starts] = fee
    past = int(ends[placed.past - 1]) if placed.past else 0
    return Baskets(
        order, line + 1, product, quantity, price, gross, discount, tax, refunded, ever, shipping, past
    )


def _products(
    world: World,
    products: Catalog,
    people: Shoppers,
    placed: Orders,
    rng: np.random.Generator,
    order: NDArray[np.int64],
    line: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Choose the shelf by taste × need, then the favourite or a popular product, then companions."""
    shelves = len(world.categories)
    need = np.array([c.repeat_days for c in world.categories], dtype=np.float32)
    edges = np.empty((shelves, len(placed.gap)), dtype=np.float32)
    tastes = np.ascontiguousarray(people.taste.T)
    for number in range(shelves):
        recovered = -np.expm1(-(placed.gap + np.float32(0.5)) / need[number])
        wish = np.multiply(tastes[number][placed.shopper], recovered, out=edges[number])
        if number:
            wish += edges[number - 1]
    draw = rng.random(len(order), dtype=np.float32) * edges[-1][order]
    count = np.zeros(len(order), dtype=np.uint8)
    for number in range(shelves - 1):
        count += (draw >= edges[number][order]).view(np.uint8)
    shelf = count.astype(np.int64)
    word = rng.integers(0, 2**64, len(order), dtype=np.uint64)
    repeat = np.array([c.repeat_share * 65_536 for c in world.categories]).astype(np.int64)
    loyal = repeat[shelf] > bits(word, 0, 16)
    walk = products.tables[shelf, bits(word, 16, 12)]
    product = np.where(loyal, people.favourite[placed.shopper[order], shelf], walk)
    before = np.concatenate([product[:1], product[:-1]])
    follows = (line > 0) & (bits(word, 28, 16) < world.affinity * 65_536)
    return np.where(follows, products.companion[before], product)


def _affordable(
    products: Catalog, rng: np.random.Generator, product: NDArray[np.int64], budget: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Swap what is too dear for the order, or the minimum quantity of one would push spend above its mean."""
    dear = np.flatnonzero(products.price[product] > _DEAR * budget)
    cheap = np.argsort(products.price, kind="stable")[: max(1, len(products.price) // 8)]
    product[dear] = cheap[rng.integers(0, len(cheap), len(dear))]
    return product


def _distinct(product: NDArray[np.int64], order: NDArray[np.int64], goods: int) -> None:
    """Move a product that is already in its order to its neighbour, until each order lists each product once."""
    rows = np.arange(len(order))
    while len(rows):
        keys = ((order[rows] * goods + product[rows]) << _ROW_BITS) + np.arange(len(rows))
        keys.sort()
        again = rows[keys[1:][np.diff(keys >> _ROW_BITS) == 0] & ((1 << _ROW_BITS) - 1)]
        product[again] = (product[again] + 1) % goods
        touched = np.zeros(order[-1] + 1, dtype=bool)
        touched[order[again]] = True
        rows = np.flatnonzero(touched[order])


def _refunds(
    world: World,
    products: Catalog,
    people: Shoppers,
    placed: Orders,
    rng: np.random.Generator,
    order: NDArray[np.int64],
    product: NDArray[np.int64],
    quantity: NDArray[np.int64],
    paid: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Money given back per line, ever and by the last day: a whole line, some of its pieces, or a gesture of 20%."""
    chance = np.where(people.returner[placed.shopper], _RETURNER, 0.0)[order]
    chance = np.maximum(chance, products.refund_share[product])
    back = np.flatnonzero((rng.random(len(order)) < chance) & (placed.status[order] == 0))
    kind = rng.random(len(back))
    pieces = 1 + (rng.random(len(back)) * quantity[back]).astype(np.int64)
    partial = paid[back] * np.minimum(pieces, quantity[back]) // quantity[back]
    amount = np.where(kind < 0.55, paid[back], np.where(kind < 0.9, partial, paid[back] // 5))
    wait = rng.standard_exponential(len(back)) * _REFUND_WAIT_DAYS
    done = placed.day[order[back]] + wait < world.days
    ever = np.zeros(len(order), dtype=np.int64)
    ever[back] = amount
    refunded = np.zeros(len(order), dtype=np.int64)
    refunded[back] = np.where(done, amount, 0)
    return ever, refunded
