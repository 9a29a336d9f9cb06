"""A server from an empty folder: orders loaded, served, a live event, a new order by API, a refund; and a kill in between."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.homes import environment
from tests.runtime.test_refresh import shop

from regulars.client import ApiError, Client

SCOPES = ("customers:read", "orders:read", "orders:write", "segments:read", "figures:read")


def run(*words: object, home: Path) -> str:
    command = [sys.executable, "-m", "regulars", *map(str, words), "--home", str(home)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(home: Path, *more: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server in a group of processes of its own, so that all of it can be killed at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "regulars", "serve", "--home", str(home), "--port", str(port), *more]
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(address), "the server does not answer")
        yield address, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(true: Any, otherwise: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.2)


def track(address: str, key: str, number: int, product: str) -> None:
    body = {
        "anonymousId": "v1",
        "event": "Product Viewed",
        "messageId": f"m{number}",
        "properties": {"product_id": product},
    }
    request = urllib.request.Request(
        f"{address}/v1/track",
        json.dumps(body).encode(),
        {
            "Content-Type": "application/json",
            "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("living")
    orders = shop(folder / "orders.csv")
    run("load", orders, home=folder / "home")
    return folder / "home"


def test_a_shop_that_lives(home: Path) -> None:
    secret = run(
        "keys", "create", "back office", *(word for scope in SCOPES for word in ("--scope", scope)), home=home
    ).split()[0]
    page = run("keys", "create", "pages", "--scope", "collect", home=home).split()[0]
    with serving(home) as (address, process):
        client = Client(address, secret)
        until(
            lambda: client.health()["published_run"], "nothing is published"
        )  # the worker refreshes by itself
        before = client.customer("c1")
        names = [one["name"] for one in client.segments()["segments"]]
        assert before["value"]["clv"] is not None
        assert set(before["segments"]) <= set(names)
        for number in range(5):
            track(address, page, number, "p1")
        order = {
            "currency": "EUR",
            "ordered_at": f"{max(one['last_on'] for one in (before['value'],))}T12:00:00Z",
            "customer": {"id": "c1"},
            "lines": [{"product_id": "p3", "quantity": "2", "gross": "150.00"}],
        }
        client.put_order("api-1", order)
        with pytest.raises(ApiError) as caught:
            Client(address, page).put_order("api-2", order)
        assert caught.value.status in (401, 403)
        until(lambda: client.health()["unprojected"] == 0, "the lake does not follow")
        track(address, page, 99, "p2")
        os.killpg(process.pid, signal.SIGKILL)  # the server and its worker, in the middle of whatever they do
        process.wait()
    run("refresh", home=home)
    with serving(home, "--no-worker") as (address, _):
        client = Client(address, secret)
        after = client.customer("c1")
        assert after["value"]["orders"] == before["value"]["orders"] + 1
        assert float(after["value"]["net"]) == pytest.approx(float(before["value"]["net"]) + 150)
        assert client.order("api-1")["lines"][0]["gross"] == "150.00"
        assert client.recommendations("c1", k=3)["picks"]
        client.refund("api-1", {"refund_id": "r1", "amount": "150.00"})
        client.refund("api-1", {"refund_id": "r1", "amount": "150.00"})  # told twice, done once
        run("refresh", home=home)
        back = client.customer("c1")
        assert float(back["value"]["net"]) == pytest.approx(float(before["value"]["net"]))
    told = json.loads(run("lake", "verify", "--json", home=home))
    assert told["sound"], told
    # All that was acknowledged is there once, whatever was killed: those in the lake and the one that may wait for the next worker.
    assert told["doubled_events"] == 0
    from contextlib import closing

    from regulars.store.inbox import open_inbox

    with closing(open_inbox(home / "inbox.sqlite3")) as inbox:
        assert told["events"] + inbox.waiting().events == 6
