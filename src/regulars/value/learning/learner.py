"""Learning from earlier days which customers the purchase model misjudges: train, test, weigh, and correct the forecast.

The same code serves today's forecast and a backtest: all it looks at, gate and weight included, comes from orders up to the end
of the summary it is given.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.kit.i18n import Phrase, mark
from regulars.kit.themes import Theme, by_theme
from regulars.kit.unknown import Unknown
from regulars.kit.words import Share
from regulars.value.learning import blend, features, matrix, trees, windows, words
from regulars.value.learning.engagement import SPANS_DAYS
from regulars.value.learning.windows import LEARNING, Window, Windows
from regulars.value.processes import PARETO
from regulars.value.summary import EPOCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.lake import Orders
    from regulars.value.assumptions import Minimum
    from regulars.value.learning.engagement import Engagement
    from regulars.value.learning.trees import Trees
    from regulars.value.model import Prediction
    from regulars.value.past import Past
    from regulars.value.processes import Process
    from regulars.value.summary import Summary

FEWEST_BUYERS = 100
"""Customers of a window who bought after it; fewer say nothing about who does."""
MOST_CUSTOMERS = 1_000_000
"""Beyond so many, learning has to be asked for: the features of every customer, today and in every backtest, take their time."""
AT_ONCE = 200_000
"""Customers whose features are held at a time."""


_MISSING = Unknown.because(
    "learner_missing", mark("Learning needs LightGBM. Install it with: pip install 'regulars[rank]'.")
)


@dataclass(frozen=True)
class Learnt:
    """What was learnt: a factor on the expected value of each customer, and what it rests on."""

    factor: NDArray[np.float64]
    """One entry a customer, in the summary's order; 1 where nothing is known better. The expected total stays as it was."""
    weight: float
    """How far the learner is believed, 0 to 1."""
    gain: float
    """By which share the blend of the best weight lowered the Tweedie deviance where it was tested."""
    tested_on: date
    """The earlier day of the test."""
    ahead: bool
    """Whether the test followed in time all that was learnt from; otherwise it was on customers left out."""
    learnt_from: tuple[date, ...]
    """Earlier days whose customers were learnt from, the latest first."""
    familiar: float
    """Share of today's customers that the learner has any say about."""
    reasons: tuple[Theme, ...]
    """What it goes by, in the merchant's words, the most important first; shares sum to 1."""
    watched: date | Unknown | None = None
    """Since when it sees what customers look at, or why it does not; None where no events are given."""

    def applied(self, told: Prediction) -> Prediction:
        """Return a forecast with the factor on all that is money of the whole horizon; how often and how much an order stay."""
        low = None if told.low is None else told.low * self.factor
        high = None if told.high is None else told.high * self.factor
        return replace(told, spend=told.spend * self.factor, clv=told.clv * self.factor, low=low, high=high)

    def sentences(self) -> tuple[Phrase, ...]:
        """Return how it was learnt and what it goes by, for the paragraph about the method."""
        tested = (
            mark(
                "Boosted trees (LightGBM) learnt from what customers did after earlier days, the last of them {day}, whom this "
                "misjudges. Tested on that day, on a time they had not seen, they lowered the error (Tweedie deviance) by up "
                "to {gain}. They count with a weight of {weight} and divide the expected spend anew, without changing its sum."
            )
            if self.ahead
            else mark(
                "Boosted trees (LightGBM) learnt from what customers did after earlier days, the last of them {day}, whom this "
                "misjudges. Tested on that day, on customers they had not seen, they lowered the error (Tweedie deviance) by up "
                "to {gain}. They count with a weight of {weight} and divide the expected spend anew, without changing its sum."
            )
        )
        first = self.reasons[:3]
        return (
            Phrase.of(
                tested,
                day=self.tested_on,
                gain=Share(self.gain),
                weight=Share(self.weight),
            ),
            Phrase.of(
                mark("They go by: {reasons}."),
                reasons=tuple(
                    Phrase.of(mark("{reason} ({share})"), reason=Phrase(each.title), share=Share(each.share))
                    for each in first
                ),
            ),
            *_watching(self.watched),
        )

    def to_json(self) -> dict[str, Any]:
        """Everything but the customers, ready for JSON."""
        return {
            "weight": self.weight,
            "gain": self.gain,
            "tested_on": self.tested_on.isoformat(),
            "tested_ahead_in_time": self.ahead,
            "learnt_from": [day.isoformat() for day in self.learnt_from],
            "familiar": self.familiar,
            "goes_by": {each.title: each.share for each in self.reasons},
            "events_since": self.watched.isoformat() if isinstance(self.watched, date) else None,
        }


@dataclass(frozen=True)
class Learner:
    """What a learner reads: the shop's orders, and its past."""

    orders: Orders
    past: Past
    engagement: Engagement | Unknown | None = None
    """What customers looked at; None where no events are given."""
    remembered: dict[tuple[object, ...], Window | Unknown] = field(
        default_factory=dict, repr=False, compare=False
    )
    """The last windows that were looked at: backtests at several days learn from some of the same."""

    @staticmethod
    def wanted(asked: bool | None, customers: int, *, needed: bool = False) -> bool | Unknown:
        """Tell whether to learn: as asked; else where LightGBM is installed and customers are not too many.

        ``REGULARS_LEARNER`` says ``off``, or ``on`` for any number of customers. Where something was given that only learning
        can use (``needed``), a missing LightGBM is told.
        """
        told = os.environ.get("REGULARS_LEARNER", "").lower()
        if asked is not None or told == "off":
            return bool(asked)
        if not trees.installed():
            return _MISSING if needed else False
        if customers > MOST_CUSTOMERS and told != "on":
            return Unknown.because(
                "learner_large",
                mark(
                    "With more than {most} customers learning takes longer than all the rest; REGULARS_LEARNER=on does it all the same."
                ),
                most=MOST_CUSTOMERS,
            )
        return True

    def learn(
        self, summary: Summary, told: Prediction, horizon_days: int, process: Process = PARETO
    ) -> Learnt | Unknown:
        """Learn whom a forecast misjudges; nothing after the summary's last day is looked at.

        ``told`` is the forecast of the summary's customers over ``horizon_days``, discounted or not, by ``process``. Returns ``Unknown`` with the reason where
        LightGBM is not installed, the past is too short or too quiet, or what was learnt was of no use in the test.
        """
        if not trees.installed():
            return _MISSING
        if not len(summary):
            return _too_short(0, horizon_days, self.past.minimum)
        ends = (int(summary.first_day.min()), summary.as_of_day)
        begin, cutoff = (EPOCH + timedelta(days=day) for day in ends)
        days = windows.cutoffs(begin, cutoff, horizon_days, self.past.minimum.span_days)
        if not days:
            return _too_short((cutoff - begin).days, horizon_days, self.past.minimum)
        past = Windows(
            self.orders,
            self.past,
            process,
            begin,
            horizon_days,
            slots=windows.drawn(len(summary) * len(days)),
            peers=windows.drawn(len(summary)),
            engagement=None if isinstance(self.engagement, Unknown) else self.engagement,
            remembered=self.remembered,
        )
        seen = _windows(past, days)
        if isinstance(seen, Unknown):
            return seen
        tested = _tested(seen, horizon_days)
        if not tested.proof.believed:
            return Unknown.because(
                "learner_no_use",
                mark(
                    "Learning from earlier days was of no use on {day}: what it gained there may be chance."
                ),
                day=days[0],
            )
        found = _learnt(tested, seen, past, summary, told, cutoff)
        if isinstance(found, Unknown) or self.engagement is None:
            return found
        return replace(found, watched=_watched(self.engagement, seen, cutoff))


@dataclass(frozen=True)
class _Tested:
    """Trees trained on all windows (None: not yet), and how such trees did on the last of these without having seen it."""

    proof: blend.Proof
    ahead: bool
    trees: Trees | None


def _tested(seen: Sequence[Window], horizon_days: int) -> _Tested:
    """Test on the last window: by trees of windows that were over before it began; else by trees of other customers."""
    last = seen[0]
    over = [window for window in seen if window.cutoff + timedelta(days=horizon_days) <= last.cutoff]
    if over:
        before, _ = trees.train(over)
        told = before.log_factor(last.features)
        return _Tested(blend.prove(last.actual, last.forecast, told), ahead=True, trees=None)
    whole, unseen = trees.train(seen)
    return _Tested(blend.prove(last.actual, last.forecast, unseen), ahead=False, trees=whole)


def _learnt(
    tested: _Tested, seen: Sequence[Window], past: Windows, summary: Summary, told: Prediction, cutoff: date
) -> Learnt | Unknown:
    whole = tested.trees or trees.train(seen)[0]
    log_factor, strangeness = _asked(whole, past, summary, told, cutoff)
    weight = blend.weights(tested.proof.believed, strangeness)
    if not (weight > 0).any():
        return Unknown.because(
            "learner_strangers", mark("Today's customers differ too much from those of earlier days.")
        )
    shares = dict(zip(whole.coding.columns, whole.importance.tolist(), strict=True))
    return Learnt(
        factor=blend.factors(told.spend, log_factor, weight),
        weight=tested.proof.believed,
        gain=tested.proof.gain,
        tested_on=seen[0].cutoff,
        ahead=tested.ahead,
        learnt_from=tuple(window.cutoff for window in seen),
        familiar=float((weight > 0).mean()),
        reasons=by_theme(shares, words.THEMES),
    )


def _windows(past: Windows, days: Sequence[date]) -> list[Window] | Unknown:
    found = [past.window(day) for day in days]
    if isinstance(found[0], Unknown):
        return Unknown.because(
            "learner_" + found[0].code,
            mark("There was too little on {day} to learn from: {why}"),
            day=days[0],
            why=found[0],
        )
    known = [window for window in found if not isinstance(window, Unknown)]
    bought = [window for window in known if int((window.actual > 0).sum()) >= FEWEST_BUYERS]
    if not bought or bought[0].cutoff != days[0]:
        return Unknown.because(
            "learner_too_few",
            mark(
                "Learning needs {needed} customers who bought in the {days} days after {day}; there are {found}."
            ),
            needed=FEWEST_BUYERS,
            days=past.horizon_days,
            day=days[0],
            found=int((known[0].actual > 0).sum()),
        )
    return bought


def _watched(engagement: Engagement | Unknown, seen: Sequence[Window], cutoff: date) -> date | Unknown:
    """Return since when customers were watched; why not, where events do not cover every day that was learnt from."""
    if isinstance(engagement, Unknown):
        return engagement
    days = (cutoff, *(window.cutoff for window in seen))
    shortest = min(SPANS_DAYS)
    if all(shortest in engagement.spans(day) for day in days):
        return engagement.first
    return Unknown.because(
        "events_short",
        mark(
            "What customers look at is left aside: it is known from {first} to {last}, and learning needs it from {from_day} to {until}."
        ),
        first=engagement.first,
        last=engagement.last,
        from_day=min(days) - timedelta(days=shortest - 1),
        until=cutoff,
    )


def _watching(watched: date | Unknown | None) -> tuple[Phrase, ...]:
    if watched is None:
        return ()
    if isinstance(watched, Unknown):
        return (Phrase(watched.reason, watched.values),)
    return (
        Phrase.of(
            mark("They also see what customers looked at and put into carts, recorded since {day}."),
            day=watched,
        ),
    )


def _asked(
    learnt: Trees, past: Windows, summary: Summary, told: Prediction, cutoff: date
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return log factor and strangeness of every customer, a part of them at a time."""
    parts = ceil(len(summary) / AT_ONCE)
    table = past.looked_at(replace(past.scope(cutoff), slots=features.SLOTS))
    if parts > 1:
        place = past.orders.workspace.folder / "features.parquet"
        table = past.engine.save(table, place, title=LEARNING)
    part = features.slot_of(summary.key) * parts // features.SLOTS
    ranks = windows.age_ranks(summary)
    log_factor, strangeness = np.zeros(len(summary)), np.zeros(len(summary))
    for number in range(parts):
        rows = np.flatnonzero(part == number)
        some = table.filter(features.slot(table.customer_key) * parts // features.SLOTS == number)
        known = matrix.Known(summary.part(rows), _taken(told, rows), ranks[rows])
        asked = matrix.of(past.engine.arrow(some, title=LEARNING), known)
        log_factor[rows], strangeness[rows] = learnt.log_factor(asked), learnt.strangeness(asked)
    return log_factor, strangeness


def _taken(told: Prediction, rows: NDArray[np.intp]) -> Prediction:
    arrays: dict[str, Any] = {each.name: getattr(told, each.name) for each in fields(told)}
    return replace(told, **{name: None if each is None else each[rows] for name, each in arrays.items()})  # type: ignore[arg-type]


def _too_short(found: int, horizon_days: int, minimum: Minimum) -> Unknown:
    return Unknown.because(
        "learner_too_short",
        mark(
            "Learning needs {needed} days of orders, as many as a forecast and its horizon; these cover {found}."
        ),
        needed=minimum.span_days + horizon_days,
        found=found,
    )
