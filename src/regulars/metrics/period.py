"""Which days a figure is about: all of them, the recent window, and the window of equal length before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.metrics.figures import Window

CENT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Period:
    """The calendar of one computation: from the first valid order to the end of ``as_of``."""

    first_on: date
    as_of: date
    window_days: int

    @property
    def overall(self) -> Window:
        """All days with facts."""
        return min(self.first_on, self.as_of), self.as_of

    @property
    def recent(self) -> Window:
        """The last ``window_days`` days."""
        return self.as_of - timedelta(days=self.window_days - 1), self.as_of

    @property
    def previous(self) -> Window:
        """The window of equal length before the recent one."""
        end = self.recent[0] - timedelta(days=1)
        return end - timedelta(days=self.window_days - 1), end

    @property
    def too_short(self) -> Unknown | None:
        """Why there is nothing to compare with, if the facts do not reach back to the window before."""
        if self.first_on <= self.previous[0]:
            return None
        return Unknown.because(
            "no_previous_window",
            mark("The orders start on {first_on}, so the {days} days before the window are not all covered."),
            first_on=self.first_on.isoformat(),
            days=self.window_days,
        )

    @property
    def no_past(self) -> Unknown | None:
        """Why nobody can have come back in the recent window: there are no facts before it."""
        if self.first_on < self.recent[0]:
            return None
        return Unknown.because(
            "no_past",
            mark(
                "The orders start on {first_on}, within the window: nobody can be seen to have ordered before it."
            ),
            first_on=self.first_on.isoformat(),
        )

    @property
    def no_memory(self) -> Unknown | None:
        """Why nobody can be told to be new in the window before: the facts begin less than a window ahead of it."""
        if self.first_on <= self.previous[0] - timedelta(days=self.window_days):
            return None
        return Unknown.because(
            "no_memory",
            mark("The orders start on {first_on}: too shortly before to tell new customers from old ones."),
            first_on=self.first_on.isoformat(),
        )


def month_of(number: int) -> date:
    """Return the first day of a month counted from year 0."""
    return date(number // 12, number % 12 + 1, 1)


def number_of(day: date) -> int:
    """Return a day's month counted from year 0."""
    return day.year * 12 + day.month - 1


def month_end(number: int) -> date:
    """Return the last day of a month counted from year 0."""
    return month_of(number + 1) - timedelta(days=1)


def per(amount: Decimal, number: int) -> Decimal:
    """Divide money by a positive count, to a hundredth of a cent."""
    return (amount / number).quantize(CENT)


def share(part: Decimal | int, whole: Decimal | int) -> float:
    """Divide exactly, then round once."""
    return float(Decimal(part) / Decimal(whole))
