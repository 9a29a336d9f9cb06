"""When each customer bought: histories as moments on one axis of time, for models in which it matters what was going on then.

A count, a recency and an age are enough for a customer whose rates are steady. Where season, promotion or letters change the
rates, a purchase says as much by when it happened.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.numeric.fit import Floats


@dataclass(frozen=True, slots=True)
class PurchaseTimes:
    """Checked histories: one entry a customer in ``first``, ``last``, ``end`` and ``x``, one a repeat purchase in the others."""

    first: Floats
    """When the customer bought first, from when on there is something to observe."""
    last: Floats
    end: Floats
    """Until when the customer was observed."""
    x: Floats
    """How many repeat purchases there were."""
    customer: NDArray[np.intp]
    """Whose each repeat purchase is, ascending."""
    time: Floats

    @property
    def recency(self) -> Floats:
        """Time from first to last purchase: the t_x of models without time."""
        return self.last - self.first

    @property
    def T(self) -> Floats:  # noqa: N802 - the literature's name
        """Time from the first purchase to the end of observation."""
        return self.end - self.first


def purchase_times(customer: ArrayLike, time: ArrayLike, end: ArrayLike) -> PurchaseTimes:
    """Check and order purchases, one row each, the first ones included.

    ``customer`` says whose a purchase is: whole numbers from 0 up to the number of customers less one, the row of the customer in
    whatever else is known of them. ``time`` is on any one axis, such as weeks since some Sunday; purchases of a customer at the
    same moment are one. ``end`` is until when purchases would have been seen: one number, or one a customer. Raises
    ``ValueError`` for what cannot be: times that are not finite or after the end, numbers without a purchase, no purchase at all.
    """
    who, when = np.asarray(customer, float).ravel(), np.asarray(time, float).ravel()
    if who.shape != when.shape or not len(who):
        raise ValueError("customer and time must have one entry a purchase, at least one.")
    if not (np.isfinite(when).all() and np.isfinite(who).all()):
        raise ValueError("customer and time must be finite numbers.")
    if np.any(who < 0) or np.any(who != np.floor(who)):
        raise ValueError("customer must number the customers: 0, 1, 2 and so on.")
    if who.max() >= len(who):
        raise ValueError(
            "Some customer between 0 and the largest number has no purchase: number those who bought."
        )
    order = np.lexsort((when, who))
    number, moment = who[order].astype(np.intp), when[order]
    new = np.ones(len(number), bool)
    new[1:] = (number[1:] != number[:-1]) | (moment[1:] > moment[:-1])
    number, moment = number[new], moment[new]
    bought = np.bincount(number)
    if not bought.all():
        raise ValueError(f"Customer {int(np.argmin(bought))} has no purchase: number those who bought.")
    until = np.asarray(end, float)
    if until.shape not in {(), bought.shape} or not np.isfinite(until).all():
        raise ValueError("end must be a finite number, or one for each customer.")
    until = np.broadcast_to(until, bought.shape).astype(float)
    at_last = np.cumsum(bought) - 1
    at_first = at_last - bought + 1
    if np.any(moment[at_last] > until):
        late = int(np.argmax(moment[at_last] > until))
        raise ValueError(f"Customer {late} buys after the end of observation.")
    repeat = np.ones(len(number), bool)
    repeat[at_first] = False
    return PurchaseTimes(
        moment[at_first], moment[at_last], until, (bought - 1).astype(float), number[repeat], moment[repeat]
    )
