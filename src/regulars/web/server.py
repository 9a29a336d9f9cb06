"""The server of a home, as granian asks for it in each of its workers."""

from __future__ import annotations

from typing import Any

from regulars.kit import logs
from regulars.runtime.home import open_home


def application() -> Any:
    """Make the server of the home that ``REGULARS_HOME`` names, an ASGI application."""
    settings = open_home()
    logs.configure(settings.log)
    # Records can be imported once the home is open.
    from regulars.web import halves
    from regulars.web.following import Preferences, Refusals, WriteKeys

    Preferences(settings)
    keys, refusals = WriteKeys(settings.home), Refusals()
    return halves.build(settings, halves.django_side(), keys, refusals)
