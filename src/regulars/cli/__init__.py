"""The command: one file a verb, loaded only when it is used."""

from __future__ import annotations


def main() -> None:
    """Run the command."""
