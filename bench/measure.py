"""Wall time, processor time and peak memory of a process: each repetition is a fresh one, so nothing is warm but the disk."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.02


class FailedError(Exception):
    """A measured process ended badly; the message is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process: ``wall`` and ``cpu`` in seconds, ``peak`` resident memory in bytes, ``said`` its JSON answer."""

    wall: float
    cpu: float
    peak: int
    said: dict[str, Any] = field(default_factory=dict)


def process(words: Sequence[str], *, temporary: Path) -> Run:
    """Run ``python words…`` to its end and measure it with everything it waited for.

    A worker of :mod:`bench.work` answers with JSON on its last line; where that has ``wall`` and ``cpu``, the worker has
    measured the work without the imports, and these count.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *words], stdout=out, stderr=err, env=os.environ | {"TMPDIR": str(temporary)}
        )
        peak = 0
        while True:
            peak = max(peak, _peak(child.pid))
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            time.sleep(POLL_SECONDS)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode != 0:
            told = err.read()[-2000:].decode(errors="replace")
            raise FailedError(f"{' '.join(words[:3])} … ended with {child.returncode}:\n{told}")
        lines = out.read().decode(errors="replace").strip().splitlines()
    said = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    cpu = usage.ru_utime + usage.ru_stime
    return Run(said.pop("wall", wall), said.pop("cpu", cpu), peak, said)


def interleaved(
    contenders: Mapping[str, Callable[[], Run]], repetitions: int
) -> dict[str, dict[str, float | int]]:
    """Run each contender in turn, ``repetitions`` times over, and return the medians by contender."""
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for _ in range(repetitions):
        for name, contender in contenders.items():
            runs[name].append(contender())
    return {name: median(found) for name, found in runs.items()}


def median(runs: Sequence[Run]) -> dict[str, float | int]:
    """Return median wall and processor time and peak memory, and whatever the last run said."""
    return {
        "wall_s": round(statistics.median(run.wall for run in runs), 3),
        "cpu_s": round(statistics.median(run.cpu for run in runs), 3),
        "peak_mib": round(statistics.median(run.peak for run in runs) / 1024**2),
        **runs[-1].said,
    }


def _peak(process_id: int) -> int:
    """Peak resident memory so far, in bytes. The high-water mark of the kernel: nothing between two looks is missed."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
