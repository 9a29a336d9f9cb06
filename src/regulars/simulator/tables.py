"""One block of the shop as tables: the order lines a merchant would export, and the truth a merchant never sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.simulator import columns, people
from regulars.simulator.baskets import Baskets, baskets
from regulars.simulator.catalog import Catalog, catalog
from regulars.simulator.orders import PAID, STATUSES, Orders, channel_names, coupon_codes, orders
from regulars.simulator.seasons import Seasons, seasons
from regulars.simulator.shoppers import GUEST, LATE, MEMBER, Shoppers, shoppers
from regulars.simulator.world import World

_GUEST_ORDERS = 2
"""Orders a late member places before registering."""
_MESSY = 8
"""One guest order in so many has its e-mail in capitals."""


@dataclass(frozen=True)
class Plan:
    """What all blocks share, worked out once."""

    world: World
    time: Seasons
    products: Catalog


@dataclass(frozen=True)
class Block:
    """One block of customers with everything they did."""

    people: Shoppers
    placed: Orders
    bought: Baskets


def plan(world: World) -> Plan:
    """Work out the calendar and the catalogue of a world."""
    return Plan(world, seasons(world), catalog(world))


def block(shared: Plan, number: int) -> Block:
    """Draw one block; the same numbers whoever draws it, and in whatever order."""
    world = shared.world
    customers = shoppers(world, shared.time, shared.products, number)
    placed = orders(world, shared.time, customers, number)
    return Block(customers, placed, baskets(world, shared.products, customers, placed, number))


def order_lines(shared: Plan, drawn: Block) -> pa.Table:
    """Return the lines up to the data's last day, in order of time, one row a line."""
    world, placed, bought = shared.world, drawn.placed, drawn.bought
    cut = slice(0, bought.past)
    order, product = bought.order[cut], bought.product[cut]
    shopper = placed.shopper[: placed.past]
    unknown = unregistered(drawn)
    places = [name for name, _ in world.countries]
    names = [shelf.name for shelf in world.categories]
    table = {
        "order_id": columns.numbers(placed.ids[order]),
        "line": columns.numbers(bought.line[cut].astype(np.int32)),
        "customer_id": columns.numbers(drawn.people.ids[shopper][order], unknown[order]),
        "email": _emails(world, drawn, unknown, order),
        "product_id": columns.numbers(shared.products.ids[product]),
        "product_title": columns.words(product, shared.products.titles) if world.titles else None,
        "category": columns.words(shared.products.category[product], names),
        "ordered_at": columns.instant(placed.at[order]),
        "status": columns.words(placed.status[order], STATUSES),
        "quantity": columns.numbers(bought.quantity[cut].astype(np.int32)),
        "unit_price": columns.money(bought.price[cut]),
        "discount": columns.money(bought.discount[cut]),
        "tax": columns.money(bought.tax[cut]),
        "refunded": columns.money(bought.refunded[cut]),
        "shipping": columns.money(bought.shipping[cut]),
        "coupon_code": columns.words(placed.coupon[order], coupon_codes(world)),
        "channel": columns.words(placed.channel[order], channel_names(world)),
        "country": columns.words(drawn.people.country[shopper][order], places),
        "currency": columns.constant(world.currency, len(order)),
    }
    return _required({name: column for name, column in table.items() if column is not None})


def _required(table: dict[str, pa.Array]) -> pa.Table:
    """A table that promises no nulls where there are none by nature: such columns are written faster."""
    optional = {"customer_id", "email", "coupon_code"}
    schema = pa.schema([pa.field(name, column.type, name in optional) for name, column in table.items()])
    return pa.table(list(table.values()), schema=schema)


def unregistered(drawn: Block) -> NDArray[np.bool_]:
    """Tell which orders of the data a guest placed."""
    shopper, number = drawn.placed.shopper[: drawn.placed.past], drawn.placed.number[: drawn.placed.past]
    membership = drawn.people.membership[shopper]
    return np.asarray((membership == GUEST) | ((membership == LATE) & (number < _GUEST_ORDERS)))


def _emails(world: World, drawn: Block, unknown: NDArray[np.bool_], order: NDArray[np.int64]) -> pa.Array:
    """E-mails as a dictionary of this block's addresses: guests' and late members', or everybody's."""
    shopper = drawn.placed.shopper[: len(unknown)]
    told = np.full(len(shopper), world.emails) | (drawn.people.membership[shopper] != MEMBER)
    who, entry = np.unique(shopper[told], return_inverse=True)
    clean = people.emails(drawn.people.ids[who])
    messy = unknown[told] & (drawn.placed.ids[: len(told)][told] % _MESSY == 0)
    codes = np.full(len(shopper), -1, dtype=np.int64)
    codes[told] = entry + np.where(messy, len(who), 0)
    addresses = pa.concat_arrays([clean, people.as_typed(clean)])
    missing = codes < 0
    indices = pa.array(codes[order].astype(np.int32), mask=missing[order])
    return pa.DictionaryArray.from_arrays(indices, addresses)


def customers(shared: Plan, drawn: Block) -> pa.Table:
    """Return the truth about each customer of a block. No name, no e-mail; guests have a number here and only here."""
    world, who, placed = shared.world, drawn.people, drawn.placed
    valid = (placed.status == PAID) & (np.arange(len(placed.ids)) < placed.past)
    far = (world.days + 36_525) * 1.0
    table = {
        "customer_id": columns.numbers(who.ids),
        "lambda_per_day": columns.numbers(who.rate),
        "mu_per_day": columns.numbers(who.dropout),
        "acquired_at": columns.instant(shared.time.instants(who.acquired)),
        "lifetime_end": columns.instant(shared.time.instants(np.minimum(who.gone, far))),
        "alive": columns.numbers(who.gone >= world.days),
        "mean_spend": columns.numbers(who.mean_spend),
        "orders": columns.numbers(
            np.bincount(placed.shopper[valid], minlength=len(who.ids)).astype(np.int32)
        ),
        "channel": columns.words(who.channel, [c.name for c in world.channels]),
        "country": columns.words(who.country, [name for name, _ in world.countries]),
        "deal_seeker": columns.numbers(who.deals == 1),
        "returner": columns.numbers(who.returner),
        "membership": columns.words(who.membership, ("member", "guest", "late member")),
    }
    for number, shelf in enumerate(world.categories):
        table[f"taste {shelf.name}"] = columns.numbers(np.ascontiguousarray(who.taste[:, number]))
    return pa.table(table)


def future_orders(drawn: Block) -> pa.Table:
    """Return the paid orders after the data's last day, one row an order, with everything that is ever refunded."""
    placed, bought = drawn.placed, drawn.bought
    orders_left = len(placed.ids) - placed.past
    owner = bought.order[bought.past :] - placed.past
    kept = placed.status[placed.past :] == PAID

    def total(lines: NDArray[np.int64]) -> NDArray[np.int64]:
        sums = np.bincount(owner, weights=lines[bought.past :], minlength=orders_left)
        return np.asarray(np.rint(sums).astype(np.int64)[kept])

    gross, discount, tax, refunded = (
        total(x) for x in (bought.gross, bought.discount, bought.tax, bought.refunded_ever)
    )
    untaxed = total(_refund_without_tax(bought))
    return pa.table(
        {
            "order_id": columns.numbers(placed.ids[placed.past :][kept]),
            "customer_id": columns.numbers(drawn.people.ids[placed.shopper[placed.past :][kept]]),
            "ordered_at": columns.instant(placed.at[placed.past :][kept]),
            "gross": columns.money(gross),
            "discount": columns.money(discount),
            "tax": columns.money(tax),
            "refunded": columns.money(refunded),
            "net": columns.money(gross - discount - tax - untaxed),
        }
    )


def late_refunds(drawn: Block) -> pa.Table:
    """Return money that goes back after the data's last day for lines within it."""
    bought = drawn.bought
    owed = (bought.refunded_ever - bought.refunded)[: bought.past]
    rows = np.flatnonzero(owed)
    return pa.table(
        {
            "order_id": columns.numbers(drawn.placed.ids[bought.order[rows]]),
            "line": columns.numbers(bought.line[rows].astype(np.int32)),
            "refunded": columns.money(owed[rows]),
        }
    )


def _refund_without_tax(bought: Baskets) -> NDArray[np.int64]:
    paid = bought.gross - bought.discount
    share = np.divide(bought.refunded_ever, paid, out=np.zeros(len(paid)), where=paid > 0)
    return np.rint(bought.refunded_ever - share * bought.tax).astype(np.int64)
