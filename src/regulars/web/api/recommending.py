"""What to show a customer, from the index that the last refresh built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Phrase, mark
from regulars.recommend.ask import SLOTS, STARTS
from regulars.runtime import serving
from regulars.web.api import shop
from regulars.web.api.schemas.customers import Pick, Recommendations, StandIn

if TYPE_CHECKING:
    from regulars.store.models import Customer


def recommended(customer: Customer, slot: str, k: int) -> Recommendations:
    """Return a slot's answer for a customer, with a warning for each thing that stands in for what was asked."""
    served = serving.served(shop.settings())
    if SLOTS.get(slot) in ("product", "products"):
        raise RegularsError(
            "recommend.slot_needs",
            mark("The slot {slot} starts from {start}, and none is given."),
            hint=mark("Ask for a slot that starts from a customer, such as for_you."),
            slot=slot,
            start=Phrase(STARTS[SLOTS[slot]]),
        )
    answer = serving.for_customer(shop.settings(), customer, slot, k)
    reasons = [why for why in (answer.fallback, *answer.notes) if why is not None]
    told = [StandIn(code=why.code, message=str(why)) for why in reasons]
    if served.error is not None:
        told.append(StandIn(code=served.error.code, message=_without_place(served.error)))
    return Recommendations(
        customer=shop.name_of(customer),
        slot=answer.slot,
        answer_id=answer.answer_id,
        fit=answer.fit,
        personal=answer.fallback is None and bool(SLOTS[slot]) and served.index is not None,
        warnings=told,
        picks=[
            Pick(
                product_id=pick.product_id,
                title=pick.title,
                score=float(pick.score),
                reason=pick.reason,
                seeds=list(pick.seeds),
            )
            for pick in answer.picks
        ],
    )


def _without_place(error: RegularsError) -> str:
    """An error of the index without the folder, which is nobody's business."""
    return error.message.replace(str(error.values.get("folder", "")), "…")
