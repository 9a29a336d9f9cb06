"""``python -m bench.server``: events a second and how long they take, on SQLite and PostgreSQL; minutes at most."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from tests.servers import postgres_binaries, postgres_server

from bench.machine import describe
from bench.server.load import Load, Outcome
from regulars.store.inbox import open_inbox

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "server.json"
RATES: tuple[float | None, ...] = (1_000, 10_000, None)
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(inbox: str) -> Iterator[tuple[int, int]]:
    """Run a server with one worker, without an inbox one that does nothing; yield its port and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi",
        *(("--factory", "bench.server.served:make") if inbox else ("bench.server.served:nothing",)),
        "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error",
    ]  # fmt: skip
    environment = os.environ | {"BENCH_INBOX": inbox, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        for _ in range(600):
            try:
                HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/healthz")
                break
            except OSError:
                time.sleep(0.1)
        yield port, process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def processor_seconds(process: int) -> float:
    """Return what a process and its children have used so far."""
    found = 0.0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            cells = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(cells[2]) == process:  # its group
            found += (int(cells[11]) + int(cells[12])) / _TICKS
    return found


def measured(place: str, rate: float | None, seconds: float) -> dict[str, float | int | None]:
    """Run one case and count what is in the inbox afterwards."""
    with serving(place) as (port, process):
        warm = asyncio.run(Load(port).run(1.0, 1_000))
        before = processor_seconds(process)
        outcome: Outcome = asyncio.run(Load(port).run(seconds, rate))
        used = processor_seconds(process) - before
    return {
        "asked_a_second": rate,
        "events_a_second": round(outcome.rate),
        "p50_ms": round(outcome.quantile(0.5) * 1e3, 2),
        "p99_ms": round(outcome.quantile(0.99) * 1e3, 2),
        "processor_us_an_event": round(used / outcome.acknowledged * 1e6, 1),
        "refused": outcome.refused,
        **({} if not place else _kept(place, warm.acknowledged + outcome.acknowledged)),
    }


def _kept(place: str, acknowledged: int) -> dict[str, int]:
    """Take everything out: how long that takes, and whether it is what was acknowledged."""
    found, inbox = 0, open_inbox(place)
    while (claim := inbox.claim()) is not None:
        found += len({event.event_id for event in claim.events})
        inbox.done(claim.number)
    inbox.close()
    return {"acknowledged": acknowledged, "found": found}


def main() -> None:
    """Measure, print one line a case, and keep all of it as JSON."""
    options = argparse.ArgumentParser(prog="python -m bench.server")
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--only", choices=["nothing", "sqlite", "postgres"])
    options.add_argument("--keep", type=Path, default=RESULTS)
    told = options.parse_args()
    about = {"machine": describe(), "load_before": round(os.getloadavg()[0], 2)}
    results: dict[str, list[dict[str, float | int | None]]] = {}
    for kind in ("nothing", "sqlite", "postgres"):
        if told.only not in (None, kind) or (kind == "postgres" and postgres_binaries() is None):
            continue
        for rate in RATES if kind != "nothing" else (None,):
            with ExitStack() as held:
                if kind == "postgres":
                    place = held.enter_context(postgres_server(durable=True))
                elif kind == "nothing":
                    place = ""
                else:
                    folder = held.enter_context(tempfile.TemporaryDirectory(dir=ROOT))
                    place = str(Path(folder) / "inbox.db")
                found = measured(place, rate, told.seconds)
            results.setdefault(kind, []).append(found)
            print(kind, json.dumps(found), flush=True)
    told.keep.write_text(json.dumps({**about, **results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
