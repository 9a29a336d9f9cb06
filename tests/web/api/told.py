"""What a shop tells in these tests, and what a problem looks like."""

from __future__ import annotations

from typing import Any


def line(product: str = "tea", gross: str = "10.00", **more: Any) -> dict[str, Any]:
    return {"product_id": product, "gross": gross, **more}


def order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "ordered_at": "2024-05-17T18:05:00+02:00",
        "currency": "EUR",
        "customer": {"id": "ada", "email": "Ada@example.com"},
        "lines": list(lines) or [line()],
    } | more


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is a problem, and return it."""
    told = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), told
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert told["status"] == status
    assert told["type"] == f"urn:regulars:error:{code}"
    assert told["title"]
    return told
