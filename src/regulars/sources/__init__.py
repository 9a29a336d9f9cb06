"""Sources: whatever a shop can export becomes canonical facts, and nothing is lost on the way."""

from regulars.sources.reader import read

__all__ = ["read"]
