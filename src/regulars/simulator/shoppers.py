"""Who the customers are: each one's rates, tastes, spend and manners, drawn once; nothing here looks at an order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.simulator.catalog import Catalog
from regulars.simulator.draws import TABLE, choose, stream
from regulars.simulator.seasons import SECONDS, Seasons
from regulars.simulator.world import BLOCK, World

MEMBER, GUEST, LATE = 0, 1, 2
"""Registered from the first order; never; from the third order on."""


@dataclass(frozen=True)
class Shoppers:
    """One block of customers, an entry each in every array."""

    ids: NDArray[np.int64]
    channel: NDArray[np.int64]
    country: NDArray[np.int64]
    rate: NDArray[np.float64]
    """λ: paid orders a day of business time, after the first."""
    dropout: NDArray[np.float64]
    """μ a day."""
    acquired: NDArray[np.float64]
    """Moment of the first order, days since the start."""
    gone: NDArray[np.float64]
    """Moment of drop-out, days since the start; may lie far beyond the data."""
    mean_spend: NDArray[np.float64]
    """Expected order value at list prices, currency units."""
    deals: NDArray[np.int64]
    """1 for deal seekers: they follow the second clock."""
    returner: NDArray[np.bool_]
    membership: NDArray[np.int64]
    taste: NDArray[np.float32]
    """(customers, categories), rows add up to one."""
    favourite: NDArray[np.int64]
    """(customers, categories): the product of each shelf the customer returns to."""


def shoppers(world: World, time: Seasons, products: Catalog, block: int) -> Shoppers:
    """Draw the customers of one block."""
    rng = stream(world.seed, "shoppers", block)
    first = block * BLOCK
    n = min(BLOCK, world.customers - first)
    channel = choose(rng, np.array([c.share for c in world.channels]), n)
    per_channel = {
        name: np.array([getattr(c, name) for c in world.channels])[channel]
        for name in ("rate", "dropout", "spend", "deal_share")
    }
    rate = (
        np.maximum(rng.standard_gamma(world.rate_shape, n), 1e-9)
        / world.rate_scale_days
        * per_channel["rate"]
    )
    dropout = np.maximum(rng.standard_gamma(world.dropout_shape, n), 1e-9) / world.dropout_scale_days
    dropout *= per_channel["dropout"]
    arrival = np.searchsorted(time.acquisition, rng.random(n), side="right") - 1
    acquired = arrival + time.moments(rng, arrival) / SECONDS
    spend_scale = world.mean_order * (world.spend_shape - 1)
    mean_spend = spend_scale / rng.standard_gamma(world.spend_shape, n) * per_channel["spend"]
    taste = (
        rng.standard_gamma(np.array([[c.taste for c in world.categories]]), (n, len(world.categories))) + 1e-6
    )
    picks = rng.integers(0, TABLE, taste.shape)
    return Shoppers(
        ids=np.arange(first + 1, first + n + 1),
        channel=channel,
        country=choose(rng, np.array([share for _, share in world.countries]), n),
        rate=rate,
        dropout=dropout,
        acquired=acquired,
        gone=acquired + rng.standard_exponential(n) / dropout,
        mean_spend=mean_spend,
        deals=(rng.random(n) < per_channel["deal_share"]).astype(np.int64),
        returner=rng.random(n) < world.returner_share,
        membership=_membership(rng, world, n),
        taste=(taste / taste.sum(axis=1, keepdims=True)).astype(np.float32),
        favourite=products.tables[np.arange(taste.shape[1]), picks],
    )


def _membership(rng: np.random.Generator, world: World, n: int) -> NDArray[np.int64]:
    draw = rng.random(n)
    late = draw < world.guest_share + world.late_registration_share
    return np.where(draw < world.guest_share, GUEST, np.where(late, LATE, MEMBER))
