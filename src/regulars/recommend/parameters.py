"""Everything about the components that may be tuned, with the values that hold where nothing could be learnt."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OF_SESSIONS = (
    "session_weight",
    "session_target_power",
    "session_decay",
    "session_knn_weight",
    "session_rarity_power",
    "view_weight",
)
"""Parameters that say something only where there are events."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Decays, weights and powers of all components; times in days."""

    pair_half_life_days: float = 120.0
    """How fast pairs of items bought one after another are forgotten."""
    profile_decay: float = 0.7
    """What each visit since leaves of an item's weight in a person's profile."""
    target_power: float = 0.6
    """How much neighbours that everybody buys are held back."""
    trend_power: float = 1.0
    """How much what sells now is preferred among things new to a person."""
    trend_days: int = 28
    """What counts as now."""
    repeat_half_life_days: float = 365.0
    """How fast a purchase stops speaking for buying the same again."""
    repeat_trend_power: float = 1.0
    """How much what sells now is preferred among things to buy again."""
    repeat_rate_power: float = 1.0
    """How much things that people buy again are preferred among things to buy again."""
    discovery_weight: float = 0.1
    """Weight of the best new thing beside the best one to buy again."""
    cart_half_life_days: float = 1e9
    """How fast orders stop speaking for what goes with a cart; practically never."""
    cart_target_power: float = 0.4
    """How much popular things are preferred with a cart: 0 not at all, 0.5 as popular as they are."""

    due_power: float = 0.0
    """How much what is due is preferred among things to buy again in the next basket; 0 not at all."""
    session_weight: float = 1.0
    """What a step of a session counts beside a purchase, for what is similar and what follows."""
    session_target_power: float = 0.6
    """How much neighbours that everybody views are held back among what is similar and what follows."""
    session_decay: float = 0.8
    """What each later view leaves of an earlier one's weight in a running session."""
    session_knn_weight: float = 0.0
    """Weight of the best of similar past sessions beside the best of the neighbours of what was viewed."""
    session_rarity_power: float = 1.0
    """How much rare things are preferred among those of similar past sessions."""
    view_weight: float = 0.0
    """What the latest step of a session weighs beside a purchase of the latest visit in a person's profile."""

    def to_json(self) -> dict[str, Any]:
        """Return the values by name."""
        return asdict(self)
