"""How a forecast was made, in sentences: what was chosen for this shop, and why."""

from __future__ import annotations

from calendar import month_name
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.kit.i18n import mark
from regulars.value import level
from regulars.value.summary import EPOCH

if TYPE_CHECKING:
    from regulars.value.estimate import Value

Said = tuple[str, dict[str, Any]]
"""A message id and the values of its placeholders: dates, numbers, shares (``…_share``, 0..1) and months (``…_month``, 1..12)."""


def sentences(value: Value) -> tuple[Said, ...]:
    """Return what was chosen and why, one sentence after the other; nothing without a forecast."""
    if value.model is None:
        return ()
    how = value.model.purchasing
    told: list[Said] = [
        (
            mark(
                "How often customers buy is told by the Pareto/NBD model, how much by the Gamma-Gamma model with the first "
                "order included."
            ),
            {},
        ),
        _seasons(value),
    ]
    if how.established_until is not None:
        told.append(
            (
                mark(
                    "Customers who first appear by {day} may have been customers before the orders begin: they are fitted by "
                    "themselves, as that explains what they did better."
                ),
                {"day": EPOCH + timedelta(days=how.established_until)},
            )
        )
    if value.model.refunds.shop > 0:
        told.append(
            (
                mark(
                    "Refunds are taken off customer by customer; over the whole shop they take {refund_share} of what is spent."
                ),
                {"refund_share": value.model.refunds.shop},
            )
        )
    return tuple(told)


def _seasons(value: Value) -> Said:
    assert value.model is not None
    clock = value.model.purchasing.clock
    if clock.is_steady:
        if value.summary.span_days(value.as_of) < level.SEASON_SPAN_DAYS:
            return mark("Seasons are left out: the orders do not cover a year yet."), {}
        if not level.seasons_can_be_seen(value.summary.first_day, value.summary.as_of_day):
            return (
                mark(
                    "Seasons are left out: nearly all customers arrived at once, so that a season cannot be told from their "
                    "age yet."
                ),
                {},
            )
        return mark("Days count alike: the orders do not show seasons beyond chance."), {}
    months = np.array([(date(2025, 1, 1) + timedelta(days=day)).month for day in range(len(clock.pace))])
    pace = {month: float(clock.pace[months == month].mean()) for month in range(1, 13)}
    busiest, quietest = max(pace, key=lambda month: pace[month]), min(pace, key=lambda month: pace[month])
    return (
        mark(
            "Days count by the shop's own year: {busiest_month} runs {fast} times as fast as an average month, {quietest_month} {slow} times."
        ),
        {
            "busiest_month": busiest,
            "fast": pace[busiest],
            "quietest_month": quietest,
            "slow": pace[quietest],
        },
    )


def english(said: Said) -> str:
    """Write a sentence for programs and notebooks; pages write it by locale."""
    message, values = said
    shown = {
        name: month_name[value]
        if name.endswith("_month")
        else f"{value:.1%}"
        if name.endswith("_share")
        else f"{value:.1f}"
        if isinstance(value, float)
        else value
        for name, value in values.items()
    }
    return message.format(**shown)
