"""Regulars: know what every customer is worth, and give each of them a reason to come back.

The public face. Everything is imported on first use, so that ``import regulars`` and
``regulars --help`` stay quick while the analytic engine behind them is large.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from regulars import metrics, numeric, recommend, segments, simulator, value
    from regulars.runtime.journey import Analysis, analyse
    from regulars.runtime.reading import read_orders

_ATTRIBUTES = {
    "read_orders": "regulars.runtime.reading",
    "analyse": "regulars.runtime.journey",
    "Analysis": "regulars.runtime.journey",
}
_ROOMS = frozenset({"metrics", "numeric", "recommend", "segments", "simulator", "value"})

__all__ = [
    "Analysis",
    "__version__",
    "analyse",
    "metrics",
    "numeric",
    "read_orders",
    "recommend",
    "segments",
    "simulator",
    "value",
]


def __getattr__(name: str) -> Any:
    """Import a room or a verb of the public face the first time it is asked for."""
    if name in _ROOMS:
        return importlib.import_module(f"regulars.{name}")
    if name in _ATTRIBUTES:
        return getattr(importlib.import_module(_ATTRIBUTES[name]), name)
    raise AttributeError(f"module 'regulars' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name the public face for interactive completion."""
    return sorted(__all__)
