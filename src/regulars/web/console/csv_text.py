"""Text for spreadsheets: what somebody typed must not become a formula when it is opened."""

from __future__ import annotations

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take text for a formula."""


def plain(text: str) -> str:
    """Return text that a spreadsheet takes for text: what would begin a formula stands behind an apostrophe."""
    return f"'{text}" if text.startswith(DANGEROUS) or text.lstrip().startswith(DANGEROUS) else text
