"""Fill the report's page from what the other rooms found: the only place that knows both shapes."""

from regulars.report.compose.page import compose

__all__ = ["compose"]
