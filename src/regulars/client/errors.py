"""What the server says when something goes wrong."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A problem that the server told: ``code`` is stable, ``errors`` says where in the input it lies."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", "unknown"))
        self.detail = str(problem.get("detail", ""))
        self.hint = str(problem.get("hint", ""))
        self.errors: list[dict[str, Any]] = problem.get("errors", [])
        super().__init__(
            " ".join(part for part in (f"{status} {self.code}:", self.detail, self.hint) if part)
        )
