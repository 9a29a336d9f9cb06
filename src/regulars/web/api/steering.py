"""What the shop wants of its recommendations: rules for all slots and for single ones."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from regulars.recommend.ask import SLOTS
from regulars.recommend.rulebook import NEVER_KNOWN, Rulebook
from regulars.runtime import steering
from regulars.web.api.auth import Scope, who
from regulars.web.api.once import now, write
from regulars.web.api.schemas.common import instant
from regulars.web.api.schemas.recommending import RulesOut, RulesPut

router = Router(tags=["Recommendations"])


@router.get("/rules", response=RulesOut, auth=Scope("recommendations:read"))
def read_rules(request: HttpRequest) -> RulesOut:  # noqa: ARG001
    """Return the rules of recommendations."""
    return _told(steering.read())


@router.put("/rules", response=RulesOut, auth=Scope("recommendations:write"))
@write
def put_rules(request: HttpRequest, told: RulesPut) -> tuple[int, RulesOut]:
    """Say all rules anew; storefronts are answered by them within seconds. Refused where somebody else changed them since they were read."""
    kept = steering.change(Rulebook.from_json(told.rules), told.version, who=who(request), now=now())
    return 200, _told(kept)


def _told(kept: steering.Kept) -> RulesOut:
    holding = {slot: kept.book.of(slot).to_json() for slot in SLOTS}
    for rules in holding.values():
        del rules[NEVER_KNOWN]
    return RulesOut(
        version=kept.version,
        changed_at=instant(kept.changed_at),
        rules=kept.book.to_json(),
        holding=holding,
    )
