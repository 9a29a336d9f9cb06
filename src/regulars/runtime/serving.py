"""The index of recommendations that a process answers from: opened once, whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.privacy import queries as privacy
from regulars.privacy.rules import PROFILING
from regulars.recommend import index
from regulars.recommend.answers import Answer
from regulars.recommend.ask import SLOTS, ask
from regulars.recommend.request import Asked
from regulars.recommend.rules import Rules
from regulars.runtime import steering
from regulars.runtime.refresh import INDEX
from regulars.runtime.settings import Settings

if TYPE_CHECKING:
    from regulars.store.models import Customer

OBJECTING = Unknown.because(
    "recommend.objecting_customer",
    mark("The customer does not want to be shown what fits them: what is popular right now is shown."),
)
CARTS = ("cart", "cross_sell")
"""Slots that start from what lies in the cart."""
_NOBODY = "\0"
"""No customer's name."""
_served: dict[Path, index.Served] = {}
_turn = threading.Lock()


def served(settings: Settings) -> index.Served:
    """Return what a home's index answers; a new build is taken up by itself."""
    folder = settings.home / INDEX
    with _turn:
        if folder not in _served:
            _served[folder] = index.serve(folder)
        return _served[folder]


def for_customer(settings: Settings, customer: Customer, slot: str, k: int) -> Answer:
    """Return what a slot shows a customer whose identifiers are there; what is popular for one who objects to profiling."""
    return answered(settings, slot, k, steering.read().book.of(slot), customer)


def answered(
    settings: Settings,
    slot: str,
    k: int,
    rules: Rules,
    customer: Customer | None = None,
    products: Sequence[str] = (),
) -> Answer:
    """Return what a slot shows by some rules, as the shop's pages get it; ``products`` of a cart lie in the cart too."""
    known, objecting = known_as(customer)
    asked = question(slot, rules, known, products)
    answer = ask(served(settings).slots, slot, k, products=products, **asked)
    if objecting and SLOTS.get(slot) == "customer":
        answer = replace(answer, fallback=OBJECTING)
    return answer


def question(slot: str, rules: Rules, known: str | None, products: Sequence[str]) -> Asked:
    """Return what goes with a question to a slot."""
    return {"customer": known, "rules": rules, "cart": products if slot in CARTS else ()}


def known_as(customer: Customer | None) -> tuple[str | None, bool]:
    """Return what the index knows a customer by, and whether they object to profiling: then it is nobody's name."""
    if customer is None:
        return None, False
    objecting = not privacy.allows(customer.id, PROFILING)
    return (_NOBODY if objecting else _known_as(customer)), objecting


def _known_as(customer: Customer) -> str:
    """Return what the index knows a customer by, as the refresh that built it named them."""
    known = sorted((one.kind != "store_id", one.value) for one in customer.identifiers.all())
    ids = [value for other, value in known if not other]
    return ids[0] if ids else min((value for _, value in known), default=str(customer.id))
