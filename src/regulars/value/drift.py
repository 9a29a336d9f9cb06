"""Has the shop changed? The model's parameters as of earlier days, and this run beside an earlier run's summary.

Neighbouring fits are nested: the later one has seen all that the earlier one saw. For such estimates the variance of the
difference is the difference of the variances (Hausman 1978, *Specification tests in econometrics*), so
z = (log θ₂ − log θ₁) / √(s₁² − s₂²) with s the standard errors of the logarithms. Parameters are read from the model's JSON, so
that every model can be followed, and so that an earlier run needs nothing but the file it left.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise
from math import exp, isfinite, log, log1p, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from scipy.special import ndtri

from regulars.kit.i18n import Phrase, mark
from regulars.kit.unknown import Unknown
from regulars.kit.words import Money
from regulars.value import frames, processes, tracking
from regulars.value.assumptions import DAYS_A_WEEK, DAYS_A_YEAR
from regulars.value.summary import EPOCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from regulars.value.estimate import Value

FAR = 3.0
"""Standard errors beyond which a parameter counts as moved: with eight of them, chance alone does so once in fifty looks."""
MATTERS = 0.10
"""In a large shop the smallest change is certain; below a tenth it changes no decision."""
WEEKS_A_YEAR = DAYS_A_YEAR / DAYS_A_WEEK
CLOSE = 1e-6
LEAST_VARIANCE = 0.05
"""Share of the earlier variance below which the difference of variances is only rounding."""
LONGEST_SUMMARY_BYTES = 50_000_000
ANOTHER_SHOP = 0.2
"""An earlier run whose customers differ by more from those of the same day today is not of this shop's data."""

Parameters = dict[tuple[str, str, str], tuple[float, float]]
"""(layer, model, parameter) → value and standard error: parameters of two models that share a name are not the same."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One parameter on two days: ``before`` and ``after`` with their standard errors; ``z`` None where those are unknown."""

    layer: str
    name: str
    since: date
    until: date
    before: float
    before_error: float
    after: float
    after_error: float
    z: float | None


def parameters(told: object) -> Parameters:
    """Read the positive parameters and their standard errors out of a model's JSON; anything else is left out."""
    found: Parameters = {}
    for layer, fit in told.items() if isinstance(told, dict) else ():
        params, errors = (
            (fit.get("params"), fit.get("standard_errors")) if isinstance(fit, dict) else (None, None)
        )
        if isinstance(params, dict) and isinstance(errors, dict):
            for name in params:
                value, error = _number(params, name), _number(errors, name)
                if value is not None and value > 0:
                    found[str(layer), str(fit.get("name", "")), str(name)] = (
                        value,
                        float("nan") if error is None else error,
                    )
    return found


def history(value: Value) -> tuple[tuple[date, Parameters], ...]:
    """Return the parameters as of the earlier days that were backtested, and as of today; the earliest first."""
    origins = () if isinstance(value.rolling, Unknown) else value.rolling.origins
    fits = {test.cutoff: test.fitted for test in origins} | {value.as_of: value.model}
    return tuple((on, parameters(fit.to_json())) for on, fit in sorted(fits.items()) if fit is not None)


def shifts(fits: Sequence[tuple[date, Parameters]]) -> tuple[Shift, ...]:
    """Return how each parameter moved between neighbouring days."""
    found = []
    for (since, before), (until, after) in pairwise(fits):
        for key in before.keys() & after.keys():
            layer, _, name = key
            found.append(_shift(layer, name, since, until, before[key], after[key]))
    return tuple(sorted(found, key=lambda each: (each.since, each.layer, each.name)))


def _shift(
    layer: str, name: str, since: date, until: date, before: tuple[float, float], after: tuple[float, float]
) -> Shift:
    (old, old_error), (new, new_error) = before, after
    first, second = (old_error / old) ** 2, (new_error / new) ** 2
    variance = max(first - second, LEAST_VARIANCE * first)
    z = log(new / old) / sqrt(variance) if isfinite(variance) and variance > 0 else None
    return Shift(layer, name, since, until, old, old_error, new, new_error, z)


def levels(found: Parameters) -> dict[str, float]:
    """Return what a layer's parameters come to together, as single ones may trade places without changing anything.

    ``purchasing``: repeat purchases of a new customer in the first year; ``spending``: mean spend an order under the
    Gamma-Gamma, p·γ/(q−1). Left out where the model is another one.
    """
    told: dict[str, float] = {}
    layers: dict[str, dict[str, float]] = {}
    names: dict[str, str] = {}
    for (layer, model, name), (value, _) in found.items():
        layers.setdefault(layer, {})[name] = value
        names[layer] = model
    buying, spending = layers.get("purchasing", {}), layers.get("spending", {})
    process = processes.named(names.get("purchasing", ""))
    if process is not None and buying.keys() >= set(process.parameters):
        params = [buying[name] for name in process.parameters]
        told["purchasing"] = float(process.of_new(params, WEEKS_A_YEAR))
    if {"p", "q", "gamma"} <= spending.keys() and spending["q"] > 1 + CLOSE:
        told["spending"] = spending["p"] * spending["gamma"] / (spending["q"] - 1)
    return told


WORDS = {
    "purchasing": mark(
        "How often customers buy has changed since {day}: a new one's first year went from {before} to {after} repeat purchases."
    ),
    "spending": mark(
        "How much customers spend has changed since {day}: an order went from {before} to {after} on average."
    ),
}


def alerts(fits: Sequence[tuple[date, Parameters]]) -> tuple[Phrase, ...]:
    """Say what has changed between the last two days: some parameter by more than chance, and what they come to by enough."""
    if len(fits) < 2:
        return ()
    (since, before), (_, after) = fits[-2:]
    certain = {each.layer for each in shifts(fits[-2:]) if each.z is not None and abs(each.z) > FAR}
    old, new = levels(before), levels(after)
    return tuple(
        Phrase.of(
            words, day=since,
            before=Money(old[layer]) if layer == "spending" else old[layer],
            after=Money(new[layer]) if layer == "spending" else new[layer],
        )
        for layer, words in WORDS.items()
        if layer in certain and layer in old and layer in new and abs(log(new[layer] / old[layer])) > MATTERS
    )  # fmt: skip


# An earlier run, as it left its summary in the folder that is written to again.


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier run said: the day it knew until, and its ``value`` and ``intake`` as JSON (to be doubted)."""

    as_of: date
    value: Mapping[str, Any]
    currency: str | None


NOT_A_SUMMARY = Unknown.because(
    "earlier_unreadable",
    mark("There is a summary.json of something else; nothing can be compared with it."),
)


def earlier_run(folder: Path) -> Earlier | Unknown | None:
    """Read the summary that an earlier run left in a folder; None without one, the reason where it cannot be used."""
    path = folder / "summary.json"
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > LONGEST_SUMMARY_BYTES:
            return NOT_A_SUMMARY
        told = json.loads(path.read_text(encoding="utf-8"))
        value, intake = told["value"], told.get("intake") or {}
        currency = intake.get("currency")
        as_of = date.fromisoformat(value["as_of"])
        if "regulars" not in told or _number(value, "customers") is None:
            return NOT_A_SUMMARY
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return NOT_A_SUMMARY
    return Earlier(as_of, value, currency if isinstance(currency, str) else None)


@dataclass(frozen=True, slots=True)
class Change:
    """One figure then and now; ``name`` is ``customers``, ``total``, ``expected_orders`` or ``customers_alive``."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Held:
    """What the earlier forecast said would have come by ``until``, and what its customers have brought since."""

    until: date
    expected: float
    low: float
    high: float
    actual: float

    @property
    def inside(self) -> bool:
        """Whether the earlier interval held."""
        return self.low <= self.actual <= self.high

    @property
    def phrase(self) -> Phrase:
        """Say whether it held."""
        words = HELD if self.inside else ABOVE if self.actual > self.high else BELOW
        amounts = {
            name: Money(getattr(self, name), cents=False) for name in ("expected", "low", "high", "actual")
        }
        return Phrase.of(words, until=self.until, **amounts)


HELD = mark(
    "The earlier forecast has held so far: by {until} it expected {expected} ({low} – {high}) of its customers; they brought {actual}."
)
ABOVE = mark(
    "Customers have brought more than the earlier forecast allows for: {actual} by {until}, instead of {expected} ({low} – {high})."
)
BELOW = mark(
    "Customers have brought less than the earlier forecast allows for: {actual} by {until}, instead of {expected} ({low} – {high})."
)


@dataclass(frozen=True, slots=True)
class Since:
    """This run beside an earlier one."""

    as_of: date
    changes: tuple[Change, ...]
    fits: tuple[tuple[date, Parameters], ...]
    """The model's parameters then and now; nothing where one of the runs has no forecast."""
    held: Held | None
    """None where the earlier run had no forecast, or not one that can be followed."""

    @property
    def alerts(self) -> tuple[Phrase, ...]:
        """What has changed by more than it should."""
        off = (self.held.phrase,) if self.held is not None and not self.held.inside else ()
        return off + alerts(self.fits)

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "as_of": self.as_of.isoformat(),
            "changes": {each.name: {"before": each.before, "after": each.after} for each in self.changes},
            "parameters": [asdict(each) for each in shifts(self.fits)],
            "forecast": None if self.held is None else {**asdict(self.held), "inside": self.held.inside},
            "alerts": [str(alert) for alert in self.alerts],
        }


def compare(value: Value, earlier: Earlier | Unknown | None) -> Since | Unknown | None:
    """Hold this value beside an earlier run; None where there is none or it is of the same day."""
    if earlier is None or isinstance(earlier, Unknown) or earlier.as_of == value.as_of:
        return earlier if isinstance(earlier, Unknown) else None
    if earlier.as_of > value.as_of:
        return Unknown.because(
            "earlier_is_later",
            mark("The summary in the folder is of a later day ({day}), so nothing is compared with it."),
            day=earlier.as_of,
        )
    then, known = _number(earlier.value, "customers") or 0.0, _customers_by(value, earlier.as_of)
    if earlier.currency != value.orders.shop.currency or abs(known - then) > ANOTHER_SHOP * max(known, then):
        return Unknown.because(
            "earlier_foreign",
            mark(
                "The summary in the folder is of other orders: it counts {then} customers by {day}, these orders {known}."
            ),
            day=earlier.as_of,
            then=int(then),
            known=known,
        )
    return Since(earlier.as_of, _changes(value, earlier), _fits(value, earlier), _held(value, earlier))


def _customers_by(value: Value, on: date) -> int:
    return int((value.summary.first_day <= (on - EPOCH).days).sum())


def _changes(value: Value, earlier: Earlier) -> tuple[Change, ...]:
    now = value.to_json()
    rows: list[tuple[str, tuple[str, ...]]] = [("customers", ("customers",))]
    # Totals over another horizon, or of another measure, are other figures.
    if all(
        earlier.value.get(name) == now[name] for name in ("horizon_days", "margin", "discount_rate_yearly")
    ):
        rows += [("total", ("total", "expected")), ("expected_orders", ("expected_orders",))]
    rows += [("customers_alive", ("customers_alive",))]
    pairs = [(name, _number(earlier.value, *path), _number(now, *path)) for name, path in rows]
    return tuple(
        Change(name, before, after)
        for name, before, after in pairs
        if before is not None and after is not None
    )


def _fits(value: Value, earlier: Earlier) -> tuple[tuple[date, Parameters], ...]:
    then = parameters(earlier.value.get("model"))
    if value.model is None or not then:
        return ()
    return ((earlier.as_of, then), (value.as_of, parameters(value.model.to_json())))


def _held(value: Value, earlier: Earlier) -> Held | None:
    """Hold the part of an earlier forecast that has passed against what the same customers have brought since."""
    told = earlier.value
    total, low, high = (_number(told, "total", name) for name in ("expected", "low", "high"))
    steps = _path(told.get("path"))
    if total is None or low is None or high is None or not 0 < low <= total <= high or len(steps) < 2:
        return None
    until = min(value.as_of, steps[-1][0])
    days, expected_by = zip(*(((on - earlier.as_of).days, amount) for on, amount in steps), strict=True)
    expected = float(np.interp((until - earlier.as_of).days, days, expected_by))
    if expected <= 0:
        return None
    orders = (_number(told, "expected_orders") or 0.0) * expected / total
    chance = _chance(value, earlier.as_of, max(orders, 1.0), _number(told, "interval") or 0.8)
    below, above = (exp(sqrt(log(total / end) ** 2 + chance)) for end in (low, high))
    return Held(until, expected, expected / below, expected * above, _brought(value, earlier, until))


def _chance(value: Value, on: date, orders: float, interval: float) -> float:
    """Squared half-width, in logarithms, that chance alone gives a sum of so many orders (see ``tracking``)."""
    times = float(ndtri(0.5 + min(max(interval, 0.01), 0.99) / 2))
    return times**2 * log1p(tracking.scatter(value, on) / orders)


def _brought(value: Value, earlier: Earlier, until: date) -> float:
    """What the earlier run's customers have brought since, in the earlier run's own measure: margin, discounted by the day."""
    happened = value.orders.workspace.engine.arrow(frames.known_by_day(value.past.days, earlier.as_of, until))
    net = np.asarray(pc.cast(happened["spend"], "double")) - np.asarray(
        pc.cast(happened["refunded"], "double")
    )
    after = np.array([(on - earlier.as_of).days for on in happened["ordered_on"].to_pylist()], float)
    margin, rate = _number(earlier.value, "margin"), _number(earlier.value, "discount_rate_yearly") or 0.0
    worth = net * np.exp(-log1p(max(rate, 0.0)) * after / DAYS_A_YEAR)
    return float(worth.sum()) * (1.0 if margin is None else margin)


def _path(told: object) -> list[tuple[date, float]]:
    """Read the days of a path in ascending order; nothing where a step is none."""
    found: list[tuple[date, float]] = []
    for step in told if isinstance(told, list) else ():
        amount = _number(step, "expected")
        try:
            on = date.fromisoformat(step["on"])
        except (TypeError, ValueError, KeyError):
            return []
        if amount is None or (found and on <= found[-1][0]):
            return []
        found.append((on, amount))
    return found


def _number(told: object, *names: str) -> float | None:
    """Return a finite number from nested JSON; None for anything else."""
    for name in names:
        told = told.get(name) if isinstance(told, dict) else None
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    try:
        number = float(told)
    except OverflowError:
        return None
    return number if isfinite(number) else None
