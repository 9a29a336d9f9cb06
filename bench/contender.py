"""A contender of a benchmark, and in which Python it runs: Regulars in this one, its peers in a virtual environment of their own."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
PEERS_PYTHON = Path(os.environ.get("PEERS_PYTHON", BENCH.parent / ".venv-bench" / "bin" / "python"))
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


PATIENCE = 6
"""A limit is in processor seconds; on a busy machine these may take so many times as long."""


def _bound(limit: float | None) -> None:
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))


@dataclass(frozen=True, slots=True)
class Contender:
    """A name, what to import of it, and the words that start its worker."""

    name: str
    package: str
    imports: str
    python: str
    worker: tuple[str, ...]

    @property
    def there(self) -> bool:
        """Whether its Python was set up."""
        return Path(self.python).exists()

    def run(self, *words: object, limit: float | None = None) -> dict[str, Any]:
        """Run one task on one thread; the answer has ``failed`` with a reason where there is no result."""
        return self._ask([*self.worker, *map(str, words)], limit)

    def import_seconds(self) -> float:
        """Processor seconds of a fresh Python that imports it and ends."""
        code = f"import time; {self.imports}; print(time.process_time())"
        found = self._start(["-c", code], None)
        return float(found.stdout.strip().splitlines()[-1]) if found.returncode == 0 else float("nan")

    def version(self) -> str | None:
        """Its version, as installed."""
        code = f"import importlib.metadata as m; print(m.version({self.package!r}))"
        found = self._start(["-c", code], None)
        return found.stdout.strip() if found.returncode == 0 else None

    def _ask(self, words: list[str], limit: float | None) -> dict[str, Any]:
        try:
            found = self._start(words, limit)
        except subprocess.TimeoutExpired as waited:
            return {"failed": f"not done after {waited.timeout:.0f} s of a busy machine"}
        if found.returncode == -signal.SIGXCPU:
            return {"failed": f"not done after {limit:.0f} CPU s"}
        if found.returncode != 0:
            last = (found.stderr.strip().splitlines() or ["no word"])[-1]
            return {"failed": last[:200]}
        return json.loads(found.stdout.strip().splitlines()[-1])

    def _start(self, words: list[str], limit: float | None) -> subprocess.CompletedProcess[str]:
        # PyTensor keeps what it compiles beside the environment; a first call that compiles is not the quickest one.
        compiled = f"base_compiledir={Path(self.python).parents[1] / 'pytensor'}"
        return subprocess.run(
            [self.python, *words],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | ONE_THREAD | {"PYTENSOR_FLAGS": compiled},
            cwd=BENCH.parent,
            preexec_fn=partial(_bound, limit),
            timeout=None if limit is None else PATIENCE * limit,
            check=False,
        )
