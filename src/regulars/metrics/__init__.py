"""Figures of a shop, each with its definition, window and period before: ``compute(orders) -> Figures``."""

from regulars.metrics.compute import churn_gap_days, compute, lifespan_years, members, rhythm
from regulars.metrics.figures import Column, Figure, Figures, Table

__all__ = [
    "Column",
    "Figure",
    "Figures",
    "Table",
    "churn_gap_days",
    "compute",
    "lifespan_years",
    "members",
    "rhythm",
]
