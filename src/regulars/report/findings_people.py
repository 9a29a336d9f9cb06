"""Findings about customers: who carries the shop, who is slipping away, who never came back and when others do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from regulars.report.model import Gaps, Group, Page, SecondOrder, SecondPoint, ValueSpread
from regulars.report.speech import Speech
from regulars.report.view import Said

Answer: TypeAlias = tuple[float, Said] | None
Rule: TypeAlias = Callable[[Page, Speech], Answer]

ENOUGH_CUSTOMERS = 30
SLIPPING = ("at_risk", "previously_loyal", "needs_attention")


def _group(page: Page, *names: str) -> Group | None:
    """Return the first named group there is, among segments before RFM groups."""
    for groups in (page.segments, page.rfm):
        if isinstance(groups, tuple):
            for name in names:
                for group in groups:
                    if group.name == name and group.customers > 0:
                        return group
    return None


def _net(page: Page) -> float:
    """Net revenue of all customers, over the groups that part them."""
    return sum(group.net for group in page.rfm) if isinstance(page.rfm, tuple) else 0.0


def concentration(page: Page, speech: Speech) -> Answer:
    """A small part of the customers brings a large part of the value."""
    spread = page.spread
    if not isinstance(spread, ValueSpread) or not spread.tiers:
        return None
    top, customers = spread.tiers[0], sum(tier.customers for tier in spread.tiers)
    value = sum(tier.value for tier in spread.tiers)
    if customers < ENOUGH_CUSTOMERS or value <= 0 or top.customers == 0:
        return None
    share, of = top.value / value, top.customers / customers
    t = speech.t
    return min(0.9, 0.35 + share * 0.6), Said(
        "concentration",
        "value",
        speech.percent(share),
        t(
            "{share} of the value comes from {part} of the customers.",
            share=speech.percent(share),
            part=speech.percent(of),
        ),
        t(
            "They are {customers}; each is worth {each} on average. Losing a few of them costs more than losing many others.",
            customers=speech.customers(top.customers),
            each=speech.money(top.value / top.customers),
        ),
        t("Know them by name: early access, personal service, no blanket discounts."),
        "value",
    )


def slipping(page: Page, speech: Speech) -> Answer:
    """Customers who used to buy are fading, and what they have brought so far."""
    group = _group(page, *SLIPPING)
    if group is None or page.customers < ENOUGH_CUSTOMERS or group.net <= 0:
        return None
    total = _net(page)
    part = group.net / total if total > 0 else group.share
    t = speech.t
    why = t(
        "They have brought {net} so far, {share} of all revenue. Winning back someone who knows you is cheaper than finding someone new.",
        net=speech.money(group.net),
        share=speech.percent(part),
    )
    if total <= 0:
        why = t("They have brought {net} so far.", net=speech.money(group.net))
    return min(0.88, 0.4 + 2.2 * part), Said(
        "slipping",
        "leaving",
        speech.count(group.customers),
        speech.plural(
            "{count} good customer is slipping away.",
            "{count} good customers are slipping away.",
            group.customers,
            count=speech.count(group.customers),
        ),
        why,
        t("Write to them this week, the best first."),
        "segments",
    )


def one_time(page: Page, speech: Speech) -> Answer:
    """Many customers ordered once and are beyond the churn line."""
    group = _group(page, "one_time_lapsed")
    if group is None or page.customers < ENOUGH_CUSTOMERS or group.share < 0.15:
        return None
    t = speech.t
    return min(0.8, 0.3 + 0.75 * group.share), Said(
        "one_time",
        "second",
        speech.percent(group.share),
        t("{share} of customers bought once and stayed away.", share=speech.percent(group.share)),
        t(
            "That is {customers}. The step from the first order to the second is where most customers are lost.",
            customers=speech.customers(group.customers),
        ),
        _second_step(page, speech),
        "repeat",
    )


def second_order(page: Page, speech: Speech) -> Answer:
    """When those who come back do come back."""
    second = page.second
    if not isinstance(second, SecondOrder) or second.customers < ENOUGH_CUSTOMERS or not second.points:
        return None
    last = second.points[-1]
    half = _day_of_half(second.points)
    if half is None or last.share < 0.05:
        return None
    t = speech.t
    return 0.45, Said(
        "second_order",
        "second",
        speech.days(half),
        t("Half of those who come back do so within {days}.", days=speech.days(half)),
        t(
            "Within {horizon} of the first order {share} of customers place a second one; the longer the wait, the rarer it gets.",
            horizon=speech.days(last.day),
            share=speech.percent(last.share),
        ),
        _second_step(page, speech),
        "repeat",
    )


def _day_of_half(points: tuple[SecondPoint, ...]) -> int | None:
    """Return the first day by which half of all second orders seen had come."""
    goal = points[-1].share / 2
    return next((point.day for point in points if point.day > 0 and point.share >= goal), None)


def _second_step(page: Page, speech: Speech) -> str:
    """Say when to speak to first-time buyers, if the shop's own gaps tell."""
    if isinstance(page.gaps, Gaps) and page.gaps.median_days >= 1:
        return speech.t(
            "Give first-time buyers a reason to return before day {day}, the shop's usual time between orders.",
            day=speech.count(page.gaps.median_days),
        )
    return speech.t("Give first-time buyers a reason to return soon after their first parcel arrives.")


def crowd(page: Page, speech: Speech) -> Answer:
    """How many customers and orders there are: what can always be said."""
    if page.customers <= 0:
        return None
    t = speech.t
    return 0.05, Said(
        "crowd",
        "crowd",
        speech.count(page.customers),
        t(
            "{customers} placed {orders} between {first} and {last}.",
            customers=speech.customers(page.customers),
            orders=speech.orders(page.orders),
            first=speech.day(page.first_on),
            last=speech.day(page.as_of),
        ),
        t("That is {each} orders a customer.", each=speech.number(page.orders / page.customers, 1)),
        t("Come back with more history: some answers below need it, and say how much."),
        "figures",
    )


RULES: tuple[Rule, ...] = (slipping, concentration, one_time, second_order, crowd)
