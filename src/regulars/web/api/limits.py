"""How much a key may ask of the API, and how a client is told."""

from __future__ import annotations

from regulars.kit.buckets import Buckets, Left

BUCKETS: Buckets[int] = Buckets(most=10_000)
"""By the number of a key, in this process."""


def headers(left: Left) -> dict[str, str]:
    """Return what a client is told of what a key has left."""
    return {
        "RateLimit-Limit": str(left.limit),
        "RateLimit-Remaining": str(left.remaining),
        "RateLimit-Reset": str(left.reset_seconds),
    }
