"""What the door did with the file, as a section of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.report import model as m

if TYPE_CHECKING:
    from regulars.lake import Orders


def intake(orders: Orders) -> m.Intake | None:
    """Return what was read and what became of it; nothing where the orders did not come through the door."""
    told = orders.intake
    if not told:
        return None
    return None
