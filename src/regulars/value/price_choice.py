"""In which prices a shop's spend is told: as it was, at the level last seen, or with a level that goes on moving."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from regulars.value import prices, spending
from regulars.value.prices import Prices

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from regulars.value.past import Look, Past
    from regulars.value.spending import Spending
    from regulars.value.summary import Summary

PLAIN, LEVEL, TREND = "plain", "level", "trend"


def spend(
    past: Past, day: date, summary: Summary, horizon_days: int, looks: tuple[Look, ...]
) -> tuple[Spending, Callable[[Look], Spending]]:
    """Fit spend, in prices to come where the past speaks for it; also return how an earlier day is told in the same way."""
    seen, earlier = Prices(past.price_level(day)), _Earlier(past)
    if not seen.explains or not looks:
        return replace(spending.fit(summary), prices=seen), lambda look: earlier.told(look, PLAIN)
    test, way = earlier.compared(looks, PLAIN, LEVEL), LEVEL
    moving = earlier.compared(looks, PLAIN, TREND)
    if moving.is_better and (not test.is_better or earlier.compared(looks, LEVEL, TREND).is_better):
        test, way = moving, TREND
    if not test.is_better:
        way = PLAIN
    found = _prices(past, day, summary, horizon_days, way) if way != PLAIN else seen
    found = replace(found, gain=test.gain, error=test.error, days=len(looks))
    plain = replace(spending.fit(summary), prices=found) if way == PLAIN else None
    return plain or spending.restated(past, summary, found), lambda look: earlier.told(look, way)


def _prices(past: Past, day: date, summary: Summary, horizon_days: int, way: str) -> Prices:
    """Return in which prices spend is told on a day, by the months until then."""
    first_day = int(summary.first_day.min())
    return prices.find(past.price_level(day), day, first_day, horizon_days, trend=way == TREND)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """How spend would have been told on earlier days; each way is worked out once."""

    past: Past
    found: dict[tuple[date, str], Spending] = field(default_factory=dict)

    def told(self, look: Look, way: str) -> Spending:
        if (look.day, way) not in self.found:
            some = look.summary
            how = Prices() if way == PLAIN else _prices(self.past, look.day, some, look.window_days, way)
            self.found[look.day, way] = (
                spending.restated(self.past, some, how) if how.told else spending.fit(some)
            )
        return self.found[look.day, way]

    def compared(self, looks: tuple[Look, ...], usual: str, other: str) -> prices.Test:
        return prices.compared(
            looks,
            lambda look: self.told(look, usual).expected(look.summary),
            lambda look: self.told(look, other).expected(look.summary),
        )
