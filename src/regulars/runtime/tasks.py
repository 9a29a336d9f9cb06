"""Each kind of job as a command in a process of its own: its memory goes with it, and it can be ended from outside."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Protocol

from regulars.jobs import rules
from regulars.runtime import repairing
from regulars.store.models import Import, Run

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.store.models import Job

REFRESH, LOAD, SEGMENTS = "refresh", "load", "segments"
STOP_SECONDS = 20.0
RELAYED_BYTES = 64 << 10
STEPS = {"lake": 0.05, "value": 0.2, "recommendations": 0.6, "publishing": 0.9}
"""How far a refresh is where a step of it begins, roughly."""
_KEPT = {
    REFRESH: ("run", "orders_projected", "customers", "index"),
    LOAD: ("import", "orders", "customers_added", "products_added", "rounded_lines", "rows_rejected"),
    SEGMENTS: ("run", "segments", "entered", "left"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: with a result, or with an error's code."""

    result: dict[str, Any] | None = None
    error: str = ""
    again: bool = True
    """Whether the error may be gone another time."""


class Task(Protocol):
    """A job that is being done."""

    def poll(self) -> Outcome | None:
        """Return how it ended, None while it goes on."""

    def stop(self) -> None:
        """End it, and wait until it has ended."""


Begin = Callable[["Job", "Settings"], Task]


class Command:
    """A job as a command of ours; what it prints is read when it has ended."""

    def __init__(self, words: list[str], kind: str) -> None:
        self._kind = kind
        self._outcome: Outcome | None = None
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the command
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "regulars", *words],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._errors,
        )

    def poll(self) -> Outcome | None:
        """Return how it ended, however often that is asked; None while it goes on."""
        code = self._process.poll()
        if code is None or self._outcome is not None:
            return self._outcome
        self._outcome = self._done() if code == 0 else self._failed()
        self._closed()
        return self._outcome

    def stop(self) -> None:
        """End it, kindly at first."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._closed()

    def _done(self) -> Outcome:
        told = _object(self._out)
        _relay(self._said())
        return Outcome({name: told[name] for name in _KEPT[self._kind] if name in told})

    def _failed(self) -> Outcome:
        """The last line on standard error is the error as JSON, unless the process was killed."""
        lines = self._said()
        try:
            told = json.loads(lines[-1]) if lines else {}
        except ValueError:
            told = {}
        known = told if isinstance(told, dict) and "exit_code" in told else {}
        _relay(lines[:-1] if known else lines)
        code, kind = str(known.get("code", "jobs.ended_early")), str(known.get("kind", ""))
        return Outcome(error=code, again=rules.again(kind))

    def _said(self) -> list[str]:
        """Return the last lines on standard error."""
        self._errors.seek(max(self._errors.seek(0, io.SEEK_END) - RELAYED_BYTES, 0))
        return self._errors.read().decode("utf-8", "replace").strip().splitlines()

    def _closed(self) -> None:
        self._out.close()
        self._errors.close()


def _relay(lines: list[str]) -> None:
    """Write what a command logged to our own log, which has the same form."""
    for line in lines:
        print(line, file=sys.stderr)


def _object(file: IO[bytes]) -> Mapping[str, Any]:
    file.seek(0)
    try:
        told = json.loads(file.read())
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def begin(job: Job, settings: Settings) -> Task:
    """Begin a job."""
    # Whoever takes the job over from a worker that was killed must not meet its process.
    words = ["--home", str(settings.home), "--json", "--with-parent", str(os.getpid())]
    if job.kind == LOAD:
        # The name was checked when it was asked for; whoever can write to the store is not trusted with the disk for that.
        name = job.payload["file"].rpartition("/")[2]
        told = repairing.options(job.payload, settings.home)
        return Command([LOAD, *words, *told, "--", str(settings.home / repairing.INBOX / name)], LOAD)
    if job.kind == SEGMENTS:
        return Command([REFRESH, "--only-segments", *words], SEGMENTS)
    return Command([REFRESH, *words], REFRESH)


def progress(job: Job) -> tuple[float, str]:
    """Return how far a job is, from 0 to 1, and in which step."""
    if job.kind == LOAD:
        load = (
            Import.objects.filter(state=Import.RUNNING, started_at__gte=job.started_at)
            .order_by("-id")
            .first()
        )
        if load is None or not load.orders:
            return 0.0, "reading"
        return load.committed / load.orders, "loading"
    if job.kind == SEGMENTS:
        return 0.0, ""
    run = (
        Run.objects.filter(state=Run.RUNNING, started_at__gte=job.started_at)
        .defer("summary")
        .order_by("-id")
        .first()
    )
    return (0.0, "") if run is None else (STEPS.get(run.step, 0.0), run.step)
