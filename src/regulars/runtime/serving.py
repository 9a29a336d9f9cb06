"""The index of recommendations that a process answers from: opened once, whoever asks."""

from __future__ import annotations

import threading
from pathlib import Path

from regulars.recommend import index
from regulars.runtime.refresh import INDEX
from regulars.runtime.settings import Settings

_served: dict[Path, index.Served] = {}
_turn = threading.Lock()


def served(settings: Settings) -> index.Served:
    """Return what a home's index answers; a new build is taken up by itself."""
    folder = settings.home / INDEX
    with _turn:
        if folder not in _served:
            _served[folder] = index.serve(folder)
        return _served[folder]
