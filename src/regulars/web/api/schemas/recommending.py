"""Rules of recommendations as they are told and shown."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from regulars.web.api.schemas.common import Told, example

RULES = {
    "everywhere": {"exclude_bought": True, "exclude": ["gift-card"]},
    "cart": {"price_to": 20, "pin": {"1": "tea-sample"}},
}
Sets = Annotated[
    dict[str, dict[str, Any]],
    Field(max_length=50, description="Rules by slot, with `everywhere` for all: docs/recommendations.md."),
]


class RulesPut(Told):
    """All rules of the shop's recommendations; what is not told holds no longer."""

    model_config = example(version=0, rules=RULES)
    version: Annotated[int, Field(ge=0, le=2**53)]
    """Of the rules that this is a change to, as they were read."""
    rules: Sets


class RulesOut(Told):
    """The rules as they are kept."""

    version: int
    """Goes up with each change; 0 where there never was one."""
    changed_at: str | None
    rules: dict[str, dict[str, Any]]
    """What was said, by slot."""
    holding: dict[str, dict[str, Any]]
    """All rules that hold for each slot, also those that nobody said."""
