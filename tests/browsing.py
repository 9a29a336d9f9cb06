"""A server in a process of its own and a Chromium to look at it with; both end with the block."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from tests.homes import environment

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).resolve().parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
STARTS_SECONDS = 60
OPEN: list[Any] = []
"""Browsers that tests look through at present."""


@contextmanager
def serving(
    home: Path, *words: str, worker: bool = False, ends: signal.Signals = signal.SIGTERM
) -> Iterator[str]:
    """Serve a home; yield the server's address. It ends as Ctrl-C or a service manager end it (``ends``), and well."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = ["serve", "--home", str(home), "--port", str(port), *words, *(() if worker else ("--no-worker",))]
    process = subprocess.Popen(
        [sys.executable, "-m", "regulars", *told], env=environment(), start_new_session=True, stdout=subprocess.DEVNULL
    )  # fmt: skip
    try:
        deadline = time.monotonic() + STARTS_SECONDS
        while time.monotonic() < deadline:
            try:
                HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/v1/health")
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, ends)
        code = process.wait(30)
    # Some tests kill it themselves.
    assert code in (0, -ends, -signal.SIGKILL), code


@contextmanager
def chromium() -> Iterator[Any]:
    """Open a browser; the test is left out where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        OPEN.append(found)
        try:
            yield found
        finally:
            OPEN.remove(found)
            found.close()


def sign_in(page: Any, address: str, email: str, password: str) -> None:
    """Sign in by the form, as a person does, and wait for the first page."""
    page.goto(f"{address}/sign-in")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("button.first")
    page.wait_for_url(f"{address}/")


def kept_by(browser: Any, address: str, email: str, password: str) -> Any:
    """What a browser keeps that has signed in: pages of other contexts begin with it."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.set_default_timeout(15_000)
        sign_in(page, address, email, password)
        return context.storage_state()
    finally:
        context.close()


def photographed(name: str, folder: Path) -> list[Path]:
    """Save what every open page shows, for whoever asks why a test failed; return the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = "".join(sign if sign.isalnum() else "-" for sign in name)[-120:]
    pages = [page for browser in OPEN for context in browser.contexts for page in context.pages]
    found = []
    for number, page in enumerate(pages):
        path = folder / f"{plain}-{number}.png"
        with suppress(Exception):  # a page that hangs must not hide why the test failed
            page.screenshot(path=path, timeout=5_000)
            found.append(path)
    return found
