"""The small tables: products, promotions and seasons as they truly are, and what each channel cost each day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.simulator import columns
from regulars.simulator.draws import stream
from regulars.simulator.tables import Plan


def products(shared: Plan) -> pa.Table:
    """Return the product list a merchant has."""
    goods = shared.products
    names = [shelf.name for shelf in shared.world.categories]
    return pa.table(
        {
            "product_id": columns.numbers(goods.ids),
            "product_title": pa.array(goods.titles),
            "category": pa.array([names[number] for number in goods.category]),
            "price": columns.money(goods.price),
            "cost": columns.money(goods.cost),
        }
    )


def product_truth(shared: Plan) -> pa.Table:
    """Return what only the simulator knows about each product."""
    goods, shelves = shared.products, shared.world.categories
    companion = goods.companion != np.arange(len(goods.companion))
    return pa.table(
        {
            "product_id": columns.numbers(goods.ids),
            "popularity": columns.numbers(goods.popularity),
            "companion_id": columns.numbers(goods.ids[goods.companion], ~companion),
            "affinity": columns.numbers(np.where(companion, shared.world.affinity, 0.0)),
            "repeat_days": columns.numbers(
                np.array([c.repeat_days for c in shelves], dtype=float)[goods.category]
            ),
            "repeat_share": columns.numbers(np.array([c.repeat_share for c in shelves])[goods.category]),
            "refund_share": columns.numbers(goods.refund_share),
        }
    )


def promotions(shared: Plan) -> pa.Table:
    """Return the promotion calendar, one row a run."""
    running = shared.time.promotion
    starts = np.flatnonzero((running >= 0) & (np.diff(running, prepend=-1) != 0))
    ends = [int(np.argmax(np.append(running[first:], -2) != running[first])) + first - 1 for first in starts]
    offers = [shared.world.promotions[running[first]] for first in starts]
    return pa.table(
        {
            "name": pa.array([offer.name for offer in offers], type=pa.string()),
            "coupon_code": pa.array([offer.code for offer in offers], type=pa.string()),
            "first_on": pa.array([shared.time.dates[first] for first in starts], type=pa.date32()),
            "last_on": pa.array([shared.time.dates[last] for last in ends], type=pa.date32()),
            "percent": pa.array([offer.percent for offer in offers], type=pa.int32()),
            "lift": pa.array([offer.lift for offer in offers], type=pa.float64()),
            "deal_lift": pa.array([offer.deal_lift for offer in offers], type=pa.float64()),
        }
    )


def season_truth(shared: Plan) -> pa.Table:
    """Return how fast the shop's clock runs each day: without promotions, and with them for both kinds of people."""
    names = [offer.name for offer in shared.world.promotions]
    time = shared.time
    return pa.table(
        {
            "date": pa.array(time.dates, type=pa.date32()),
            "index": columns.numbers(time.index),
            "speed": columns.numbers(time.speed[0]),
            "speed_deal_seekers": columns.numbers(time.speed[1]),
            "promotion": pa.array([names[n] if n >= 0 else None for n in time.promotion], type=pa.string()),
        }
    )


def costs(shared: Plan, newcomers: NDArray[np.int64]) -> pa.Table:
    """Return spend by date, channel and campaign. ``newcomers`` is (days, channels): customers won each day.

    Half of a day's budget follows the customers who came, half those expected, with some noise: cost per customer
    varies by day and drifts by year as the channel says.
    """
    world = shared.world
    expected = np.diff(shared.time.acquisition) * world.customers
    weights = np.array([c.share for c in world.channels])
    dates, channels, campaigns, spends = [], [], [], []
    for number, channel in enumerate(world.channels):
        if channel.cac <= 0:
            continue
        names = channel.campaigns or (channel.name,)
        rng = stream(world.seed, f"costs {channel.name}")
        cac = channel.cac * (1 + channel.cac_growth_yearly) ** (np.arange(world.days) / 365.25)
        people = 0.5 * newcomers[:, number] + 0.5 * expected * weights[number] / weights.sum()
        parts = np.array([1 / (place + 1) for place in range(len(names))])
        noise = rng.gamma(40.0, 1 / 40.0, (world.days, len(names)))
        daily = (people * cac)[:, None] * noise * parts / parts.sum()
        dates.append(np.repeat(np.arange(world.days), len(names)))
        channels += [channel.name] * daily.size
        campaigns += list(names) * world.days
        spends.append(np.rint(daily * 100).astype(np.int64).ravel())
    numbers = np.concatenate(dates) if dates else np.zeros(0, dtype=np.int64)
    return pa.table(
        {
            "date": pa.array([shared.time.dates[n] for n in numbers], type=pa.date32()),
            "channel": pa.array(channels, type=pa.string()),
            "campaign": pa.array(campaigns, type=pa.string()),
            "spend": columns.money(np.concatenate(spends) if spends else np.zeros(0, dtype=np.int64)),
        }
    ).sort_by([("date", "ascending"), ("channel", "ascending"), ("campaign", "ascending")])
