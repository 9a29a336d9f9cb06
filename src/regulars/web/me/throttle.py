"""How much one address may ask of this door in one process: enough for any person, too little to search."""

from __future__ import annotations

from regulars.kit.buckets import Buckets

RATE, BURST = 2.0, 60
"""Requests a second that go on, and requests at once: a page is three of them."""

THROTTLE: Buckets[str] = Buckets(most=10_000)
"""By address."""
