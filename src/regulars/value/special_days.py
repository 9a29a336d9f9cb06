"""What was learned of feasts and promotions, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.kit.i18n import Phrase, mark
from regulars.numeric import feasts

if TYPE_CHECKING:
    from regulars.numeric.seasonal_time import Clock, Effect

FEASTS = {
    feasts.BEFORE_EASTER: mark("The fortnight before Easter runs {factor} times as fast as its season."),
    feasts.EASTER: mark(
        "The days from Good Friday to Easter Monday run {factor} times as fast as their season."
    ),
    feasts.BLACK_FRIDAY: mark(
        "The days from Black Friday to Cyber Monday run {factor} times as fast as their season."
    ),
    feasts.MOTHERS_DAY: mark("The week before Mother's Day runs {factor} times as fast as its season."),
}
NAMED = 5
"""So many promotions are told of by name, those with the largest effect."""


def sentences(clock: Clock) -> list[Phrase]:
    """Return a sentence for each feast that was found, and what promotions do; nothing where there are none."""
    found = [
        Phrase.of(FEASTS[effect.name], factor=round(effect.factor, 2))
        for effect in clock.effects
        if effect.is_feast
    ]
    return found + _promotions([effect for effect in clock.effects if not effect.is_feast])


def _promotions(given: list[Effect]) -> list[Phrase]:
    if not given:
        return []
    if all(effect.size == 0 for effect in given):
        return [
            Phrase(
                mark(
                    "Nothing could be learned of promotions yet: they were not seen, or did not stand out; so those to come "
                    "change nothing."
                )
            )
        ]
    seen = [effect for effect in given if effect.occasions]
    largest = sorted((effect for effect in seen if effect.name), key=lambda one: -abs(one.size))[:NAMED]
    told = [
        Phrase.of(
            mark(
                "The promotion “{name}” makes its days run {factor} times as fast (occasions seen: {times})."
            ),
            name=effect.name,
            factor=round(effect.factor, 2),
            times=effect.occasions,
        )
        for effect in largest
    ]
    common = next((effect for effect in given if not effect.name), None)
    common = common or next((effect for effect in given if not effect.occasions), None)
    if common is not None:
        told.append(
            Phrase.of(
                mark("Days of promotion run {factor} times as fast as their season."),
                factor=round(common.factor, 2),
            )
        )
    return told
