"""The report: one self-contained page that opens with what matters and shows how far to trust it."""

from regulars.report.findings import Finding, findings
from regulars.report.model import Page
from regulars.report.page import ensure_built, render

__all__ = ["Finding", "Page", "ensure_built", "findings", "render"]
