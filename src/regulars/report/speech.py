"""How the page speaks: sentences, money, dates and counts in one language, with its own way of writing them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, numbers
from babel.dates import format_date, format_skeleton

from regulars.kit.i18n import Counted, translator
from regulars.kit.unknown import Unknown
from regulars.kit.words import Money, Month, Share
from regulars.report.model import Number, Sentence, Unit, Words

# A page writes thousands of numbers, and the same ones each time that it is opened.
_kept = lru_cache(maxsize=50_000)
format_compact_currency = _kept(numbers.format_compact_currency)
format_currency = _kept(numbers.format_currency)
format_decimal = _kept(numbers.format_decimal)
format_percent = _kept(numbers.format_percent)

MANY = 1e8
"""From here on money is written short (1.2B): more digits than a card can hold, and than anyone reads."""


class Speech:
    """One language and one currency; every text on the page passes through here."""

    def __init__(self, language: str = "en", currency: str | None = None) -> None:
        self.language, self.currency = language, currency
        self.t = translator(language)
        self.plural = self.t.plural
        self._locale = Locale.parse(language)

    def say(self, words: Words | Unknown) -> str:
        """Translate words, or the reason of an unknown, with the values among them written by locale."""
        if isinstance(words, Unknown):
            words = Sentence(words.reason, words.values)
        if isinstance(words, str):
            return self.t(words) if words else ""
        return self.t(words.message, **{name: self._inline(value) for name, value in words.values})

    def value(self, number: Number | None, unit: Unit) -> str:
        """Write a number in its unit; an unknown is a dash (its reason is said elsewhere)."""
        if number is None or isinstance(number, Unknown) or not math.isfinite(number):
            return "–"
        writers: dict[str, Callable[[float], str]] = {
            "money": self.money,
            "count": self.count,
            "share": self.share,
            "days": self.days,
            "number": self.number,
            "ratio": self.ratio,
            "orders": lambda found: self.number(found, 1),
            "years": self.years,
        }
        return writers[unit](number)

    def money(self, amount: float, *, cents: bool | None = None) -> str:
        """Write an amount; cents only below 1,000 unless asked for."""
        cents = abs(amount) < 1000 if cents is None else cents
        amount = _no_minus_zero(amount, 2 if cents else 0)
        if not self.currency:
            return format_decimal(amount, "#,##0.00" if cents else "#,##0", locale=self._locale)
        if abs(amount) >= MANY:
            return format_compact_currency(amount, self.currency, locale=self._locale, fraction_digits=1)
        if cents:
            return format_currency(amount, self.currency, locale=self._locale)
        pattern = self._locale.currency_formats["standard"].pattern.replace("0.00", "0")
        return format_currency(amount, self.currency, pattern, locale=self._locale, currency_digits=False)

    def cents(self, amount: float) -> str:
        """Write an amount to the cent."""
        return self.money(amount, cents=True)

    def count(self, number: float) -> str:
        """Write a whole number."""
        return format_decimal(_no_minus_zero(number, 0), "#,##0", locale=self._locale)

    def number(self, number: float, digits: int | None = None) -> str:
        """Write a plain number with as many decimals as it deserves."""
        if digits is None:
            digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return format_decimal(_no_minus_zero(number, digits), pattern, locale=self._locale)

    def share(self, part: float, digits: int = 1) -> str:
        """Write 0..1 as percent."""
        pattern = self._locale.percent_formats[None].pattern
        pattern = pattern.replace("#,##0", "#,##0." + "0" * digits if digits else "#,##0")
        return format_percent(_no_minus_zero(part, digits + 2), pattern, locale=self._locale)

    def percent(self, part: float) -> str:
        """Write 0..1 as whole percent, one decimal below 1%."""
        return self.share(part, 0 if abs(part) >= 0.01 or part == 0 else 1)

    def signed(self, part: float, digits: int = 1) -> str:
        """Write 0..1 as percent with its sign."""
        text = self.share(abs(part), digits)
        return ("−" if round(part, digits + 2) < 0 else "+") + text

    def days(self, number: float) -> str:
        """Write a length of time in days."""
        whole = round(number)
        return self.t.plural("{count} day", "{count} days", whole, count=self.count(whole))

    def years(self, number: float) -> str:
        """Write a length of time in years, with a decimal."""
        return self.t("{number} years", number=self.number(number, 1))

    def ratio(self, number: float) -> str:
        """Write how many times over."""
        return f"{self.number(number, 1)}×"

    def day(self, on: date) -> str:
        """Write a date."""
        return format_date(on, "medium", locale=self._locale)

    def month(self, on: date) -> str:
        """Write a month with its year."""
        return format_skeleton("yMMM", on, locale=self._locale)

    def month_name(self, number: int) -> str:
        """Write the short name of a month, 1 to 12."""
        return str(self._locale.months["stand-alone"]["abbreviated"][number])

    def country(self, name: str) -> str:
        """Name a country; a code becomes its name, anything else stays as the shop writes it."""
        code = name.strip().upper()
        return (
            str(self._locale.territories[code])
            if len(code) == 2 and code in self._locale.territories
            else name
        )

    def customers(self, number: int) -> str:
        """Write a number of customers."""
        return self.t.plural("{count} customer", "{count} customers", number, count=self.count(number))

    def orders(self, number: int) -> str:
        """Write a number of orders."""
        return self.t.plural("{count} order", "{count} orders", number, count=self.count(number))

    def _inline(self, value: Any) -> str:
        if isinstance(value, bool) or value is None:
            return str(value)
        if isinstance(value, int):
            return self.count(value)
        if isinstance(value, float | Decimal):
            return self.number(float(value))
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, Money):
            return self.cents(value.amount) if value.cents else self.money(value.amount)
        if isinstance(value, Month):
            return str(self._locale.months["stand-alone"]["wide"][value.number])
        if isinstance(value, Counted):
            return self.plural(value.one, value.many, value.number)
        if isinstance(value, Share):
            return self.share(value.part)
        if isinstance(value, Sentence | Unknown):
            return self.say(value)
        return str(value)


def _no_minus_zero(number: float, digits: int) -> float:
    rounded = round(float(number), digits)
    return 0.0 if rounded == 0 else rounded
