"""A newsletter every Thursday morning: who it was sent to, who opened it, who clicked, and whose mail program pretended.

Letters cause nothing here: they go to people and are read by people, and nobody buys because of one. An estimate of
their effect on this shop should find none.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from regulars.simulator import columns
from regulars.simulator.draws import stream
from regulars.simulator.seasons import SECONDS
from regulars.simulator.tables import Block, Plan

_SUBSCRIBED = 0.6
_PREFETCHED = 0.25
"""Share of people whose mail program opens every letter by itself within a minute."""
_READ_WHEN_GONE = 0.3
_CLICKS = 0.14
_HOUR = 10
_IDS_PER_BLOCK = 1_000_000_000
_CLIENTS = ("mail program", "prefetching proxy")


def newsletters(shared: Plan, drawn: Block, block: int) -> pa.Table:
    """Return one row a letter sent up to the data's last day; moments of opening and clicking are null if neither."""
    rng = stream(shared.world.seed, "newsletters", block)
    people, time = drawn.people, shared.time
    n = len(people.ids)
    thursdays = np.flatnonzero(time.weekday[: shared.world.days] == 3)
    subscribed = np.flatnonzero(rng.random(n) < _SUBSCRIBED)
    prefetched = rng.random(n) < _PREFETCHED
    interest = rng.beta(1.6, 3.4, n)
    first = np.searchsorted(thursdays, people.acquired[subscribed], side="right")
    letters = len(thursdays) - first
    who = np.repeat(subscribed, letters)
    issue = np.arange(len(who)) - np.repeat(np.cumsum(letters) - letters, letters) + np.repeat(first, letters)
    by_issue = np.argsort(issue, kind="stable")
    who, day = who[by_issue], thursdays[issue[by_issue]]
    sent = time.utc_start[day] + _HOUR * 3600
    chance = interest[who] * np.where(day > people.gone[who], _READ_WHEN_GONE, 1.0)
    read = rng.random(len(who)) < chance
    read_at = sent + 60 + (rng.standard_exponential(len(who)) * 0.4 * SECONDS).astype(np.int64)
    proxy = prefetched[who]
    opened_at = np.where(proxy, sent + rng.integers(1, 60, len(who)), read_at)
    clicked = read & (rng.random(len(who)) < _CLICKS)
    clicked_at = read_at + rng.integers(5, 300, len(who))
    end = time.utc_start[shared.world.days - 1] + SECONDS
    opened = (read | proxy) & (opened_at < end)
    clicked &= clicked_at < end
    return pa.table(
        {
            "message_id": columns.numbers(block * _IDS_PER_BLOCK + 1 + np.arange(len(who))),
            "customer_id": columns.numbers(people.ids[who]),
            "campaign": columns.words(
                day // 7, [f"letter {week + 1}" for week in range(len(time.dates) // 7 + 1)]
            ),
            "sent_at": columns.instant(sent),
            "opened_at": _moments(opened_at, opened),
            "opened_by": columns.words(np.where(opened, proxy.astype(np.int64), -1), _CLIENTS),
            "clicked_at": _moments(clicked_at, clicked),
        }
    )


def _moments(seconds: np.ndarray, there: np.ndarray) -> pa.Array:
    return pa.array(seconds * 1_000_000, mask=~there).cast(columns.INSTANT)
