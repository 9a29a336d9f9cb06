"""What a slot is answered with: products in order, each with the reason it is there, and an honest word where nothing is personal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from regulars.kit.i18n import Translator, mark
from regulars.kit.unknown import Unknown

REASONS = {
    "bought_before": mark("You bought this before"),
    "because_bought": mark("Because you bought {seeds}"),
    "because_viewed": mark("Because you viewed {seeds}"),
    "goes_with": mark("Often bought with {seeds}"),
    "similar": mark("Similar to {seeds}"),
    "step_up": mark("A step up from {seeds}"),
    "trending": mark("Popular right now"),
    "arrival": mark("New in the shop"),
    "alike": mark("Looks like {seeds}"),
    "trending_near": mark("Popular in your country"),
    "unsold": mark("Not bought by anybody yet"),
    "pinned": mark("Chosen by the shop"),
}
"""Why something is shown, by code; ``{seeds}`` are products that the person knows."""

OF_THEM = REASONS | {
    "bought_before": mark("Bought this before"),
    "because_bought": mark("Because they bought {seeds}"),
    "because_viewed": mark("Because they viewed {seeds}"),
    "trending_near": mark("Popular in their country"),
}
"""The same, said to somebody who reads about the customer."""

UNKNOWN_CUSTOMER = Unknown.because(
    "recommend.unknown_customer",
    mark("Nothing is known of this customer: what is popular right now is shown."),
)
UNKNOWN_PRODUCT = Unknown.because(
    "recommend.unknown_product",
    mark("None of these products was ever sold: what is popular right now is shown."),
)
UNKNOWN_COUNTRY = Unknown.because(
    "recommend.unknown_country",
    mark("Nothing was bought lately in this country: what is popular everywhere is shown."),
)
OVER_CAP = Unknown.because(
    "recommend.over_cap",
    mark(
        "The list could not be filled within the limits a category and a brand: the last products exceed them."
    ),
)


@dataclass(frozen=True, slots=True)
class Pick:
    """One recommended product."""

    product_id: str
    title: str | None
    score: float
    """Comparable within one reason of one answer only."""
    reason: str
    """A code of :data:`REASONS`."""
    seeds: tuple[str, ...] = ()
    """Product ids that speak for it, the strongest first."""
    note: str | None = None
    """The code of what had to give way for it, one of :attr:`Answer.notes`; None where nothing had."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one slot shows, best first, no product twice."""

    slot: str
    picks: tuple[Pick, ...]
    fallback: Unknown | None = None
    """Why nothing personal could be said; None where something was."""
    notes: tuple[Unknown, ...] = ()
    """What had to give way so that the list is full."""
    fit: str = ""
    """The version of the fit: the same for the same purchases, catalogue and parameters."""
    answer_id: str = field(default="", compare=False)
    """Ties what is seen, clicked and bought later to this answer: each has its own, whatever it says."""

    @property
    def product_ids(self) -> tuple[str, ...]:
        """The products alone."""
        return tuple(pick.product_id for pick in self.picks)

    def to_json(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return self.head() | {"picks": [asdict(pick) for pick in self.picks]}

    def head(self) -> dict[str, Any]:
        """Return everything but the picks, ready for JSON."""
        told = None if self.fallback is None else {"code": self.fallback.code, "reason": str(self.fallback)}
        return {
            "answer_id": self.answer_id,
            "slot": self.slot,
            "fit": self.fit,
            "fallback": told,
            "notes": [{"code": note.code, "reason": str(note)} for note in self.notes],
        }


def sentence(
    pick: Pick, titles: Mapping[str, str | None], say: Translator, reasons: Mapping[str, str] = REASONS
) -> str:
    """Return why a product is shown, in a language, naming its seeds by title where they have one."""
    named = ", ".join(titles.get(seed) or seed for seed in pick.seeds)
    return say(reasons[pick.reason], seeds=named) if pick.seeds else say(reasons[pick.reason])
