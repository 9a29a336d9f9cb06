"""Uploads to a real server: cut in the middle, killed in the middle, larger than memory would allow, and from whoever is slow."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.browsing import serving
from tests.homes import opened
from tests.web.console.conftest import PASSWORD

MB = 1 << 20


class Served(NamedTuple):
    host: str
    home: Path
    cookies: str
    token: str


def asked(host: str, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    connection = HTTPConnection(host, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def cookies_of(answer: Any) -> dict[str, str]:
    return dict(told.split(";")[0].split("=", 1) for told in answer.headers.get_all("Set-Cookie") or ())


def token_of(answer: Any) -> str:
    found = re.search(r'name="form" value="([^"]+)"', answer.text)
    assert found
    return found[1]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    from regulars.access.people import actions

    home = tmp_path / "home"
    opened(home, currency="PLN", upload_mb="64")
    actions.create("o@shop.example", "Olga", ["owner"], PASSWORD, who="test", now=datetime.now(UTC))
    with serving(home) as address:
        host = address.removeprefix("http://")
        first = asked(host, "GET", "/sign-in")
        cookies = cookies_of(first)
        body = f"form={token_of(first)}&email=o%40shop.example&password={PASSWORD.replace(' ', '+')}".encode()
        kind = "application/x-www-form-urlencoded"
        entered = asked(host, "POST", "/sign-in", body, Cookie=joined(cookies), **{"Content-Type": kind})
        assert entered.status == 302
        cookies |= cookies_of(entered)
        token = token_of(asked(host, "GET", "/data", Cookie=joined(cookies)))
        yield Served(host, home, joined(cookies), token)


def joined(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def begun(served: Served, length: int) -> socket.socket:
    """Begin an upload of so many bytes, and send its beginning."""
    host, _, port = served.host.partition(":")
    told = socket.create_connection((host, int(port)), timeout=30)
    head = (
        f"POST /data/files HTTP/1.1\r\nHost: {served.host}\r\nCookie: {served.cookies}\r\n"
        f"Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {length}\r\n\r\n"
    )
    told.sendall(head.encode() + opening(served))
    return told


def opening(served: Served) -> bytes:
    return (
        f'--cut\r\nContent-Disposition: form-data; name="form"\r\n\r\n{served.token}\r\n--cut\r\n'
        'Content-Disposition: form-data; name="file"; filename="orders.csv"\r\nContent-Type: text/csv\r\n\r\n'
    ).encode()


CLOSING = b'\r\n--cut\r\nContent-Disposition: form-data; name="whole"\r\n\r\n1\r\n--cut--\r\n'


def inbox(served: Served) -> list[str]:
    folder = served.home / "inbox"
    return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []


def parts(served: Served) -> list[str]:
    return [name for name in inbox(served) if name.startswith(".")]


def until(right: Any) -> None:
    deadline = time.monotonic() + 40
    while not right():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def served_memory(served: Served) -> int:
    """The most memory that any process with a socket at the server's port ever had, in bytes."""
    port = f":{int(served.host.partition(':')[2]):04X} "
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if port in line and line.split()[3] == "0A"
    }
    most = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            held = {os.readlink(each) for each in (process / "fd").iterdir()}
            if held & {f"socket:[{inode}]" for inode in inodes}:
                told = (process / "status").read_text()
                most = max(most, int(re.search(r"VmHWM:\s+(\d+)", told)[1]) << 10)  # type: ignore[index]
        except OSError:
            continue
    return most


def test_a_connection_that_is_cut_leaves_nothing(served: Served) -> None:
    told = begun(served, 10 * MB)
    told.sendall(b"a;b\n" * MB)
    until(lambda: parts(served))
    told.close()
    until(lambda: not inbox(served))
    # Also where all of the file came, and only the end of the form is missing.
    body = b"a;b\n" * MB
    told = begun(served, len(opening(served)) + len(body) + len(CLOSING))
    told.sendall(body + CLOSING[:20])
    until(lambda: parts(served))
    told.close()
    until(lambda: not inbox(served))
    assert asked(served.host, "GET", "/data", Cookie=served.cookies).status == 200


def test_a_server_that_is_killed_leaves_nothing_that_a_load_takes(served: Served) -> None:
    told = begun(served, 10 * MB)
    told.sendall(b"a;b\n" * MB)
    until(lambda: parts(served))
    (part,) = parts(served)
    owner = served_pids(served)
    for each in owner:
        os.kill(each, signal.SIGKILL)
    told.close()
    assert inbox(served) == [part]
    from regulars.runtime import asking
    from regulars.runtime.home import open_home

    assert asking.waiting_files(open_home(served.home)) == []


def served_pids(served: Served) -> list[int]:
    """Every process that listens at the server's port, and who started it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serve" in words and str(served.home).encode() in words:
            found.append(int(process.name))
    assert found
    return found


def test_a_large_file_takes_little_memory(served: Served) -> None:
    size = 60 * MB
    small = b"Order number;Email;Order date;Price\n1;a@b.example;2024-01-01;1\n"
    told = begun(served, len(opening(served)) + len(small) + len(CLOSING))
    told.sendall(small + CLOSING)
    assert b" 302 " in told.recv(4096).split(b"\r\n")[0]
    before = served_memory(served)
    assert before
    told = begun(served, len(opening(served)) + size + len(CLOSING))
    piece = b"1000;a@b.example;2024-01-01;12.50\n" * (MB // 34)
    left = size
    while left:
        told.sendall(piece[:left])
        left -= min(left, len(piece))
    told.sendall(CLOSING)
    assert b" 302 " in told.recv(4096).split(b"\r\n")[0]
    assert [name for name in inbox(served) if not name.startswith(".")] == ["orders (2).csv", "orders.csv"]
    assert (served.home / "inbox" / "orders (2).csv").stat().st_size == size
    assert served_memory(served) - before < 24 * MB, "it is streamed"


def test_what_is_too_large_is_refused_before_it_is_read(served: Served) -> None:
    told = begun(served, 10_000 * MB)
    answer = told.recv(4096)
    assert b" 413 " in answer.split(b"\r\n")[0]
    told.close()
    assert not inbox(served)


def test_who_is_slow_keeps_nobody_else_from_the_console(served: Served) -> None:
    """Three uploads that stand still are all that there can be; others are told so, and pages go on."""
    slow = [begun(served, 10 * MB) for _ in range(3)]
    for each in slow:
        each.sendall(b"a;b\n" * MB)
    until(lambda: len(parts(served)) == 3)
    body = opening(served) + b"a;b\n" + CLOSING
    busy = asked(
        served.host,
        "POST",
        "/data/files",
        body,
        Cookie=served.cookies,
        **{"Content-Type": "multipart/form-data; boundary=cut"},
    )
    assert busy.status == 503
    assert "Other files are being uploaded" in busy.text
    begin = time.monotonic()
    assert asked(served.host, "GET", "/account", Cookie=served.cookies).status == 200
    assert time.monotonic() - begin < 5
    # Two hang up; the third stands still for too long, and is taken to have.
    for each in slow[:2]:
        each.close()
    until(lambda: not inbox(served))
    slow[2].close()
    again = asked(
        served.host,
        "POST",
        "/data/files",
        body,
        Cookie=served.cookies,
        **{"Content-Type": "multipart/form-data; boundary=cut"},
    )
    assert again.status == 302
