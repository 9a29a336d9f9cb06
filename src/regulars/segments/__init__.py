"""Segments: RFM groups, value tiers, lifecycle and behaviour, each with its rule, size and worth."""

from regulars.segments.assignment import Segments, assign
from regulars.segments.facts import Scores
from regulars.segments.summary import Row
from regulars.segments.thresholds import Thresholds

__all__ = ["Row", "Scores", "Segments", "Thresholds", "assign"]
