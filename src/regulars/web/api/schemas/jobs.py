"""Background work as it is asked for and shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from regulars.web.api.schemas.common import Page, Told, example

JobState = Literal["waiting", "running", "done", "failed", "dead", "cancelled"]


class JobOut(Told):
    """One piece of background work."""

    id: int
    kind: str
    """``refresh`` or ``load``."""
    state: JobState
    """``failed`` is tried again at ``run_at``; ``dead`` is not, until somebody retries it."""
    payload: dict[str, Any]
    progress: float
    """From 0 to 1."""
    step: str
    attempts: int
    most_attempts: int
    error: str | None
    """Code of what went wrong the last time."""
    result: Any = None
    cancel_asked: bool
    """Somebody wants it to stop, and its worker will see to it."""
    run_at: str
    """When it may begin."""
    created_at: str
    started_at: str | None
    ended_at: str | None


class Jobs(Page):
    """A part of all jobs, newest first."""

    jobs: list[JobOut]


class LoadIn(Told):
    """A file to load."""

    model_config = example(file="orders.csv")
    file: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
    """Its name in the folder ``inbox`` of the server's home."""
