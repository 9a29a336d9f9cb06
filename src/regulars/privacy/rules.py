"""For what somebody can be asked, and what holds as long as they have said nothing."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark

ANALYTICS, PROFILING = "analytics", "profiling"
UNSAID: Mapping[str, bool] = {
    ANALYTICS: True,
    PROFILING: True,
    "email": False,
    "sms": False,
    "push": False,
    "whatsapp": False,
    "messenger": False,
}
"""Every purpose, and what holds where nothing was said. Measuring is the shop's page to ask for before it sends anything (a page's own
``consent`` is obeyed event by event), and profiling may be objected to; messages need a word first."""


def checked(purpose: str) -> str:
    """Return a purpose; raises for one that does not exist."""
    if purpose not in UNSAID:
        raise RegularsError(
            "privacy.purpose",
            mark("There is no purpose {purpose}."),
            hint=mark("Purposes are: {known}."),
            purpose=repr(purpose),
            known=", ".join(UNSAID),
        )
    return purpose
