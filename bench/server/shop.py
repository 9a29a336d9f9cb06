"""``python -m bench.server.shop``: a simulated shop loaded, refreshed and asked, on SQLite and PostgreSQL, through the commands that people use."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
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
from typing import Any

from tests.servers import postgres_binaries, postgres_server

from bench.machine import describe
from bench.server.load import Asked

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "server-shop.json"
ITEMS = 100_000
SCOPES = ("customers:read", "orders:read", "products:read", "segments:read", "collect")


def timed(*words: str, environment: dict[str, str]) -> tuple[Any, dict[str, float]]:
    """Run one verb of the command; return what it says and what it took."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "bench.server.child", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    *_, told, peak = done.stdout.strip().splitlines() if "\n}" not in done.stdout else _split(done.stdout)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(told), {
        "seconds": round(time.perf_counter() - began, 2),
        "processor_seconds": round(used, 2),
        "peak_mib": round(float(peak)),
    }


def _split(text: str) -> list[str]:
    body, _, peak = text.strip().rpartition("\n")
    return [body[body.index("{") :], peak]


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[int]:
    """Run the server of a home without its worker; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "regulars", "serve", "--port", str(port), "--no-worker"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/v1/health")
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def asked(
    port: int, key: str, paths: list[str], seconds: float, rate: float | None, **headers: str
) -> dict[str, float]:
    """Ask addresses one after another; delays count from when a question was due."""
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    questions = [
        f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer {key}\r\n{extra}\r\n".encode()
        for path in paths
    ]
    asyncio.run(Asked(port, questions).run(1.0, rate and rate / 2))
    outcome = asyncio.run(Asked(port, questions).run(seconds, rate))
    return {
        "asked_a_second": rate or 0,
        "answers_a_second": round(outcome.rate, 1),
        "p50_ms": round(outcome.quantile(0.5) * 1e3, 2),
        "p99_ms": round(outcome.quantile(0.99) * 1e3, 2),
        "refused": outcome.refused,
    }


def measured(origin: Path, home: Path, url: str, seconds: float, lines: int) -> dict[str, Any]:
    """Take one shop through a home on one kind of store."""
    told = {"REGULARS_HOME": str(home), "REGULARS_API_RATE": "100000", "REGULARS_API_BURST": "100000"}
    environment = os.environ | told | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    environment |= {"REGULARS_DATABASE_URL": url} if url else {}
    found: dict[str, Any] = {}
    loaded, found["load"] = timed("load", str(origin), "--currency", "EUR", "--json", environment=environment)
    found["load"]["lines_a_second"] = round(lines / found["load"]["seconds"])
    found["customers"] = loaded["customers_added"]
    _, found["load again"] = timed(
        "load", str(origin), "--currency", "EUR", "--json", environment=environment
    )
    _, found["refresh"] = timed("refresh", "--json", environment=environment)
    _, found["refresh again"] = timed("refresh", "--json", environment=environment)
    keys = {}
    for name, scopes in (("read", SCOPES[:-1]), ("write", ("collect",))):
        words = [word for scope in scopes for word in ("--scope", scope)]
        made, _ = timed("keys", "create", name, *words, "--json", environment=environment)
        keys[name] = made["key"]
    with serving(environment) as port:
        page = json.loads(_got(port, "/v1/customers?limit=200", keys["read"]))
        people = [each["id"] for each in page["customers"]]
        for name, paths in {
            "one customer": [f"/v1/customers/{each}" for each in people],
            "a page of 50 customers": ["/v1/customers?limit=50"],
            "a timeline": [f"/v1/customers/{each}/timeline" for each in people],
            "recommendations of a customer by the API": [
                f"/v1/customers/{each}/recommendations" for each in people
            ],
        }.items():
            found[name] = asked(port, keys["read"], paths, seconds, None)
    _stock(home)
    names = [f"sku-{item:07d}" for item in range(0, ITEMS, 7)]
    viewed = [
        f"/v1/recommend?slot=because_viewed&k=20&products={','.join(names[place : place + 10])}"
        for place in range(0, len(names) - 10, 10)
    ]
    with serving(environment) as port:
        for rate in (1_000, None):
            name = f"the door, because viewed, 100,000 items, {rate or 'all that are answered'} a second"
            found[name] = asked(port, "", viewed, seconds, rate, X_Write_Key=keys["write"])
    return found


def _stock(home: Path) -> None:
    """Put an index of 100,000 items with full rows in the place of the shop's own."""
    made = "from bench.recommend import made; from regulars.recommend.index import build; "
    built = f"build(made.full_rows({ITEMS}, near=100, together=50), {str(home / 'index')!r})"
    subprocess.run([sys.executable, "-c", made + built], cwd=ROOT, check=True)


def _got(port: int, path: str, key: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    return connection.getresponse().read()


def main() -> None:
    """Measure, print and keep."""
    options = argparse.ArgumentParser(prog="python -m bench.server.shop")
    options.add_argument("--lines", type=int, default=1_000_000)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--only", choices=["sqlite", "postgres"])
    options.add_argument("--keep", type=Path, default=RESULTS)
    told = options.parse_args()
    results: dict[str, Any] = {"machine": describe(), "load_before": round(os.getloadavg()[0], 2)}
    with tempfile.TemporaryDirectory(dir=ROOT) as name:
        folder = Path(name)
        simulated = subprocess.run(
            [sys.executable, "-m", "bench.work", "simulate", str(told.lines), str(folder / "made"), "parquet"],
            check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        lines = json.loads(simulated.stdout.splitlines()[-1])["lines"]
        results["lines"] = lines
        for kind in ("sqlite", "postgres"):
            if told.only not in (None, kind) or (kind == "postgres" and postgres_binaries() is None):
                continue
            with ExitStack() as held:
                url = held.enter_context(postgres_server(durable=True)) if kind == "postgres" else ""
                results[kind] = measured(
                    folder / "made" / "order_lines", folder / kind, url, told.seconds, lines
                )
                shutil.rmtree(folder / kind)
            print(kind, json.dumps(results[kind], indent=1), flush=True)
    told.keep.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
