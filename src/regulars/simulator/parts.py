"""What a simulated shop is made of: channels, categories and promotions, each a small frozen record of settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """Where customers first come from, what they cost, and how the channel's people differ from the shop's."""

    name: str
    share: float
    """Weight among new customers; weights need not add up to one."""
    cac: float = 0.0
    """Mean cost of one new customer in the shop's currency; 0 is a channel that costs nothing."""
    campaigns: tuple[str, ...] = ()
    cac_growth_yearly: float = 0.0
    """0.2: the same customer costs a fifth more a year later."""
    rate: float = 1.0
    """Multiplies the customer's rate of buying."""
    dropout: float = 1.0
    """Multiplies the customer's rate of leaving for good."""
    spend: float = 1.0
    """Multiplies the customer's mean order value."""
    deal_share: float = 0.08
    """Share of deal seekers among its customers."""


@dataclass(frozen=True, slots=True)
class Category:
    """A shelf of the shop: how many people like it, how soon it is needed again, how its prices lie."""

    name: str
    taste: float
    """Shape of the gamma weight each customer gives it: its mean weight, and small shapes are love or indifference."""
    price_low: float
    price_high: float
    repeat_days: float
    """Days after which the need is back to 63%: the chance of choosing it grows as 1 − exp(−gap / repeat_days)."""
    repeat_share: float
    """Chance that a line is the customer's own favourite of the shelf and not a walk along it."""
    tax_percent: int = 23
    refund_share: float = 0.02
    unit: str = ""
    first_words: tuple[str, ...] = ()
    second_words: tuple[str, ...] = ()
    """Titles are every first word with every second word."""
    companion: str | None = None
    """The category that its products pull into the same basket."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """A yearly sale: days of the year, a code, and how much more people buy."""

    name: str
    code: str
    first: tuple[int, int]
    """Month and day it starts, every year."""
    days: int
    percent: int
    lift: float
    """Rate of orders while it runs, 1.0 is no effect, for most customers."""
    deal_lift: float
    """The same for deal seekers."""
