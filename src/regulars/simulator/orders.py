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
    shopper, day, second = _arrivals(world, time, people, rng)
    local = day * SECONDS + second
    by_person = np.lexsort((local, shopper)) if len(shopper) else np.zeros(0, dtype=np.int64)
    shopper, day, second, local = (column[by_person] for column in (shopper, day, second, local))
    opens = np.concatenate([[True], shopper[1:] != shopper[:-1]])
    starts = np.flatnonzero(opens)
    number = np.arange(len(shopper)) - np.repeat(starts, np.diff([*starts, len(shopper)]))
    gap = np.full(len(shopper), np.inf, dtype=np.float32)
    gap[1:] = np.where(opens[1:], np.inf, np.diff(local) / SECONDS)
    at = time.utc_start[day] + second
    status = _statuses(world, rng, number)
    coupon, percent = _coupons(world, time, people, rng, shopper, day, number)
    channel = _channels(world, people, rng, shopper, number)
    by_time = np.argsort(at, kind="stable")
    if len(at) >= IDS_PER_BLOCK:
        msg = f"A block has room for {IDS_PER_BLOCK:,} orders; these rates made {len(at):,}."
        raise ValueError(msg)
    return Orders(
        ids=block * IDS_PER_BLOCK + 1 + np.arange(len(at)),
        shopper=shopper[by_time],
        number=number[by_time],
        day=day[by_time],
        at=at[by_time],
        gap=gap[by_time],
        status=status[by_time],
        coupon=coupon[by_time],
        percent=percent[by_time],
        channel=channel[by_time],
        past=int(np.count_nonzero(day < world.days)),
    )


def _arrivals(
    world: World, time: Seasons, people: Shoppers, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Shopper, day and local second of every order, first orders included, in no order.

    A Poisson stream on a changing clock is a number of events in the business time lived, each equally likely
    anywhere in it (time change of Poisson processes).
    """
    horizon = float(world.days + world.future_days)
    begin = time.business_time(people.deals, people.acquired)
    lived = np.maximum(time.business_time(people.deals, np.minimum(people.gone, horizon)) - begin, 0.0)
    attempts = people.rate / (1 - world.cancelled_share - world.unpaid_share)
    repeats = rng.poisson(attempts * lived)
    shopper = np.repeat(np.arange(len(begin)), repeats)
    business = begin[shopper] + rng.random(len(shopper)) * lived[shopper]
    day = time.day_at(people.deals[shopper], business)
    second = time.moments(rng, day)
    day, second = _within_life(people, rng, shopper, day, second)
    first_day = people.acquired.astype(np.int64)
    first_second = np.rint((people.acquired - first_day) * SECONDS).astype(np.int64)
    everyone = np.arange(len(begin))
    return (
        np.concatenate([everyone, shopper]),
        np.concatenate([first_day, day]),
        np.concatenate([np.minimum(first_second, SECONDS - 1), second]),
    )


def _within_life(
    people: Shoppers,
    rng: np.random.Generator,
    shopper: NDArray[np.int64],
    day: NDArray[np.int64],
    second: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """On the day of the first order and of the drop-out, draw the hour again between the two moments."""
    born, gone = people.acquired[shopper], people.gone[shopper]
    edge = np.flatnonzero((day <= born) | (day + 1 > gone))
    low = np.clip((born[edge] - day[edge]) * SECONDS, 0, SECONDS - 1)
    high = np.clip((gone[edge] - day[edge]) * SECONDS, low, SECONDS - 1)
    second[edge] = np.minimum(low + (high - low) * rng.random(len(edge)), SECONDS - 1)
    return day, second


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
