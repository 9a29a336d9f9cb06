"""What advertising cost, from any table with a date, a channel and a spend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import joined, mark
from regulars.sources.headers import fold
from regulars.sources.quoting import column
from regulars.sources.raw import read_raw

if TYPE_CHECKING:
    from regulars.lake import Workspace

NAMES = {
    "date": ("date", "day", "month", "data", "dzien", "miesiac", "spent on"),
    "channel": ("channel", "source", "medium", "utm source", "kanal", "zrodlo"),
    "campaign": ("campaign", "campaign name", "utm campaign", "kampania"),
    "spend": (
        "spend",
        "cost",
        "costs",
        "amount",
        "amount spent",
        "spent",
        "koszt",
        "koszty",
        "wydatki",
        "wydatek",
        "kwota",
    ),
}


def read_costs(origin: str | Path | Any, workspace: Workspace) -> pa.Table:
    """Read a cost table: columns ``date``, ``spend`` and, where the file has them, ``channel`` and ``campaign``.

    Cells stay as the file has them; whoever counts them checks each. Raises ``RegularsError`` without a date or a spend.
    """
    raw = read_raw(origin, workspace)
    seen = {fold(name): name for name in reversed(raw.columns)}
    found = {name: seen[word] for name, words in NAMES.items() for word in reversed(words) if word in seen}
    missing = [name for name in ("date", "spend") if name not in found]
    if missing:
        raise RegularsError(
            "costs.columns",
            mark("The cost table has no column for {missing}; its columns are: {columns}."),
            hint=mark("It needs the columns date, channel and spend."),
            missing=joined(missing, mark("{one} and {other}")),
            columns=", ".join(raw.columns),
        )
    chosen = ", ".join(f"{column(source)} AS {name}" for name, source in found.items())
    return workspace.door.connection.execute(f"SELECT {chosen} FROM {raw.relation}").to_arrow_table()
