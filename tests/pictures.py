"""Pictures for the documentation: journeys keep what they see where ``REGULARS_PICTURES`` names a folder (``make pictures``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

FOLDER = os.environ.get("REGULARS_PICTURES", "")
CUSTOMERS = int(os.environ.get("REGULARS_PICTURES_CUSTOMERS", "250"))
"""How many customers the demonstration has: few for the tests, enough for a forecast in pictures."""


def keep(page: Any, name: str) -> None:
    """Save what stands on the screen."""
    if FOLDER:
        page.wait_for_timeout(400)  # charts move into their places
        page.screenshot(path=Path(FOLDER) / f"{name}.png", animations="disabled", caret="hide")
