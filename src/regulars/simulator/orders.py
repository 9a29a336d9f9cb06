"""When each customer orders: a Poisson stream on the shop's clock, from the first order to the unseen drop-out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.simulator.draws import stream
from regulars.simulator.seasons import SECONDS, Seasons
from regulars.simulator.shop import CLUB, WELCOME
from regulars.simulator.shoppers import Shoppers
from regulars.simulator.world import World

IDS_PER_BLOCK = 100_000_000
_ROW_BITS, _LOCAL_BITS = 24, 31
"""Room for 16 million orders a block and for 68 years of seconds in a sorting key."""
PAID, CANCELLED, PENDING = 0, 1, 2
STATUSES = ("paid", "cancelled", "pending")
_COUPON_USE = {"sale": (0.5, 0.95), "first": (0.12, 0.9), "other": (0.05, 0.7)}
"""Chance of redeeming a code (most customers, deal seekers) in a sale, on a first order, on any other day."""


@dataclass(frozen=True)
class Orders:
    """The orders of one block in order of time, an entry each; those from ``past`` on lie after the data's end."""

    ids: NDArray[np.int64]
    shopper: NDArray[np.int64]
    """Row of the customer within the block."""
    number: NDArray[np.int64]
    """0 for the customer's first order, then 1, 2, …"""
    day: NDArray[np.int64]
    at: NDArray[np.int64]
    """Seconds since 1970, UTC."""
    gap: NDArray[np.float32]
    """Days since the customer's previous order, infinite for the first."""
    status: NDArray[np.int64]
    coupon: NDArray[np.int64]
    """Index into :func:`coupon_codes`, −1 for none."""
    percent: NDArray[np.float64]
    channel: NDArray[np.int64]
    """Index into :func:`channel_names`: how this order's visit came."""
    past: int


def coupon_codes(world: World) -> list[str]:
    """Return every code a customer may redeem: the promotions', the welcome, the club's."""
    return [p.code for p in world.promotions] + [WELCOME[0], CLUB[0]]


def channel_names(world: World) -> list[str]:
    """Return the acquisition channels and the two that bring people back."""
    names = [c.name for c in world.channels]
    return names + [name for name in ("direct", "email") if name not in names]


def orders(world: World, time: Seasons, people: Shoppers, block: int) -> Orders:
    """Draw the orders of one block of customers, past and future."""
    rng = stream(world.seed, "orders", block)
    shopper, local = _arrivals(world, time, people, rng)
    opens = np.diff(shopper, prepend=-1) != 0
    starts = np.flatnonzero(opens)
    number = np.arange(len(shopper))
    number -= np.repeat(starts, np.diff(starts, append=len(shopper)))
    gap = np.diff(local, prepend=0).astype(np.float32) / np.float32(SECONDS)
    gap[starts] = np.inf
    day = local // SECONDS
    at = local - day * SECONDS + time.utc_start[day]
    by_time = _order_of(at)
    shopper, number, day = shopper[by_time], number[by_time], day[by_time]
    coupon, percent = _coupons(world, time, people, rng, shopper, day, number)
    return Orders(
        ids=block * IDS_PER_BLOCK + 1 + np.arange(len(at)),
        shopper=shopper,
        number=number,
        day=day,
        at=at[by_time],
        gap=gap[by_time],
        status=_statuses(world, rng, number),
        coupon=coupon,
        percent=percent,
        channel=_channels(world, people, rng, shopper, number),
        past=int(np.searchsorted(day, world.days)),
    )


def _order_of(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows in order of time, ties by row: sorting moment and row in one number beats an argsort."""
    if len(at) >= 1 << _ROW_BITS:
        msg = f"A block has room for {1 << _ROW_BITS:,} orders; these rates made {len(at):,}."
        raise ValueError(msg)
    keys = ((at - at.min()) << _ROW_BITS) + np.arange(len(at))
    keys.sort()
    return np.asarray(keys & ((1 << _ROW_BITS) - 1))


def _arrivals(
    world: World, time: Seasons, people: Shoppers, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Shopper and local second since the start of every order, first orders included, by shopper and moment.

    A Poisson stream on a changing clock is a number of events in the business time lived, each equally likely
    anywhere in it (time change of Poisson processes).
    """
    horizon = float(world.days + world.future_days)
    begin = time.business_time(people.deals, people.acquired)
    lived = np.maximum(time.business_time(people.deals, np.minimum(people.gone, horizon)) - begin, 0.0)
    attempts = people.rate / (1 - world.cancelled_share - world.unpaid_share)
    repeats = rng.poisson(attempts * lived)
    shopper = np.repeat(np.arange(len(begin)), repeats)
    day = time.day_at(people.deals[shopper], begin[shopper] + rng.random(len(shopper)) * lived[shopper])
    second = time.moments(rng, day)
    _within_life(people, rng, shopper, day, second)
    first = np.rint(people.acquired * SECONDS).astype(np.int64)
    keys = np.empty(len(begin) + len(shopper), dtype=np.int64)
    keys[: len(begin)] = (np.arange(len(begin)) << _LOCAL_BITS) + first
    keys[len(begin) :] = (shopper << _LOCAL_BITS) + (day * SECONDS + second)
    keys.sort()
    return keys >> _LOCAL_BITS, keys & ((1 << _LOCAL_BITS) - 1)


def _within_life(
    people: Shoppers,
    rng: np.random.Generator,
    shopper: NDArray[np.int64],
    day: NDArray[np.int64],
    second: NDArray[np.int64],
) -> None:
    """On the day of the first order and of the drop-out, draw ``second`` again, between the two moments."""
    edge = np.flatnonzero((day <= people.acquired[shopper]) | (day >= np.floor(people.gone)[shopper]))
    born, gone = people.acquired[shopper[edge]] - day[edge], people.gone[shopper[edge]] - day[edge]
    low = np.ceil(np.clip(born * SECONDS, 0, SECONDS - 1))
    high = np.clip(gone * SECONDS, low, SECONDS - 1)
    second[edge] = low + (high - low) * rng.random(len(edge))


def _statuses(world: World, rng: np.random.Generator, number: NDArray[np.int64]) -> NDArray[np.int64]:
    """First orders are paid, so that the first order is also the first valid one."""
    draw = rng.random(len(number))
    unpaid = world.cancelled_share + world.unpaid_share
    status = np.where(draw < world.cancelled_share, CANCELLED, np.where(draw < unpaid, PENDING, PAID))
    return np.where(number == 0, PAID, status)


def _coupons(
    world: World,
    time: Seasons,
    people: Shoppers,
    rng: np.random.Generator,
    shopper: NDArray[np.int64],
    day: NDArray[np.int64],
    number: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    sale = time.promotion[day]
    deals = people.deals[shopper]
    use = {name: np.array(pair)[deals] for name, pair in _COUPON_USE.items()}
    chance = np.where(sale >= 0, use["sale"], np.where(number == 0, use["first"], use["other"]))
    welcome = len(world.promotions)
    code = np.where(sale >= 0, sale, np.where(number == 0, welcome, welcome + 1))
    coupon = np.where(rng.random(len(day)) < chance, code, -1)
    percents = np.array([*(p.percent for p in world.promotions), WELCOME[1], CLUB[1], 0.0])
    return coupon, percents[coupon]


def _channels(
    world: World,
    people: Shoppers,
    rng: np.random.Generator,
    shopper: NDArray[np.int64],
    number: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The first order names the channel that won the customer; later ones mostly come directly or by e-mail."""
    names = channel_names(world)
    draw = rng.random(len(shopper))
    later = np.where(draw < 0.45, names.index("direct"), names.index("email"))
    own = people.channel[shopper]
    return np.where((number == 0) | (draw > 0.75), own, later)
