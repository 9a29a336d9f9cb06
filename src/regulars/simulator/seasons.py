"""The shop's clock: how fast time runs each day (season, weekday, promotions), and at what hour people order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from regulars.simulator.draws import inverse_table
from regulars.simulator.world import World, day

SECONDS = 86_400
_HOUR_TABLE = 16_384
_GUIDE = 16_384
_WEEKDAY = (3, 1, 0.6, 0.4, 0.4, 1.2, 3, 6, 8, 9, 9, 8, 8.5, 8, 7.5, 7.5, 7.5, 8, 9, 11, 12, 11, 8, 5)
_WEEKEND = (4, 2, 1, 0.6, 0.4, 0.6, 1.2, 2.5, 5, 8, 10, 11, 10, 9, 8.5, 8.5, 9, 9, 9.5, 10.5, 11, 10, 8, 6)


@dataclass(frozen=True)
class Seasons:
    """Everything about time, day by day from the start to the end of the future."""

    dates: list[date]
    speed: NDArray[np.float64]
    """(2, days): orders a day relative to the mean day, for most customers and for deal seekers."""
    clock: NDArray[np.float64]
    """(2, days + 1): business time elapsed at the start of each day."""
    guide: NDArray[np.int64]
    """(2, bins): the day at the start of each equal slice of business time, where a search begins."""
    index: NDArray[np.float64]
    """(days,): season and weekday without promotions, mean 1 over whole years."""
    promotion: NDArray[np.int64]
    """(days,): which promotion runs, −1 for none."""
    utc_start: NDArray[np.int64]
    """(days,): seconds since 1970 of local midnight, by the day's offset at noon."""
    weekday: NDArray[np.int64]
    hours: NDArray[np.int64]
    """(2, table): seconds of the day on weekdays and weekends, each entry as likely as another."""
    acquisition: NDArray[np.float64]
    """(days of data + 1): share of customers acquired before each day."""

    def business_time(self, group: NDArray[np.int64], moment: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the elapsed business time at ``moment`` (days since the start) on the clock of ``group``."""
        grid = np.arange(self.clock.shape[1])
        plain = np.interp(moment, grid, self.clock[0])
        return np.where(group == 1, np.interp(moment, grid, self.clock[1]), plain)

    def day_at(self, group: NDArray[np.int64], business: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the day on which the clock of ``group`` shows ``business``."""
        bins = self.guide.shape[1]
        place = business * (bins / self.clock[:, -1])[group]
        found = self.guide[group, np.minimum(place.astype(np.int64), bins - 1)]
        while (behind := (self.clock[group, found + 1] <= business) & (found < len(self.dates) - 1)).any():
            found = found + behind
        return np.asarray(found)

    def instants(self, moment: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return seconds since 1970 for moments in local days since the start, also beyond the calendar's end."""
        seconds = np.rint(moment * SECONDS).astype(np.int64)
        day = np.minimum(seconds // SECONDS, len(self.dates) - 1)
        return np.asarray(self.utc_start[day] + (seconds - day * SECONDS))

    def moments(self, rng: np.random.Generator, days: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw a second of the day for each of ``days``, by the hours of weekdays and weekends."""
        pick = rng.integers(0, self.hours.shape[1], len(days))
        weekend = (self.weekday[days] >= 5).astype(np.int64)
        return np.asarray(self.hours[weekend, pick])


def seasons(world: World) -> Seasons:
    """Work out the calendar of a world; no randomness in it."""
    total = world.days + world.future_days
    dates = [day(world, number) for number in range(total)]
    weekday = np.array([item.weekday() for item in dates])
    index = _index(world, dates, weekday)
    promotion = np.array([_promotion(world, item) for item in dates])
    lifts = [[p.lift for p in world.promotions] + [1.0], [p.deal_lift for p in world.promotions] + [1.0]]
    speed = index * np.array(lifts)[:, promotion]
    speed /= _yearly_mean(speed)[:, None]
    clock = np.concatenate([np.zeros((2, 1)), np.cumsum(speed, axis=1)], axis=1)
    slices = np.arange(_GUIDE) / _GUIDE
    guide = np.stack([np.searchsorted(c, slices * c[-1], side="right") - 1 for c in clock])
    growing = np.log1p(world.growth_yearly) * np.arange(world.days) / 365.25
    arrivals = np.exp(growing) * speed[0, : world.days]
    acquisition = np.concatenate([[0.0], np.cumsum(arrivals) / arrivals.sum()])
    hours = np.stack([_hours(_WEEKDAY), _hours(_WEEKEND)])
    utc_start = _midnights(world, dates)
    return Seasons(dates, speed, clock, guide, index, promotion, utc_start, weekday, hours, acquisition)


def _index(world: World, dates: list[date], weekday: NDArray[np.int64]) -> NDArray[np.float64]:
    of_year = np.array([item.timetuple().tm_yday for item in dates])
    wave = 1 + world.season_swing * np.cos(2 * np.pi * (of_year - 20) / 365.25)
    to_peak = np.array([(date(item.year, 12, 13) - item).days for item in dates])
    advent = 1 + world.christmas_lift * np.exp(-0.5 * (to_peak / 9.0) ** 2)
    closed = np.array(
        [0.35 if (item.month, item.day) in {(12, 24), (12, 25), (12, 26), (1, 1)} else 1.0 for item in dates]
    )
    index = wave * advent * closed * np.where(weekday >= 5, world.weekend, 1.0)
    return index / _yearly_mean(index[None])[0]


def _yearly_mean(daily: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over as many whole years as there are, so that part of a year does not tilt the level."""
    years = daily.shape[1] // 365
    return daily[:, : years * 365 or None].mean(axis=1)


def _promotion(world: World, item: date) -> int:
    for number, promotion in enumerate(world.promotions):
        for year in (item.year - 1, item.year):
            first = date(year, *promotion.first)
            if first <= item < first + timedelta(days=promotion.days):
                return number
    return -1


def _hours(weights: tuple[float, ...]) -> NDArray[np.int64]:
    quarter = np.interp(np.arange(0, 24, 0.25), np.arange(25), [*weights, weights[0]])
    slots = inverse_table(quarter, _HOUR_TABLE) * 900
    within = np.arange(_HOUR_TABLE) * 7919 % 900
    return slots + within


def _midnights(world: World, dates: list[date]) -> NDArray[np.int64]:
    """Local midnight in UTC; the noon offset serves the whole day, so every order keeps its local date."""
    zone = ZoneInfo(world.time_zone)
    noons = [datetime.combine(item, time(12), zone).timestamp() for item in dates]
    return np.array(noons, dtype=np.int64) - SECONDS // 2
