"""What changed since the period before and what it comes from, in words: revenue is orders times their size, buyers are new or come back."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.report.model import Card, Page
from regulars.report.speech import Speech

STILL = 0.0005
"""Below half a thousandth nothing changed."""


def sentences(page: Page, speech: Speech) -> list[str]:
    """Return what can be said of the cards that know the period before; nothing where none does."""
    cards = {card.name: card for card in page.cards}
    found = [_revenue(cards, speech), _people(cards, speech)]
    return [each for each in found if each]


def _revenue(cards: Mapping[str, Card], speech: Speech) -> str:
    t = speech.t
    net, orders, size = (_change(cards.get(name)) for name in ("net", "orders", "aov"))
    if net is None:
        return ""
    share = speech.share(abs(net))
    if abs(net) < STILL:
        said = t("Net revenue is what it was in the period before")
    elif net > 0:
        said = t("Net revenue rose by {share} against the period before", share=share)
    else:
        said = t("Net revenue fell by {share} against the period before", share=share)
    if orders is None or size is None:
        return said + "."
    many = (
        t("{share} more orders", share=speech.share(orders))
        if orders >= 0
        else t("{share} fewer orders", share=speech.share(-orders))
    )
    large = (
        t("each {share} larger on average", share=speech.share(size))
        if size >= 0
        else t("each {share} smaller on average", share=speech.share(-size))
    )
    return f"{said}: {many}, {large}."


def _people(cards: Mapping[str, Card], speech: Speech) -> str:
    t = speech.t
    buyers, fresh = cards.get("buyers"), cards.get("new_customers")
    if buyers is None or fresh is None:
        return ""
    now, before = _number(buyers.value), _number(buyers.previous)
    new, new_before = _number(fresh.value), _number(fresh.previous)
    if now is None or before is None or new is None or new_before is None:
        return ""
    return t(
        "{new} bought for the first time (before: {new_before}), {back} came back (before: {back_before}).",
        new=speech.customers(int(new)),
        new_before=speech.count(new_before),
        back=speech.customers(int(now - new)),
        back_before=speech.count(before - new_before),
    )


def _change(card: Card | None) -> float | None:
    if card is None:
        return None
    now, before = _number(card.value), _number(card.previous)
    return None if now is None or before is None or before <= 0 else now / before - 1


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
