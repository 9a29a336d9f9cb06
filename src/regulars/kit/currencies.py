"""How many digits the smallest unit of a currency has (ISO 4217); all that are not listed have two."""

from __future__ import annotations

_NONE = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def digits(currency: str) -> int:
    """Return the digits after the point of a currency's amounts."""
    return 0 if currency in _NONE else 3 if currency in _THREE else 2
