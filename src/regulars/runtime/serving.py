"""The index of recommendations that a process answers from: opened once, whoever asks."""

from __future__ import annotations

import threading
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
from regulars.runtime.refresh import INDEX
from regulars.runtime.settings import Settings

if TYPE_CHECKING:
    from regulars.store.models import Customer

OBJECTING = Unknown.because(
    "recommend.objecting_customer",
    mark("The customer does not want to be shown what fits them: what is popular right now is shown."),
)
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
    objecting = not privacy.allows(customer.id, PROFILING)
    known = _NOBODY if objecting else _known_as(customer)
    answer = ask(served(settings).slots, slot, k, customer=known)
    if objecting and SLOTS.get(slot) == "customer":
        answer = replace(answer, fallback=OBJECTING)
    return answer


def _known_as(customer: Customer) -> str:
    """Return what the index knows a customer by, as the refresh that built it named them."""
    known = sorted((one.kind != "store_id", one.value) for one in customer.identifiers.all())
    ids = [value for other, value in known if not other]
    return ids[0] if ids else min((value for _, value in known), default=str(customer.id))
