"""How a forecast was made, in sentences: what was chosen for this shop, and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from regulars.kit.i18n import Phrase, mark
from regulars.kit.unknown import Unknown
from regulars.kit.words import Month, Share
from regulars.value import level, prices, special_days
from regulars.value.learning import Learnt
from regulars.value.summary import EPOCH

if TYPE_CHECKING:
    from regulars.value.choice import Choice
    from regulars.value.estimate import Value
    from regulars.value.level import Purchasing
    from regulars.value.summary import Summary


def sentences(value: Value) -> tuple[Phrase, ...]:
    """Return what was chosen and why, one sentence after the other; nothing without a forecast."""
    if value.model is None:
        return ()
    how, refunds = value.model.purchasing, value.model.refunds
    told = [
        Phrase.of(
            mark(
                "How often customers buy is told by the {process} model, how much by the Gamma-Gamma model with the first "
                "order included."
            ),
            process=how.process.name,
        ),
        _chosen(value.model.choice),
        _seasons(how, value.summary),
        *special_days.sentences(how.clock),
    ]
    if how.established_until is not None:
        told.append(
            Phrase.of(
                mark(
                    "Customers who first appear by {day} may have been customers before the orders begin: they are fitted by "
                    "themselves, as that explains what they did better."
                ),
                day=EPOCH + timedelta(days=how.established_until),
            )
        )
    told += prices.sentences(value.model.spending.prices)
    if value.model.calibration.days:
        told.append(
            Phrase.of(
                mark(
                    "A customer's interval is as wide as what followed earlier days says it must be (days looked at: {days})."
                ),
                days=value.model.calibration.days,
            )
        )
    if refunds.shop > 0:
        told.append(
            Phrase.of(
                mark(
                    "Refunds are taken off customer by customer; over the whole shop they take {refund_share} of what is spent."
                ),
                refund_share=Share(refunds.shop),
            )
        )
    return (*told, *_learning(value.learnt))


def _learning(learnt: Learnt | Unknown | None) -> tuple[Phrase, ...]:
    """What was learnt from earlier days, or why nothing was; nothing where nobody asked."""
    if isinstance(learnt, Learnt):
        return learnt.sentences()
    return () if learnt is None else (Phrase(learnt.reason, learnt.values),)


def _chosen(choice: Choice) -> Phrase:
    """Say why this model of buying and no other."""
    if not choice.contenders:
        return Phrase(
            mark("No other model of buying explains what customers did better than the Pareto/NBD.")
        )
    best = max(choice.contenders, key=lambda one: (one.process == choice.process, one.gain))
    if choice.process == best.process:
        return Phrase.of(
            mark(
                "It was chosen over the Pareto/NBD because it explains what customers did better and would have forecast "
                "earlier days better."
            )
        )
    if not choice.days:
        return Phrase.of(
            mark(
                "The {other} model explains what customers did better, but the orders do not reach far enough back to test it "
                "on earlier days."
            ),
            other=best.process.name,
        )
    return Phrase.of(
        mark(
            "The {other} model explains what customers did better, but would not have forecast earlier days better."
        ),
        other=best.process.name,
    )


def _seasons(how: Purchasing, summary: Summary) -> Phrase:
    pace = how.clock.pace
    if how.clock.has_no_seasons:
        now = summary.as_of_day
        if now - summary.first_day.min() < level.SEASON_SPAN_DAYS:
            return Phrase(mark("Seasons are left out: the orders do not cover a year yet."))
        if not level.seasons_can_be_seen(summary.first_day, now):
            return Phrase(
                mark(
                    "Seasons are left out: nearly all customers arrived at once, so that a season cannot be told from their "
                    "age yet."
                )
            )
        return Phrase(mark("Days count alike: the orders do not show seasons beyond chance."))
    months = np.array([(date(2025, 1, 1) + timedelta(days=day)).month for day in range(len(pace))])
    mean = {month: round(float(pace[months == month].mean()), 2) for month in range(1, 13)}
    busiest, quietest = max(mean, key=lambda month: mean[month]), min(mean, key=lambda month: mean[month])
    return Phrase.of(
        mark(
            "Days count by the shop's own year: {busiest_month} runs {fast} times as fast as an average month, {quietest_month} {slow} times."
        ),
        busiest_month=Month(busiest),
        fast=mean[busiest],
        quietest_month=Month(quietest),
        slow=mean[quietest],
    )
