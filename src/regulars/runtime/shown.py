"""What the last refresh found, as the console shows it: read from the store once a run, whoever asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection

from regulars.report import kept

if TYPE_CHECKING:
    from regulars.report.model import Page
    from regulars.store.models import Run

MOST = 4
"""Pages that a process keeps in memory; there is one at a time, and another one while a refresh takes over."""
_known: OrderedDict[tuple[str, int, datetime | None], Page | None] = OrderedDict()
_turn = threading.Lock()


def page_of(run: Run | None) -> Page | None:
    """Return the page of a published run; None without one, and for one that an earlier version published."""
    if run is None:
        return None
    key = (str(connection.settings_dict["NAME"]), int(run.id), run.ended_at)
    with _turn:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    found = kept.read(run.page)
    with _turn:
        _known[key] = found
        while len(_known) > MOST:
            _known.popitem(last=False)
    return found
