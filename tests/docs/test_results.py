"""Every column that is written is explained, and nothing is explained that is not written."""

from __future__ import annotations

import re
from pathlib import Path

from regulars.runtime.journey import CUSTOMER_COLUMNS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "results.md"


def test_every_column_of_the_customers_is_explained() -> None:
    rows = [
        line.split("|")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(CUSTOMER_COLUMNS)
