"""One message over HTTP: only where it may go, only once, and never for longer than a moment, whatever the other side does."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.receivers import Heard, receiver, status

from regulars.webhooks import sending
from regulars.webhooks.sending import Sent, post

BODY = b'{"type":"order.created"}'


def send(url: str, **more: Any) -> Sent:
    return post(url, {"webhook-id": "msg_1"}, BODY, **({"private": True, "timeout_seconds": 5.0} | more))


def test_a_message_arrives_as_it_was_signed() -> None:
    with receiver() as (address, heard):
        assert send(address) == Sent(204)
    (found,) = heard
    assert (found.path, found.body) == ("/hooks?a=1", BODY)
    assert found.headers["webhook-id"] == "msg_1"
    assert found.headers["content-type"] == "application/json"
    assert found.headers["host"] == address.removeprefix("http://").partition("/")[0]


@pytest.mark.parametrize("code", [200, 201, 299])
def test_every_success_is_one(code: int) -> None:
    with receiver(status(code)) as (address, _):
        assert send(address).delivered


@pytest.mark.parametrize("code", [400, 404, 410, 429, 500, 503])
def test_every_other_answer_is_none(code: int) -> None:
    with receiver(status(code, Retry_After="120")) as (address, _):
        assert send(address) == Sent(code, "status", timedelta(minutes=2))
    with receiver(status(code, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")) as (address, _):
        assert send(address) == Sent(code, "status", None)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_nobody_is_followed_elsewhere(code: int) -> None:
    with receiver() as (elsewhere, lured), receiver(status(code, Location=elsewhere)) as (address, _):
        assert send(address) == Sent(code, "status")
    assert lured == []


def test_private_addresses_are_refused_unless_allowed() -> None:
    with receiver() as (address, heard):
        assert send(address, private=False) == Sent(error="address")
        assert send(address.replace("127.0.0.1", "localhost"), private=False) == Sent(error="address")
        mixed = ["93.184.215.14", "10.0.0.1"]
        assert send("http://crm.example/", private=False, resolve=lambda *_: mixed) == Sent(error="address")
    assert heard == []


def test_the_address_that_was_checked_is_the_one_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers a public address first and a private one then (DNS rebinding) is looked up once only."""
    asked: list[str] = []
    connected: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.215.14"] if len(asked) == 1 else ["127.0.0.1"]

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    assert send("https://rebound.example/", private=False, resolve=resolve) == Sent(error="unreachable")
    assert (asked, connected) == (["rebound.example"], ["93.184.215.14"])


def test_the_name_is_told_although_the_address_is_pinned() -> None:
    with receiver() as (address, heard):
        port = address.rpartition(":")[2].partition("/")[0]
        assert send(f"http://crm.example:{port}/x", resolve=lambda *_: ["127.0.0.1"]).delivered
    assert heard[0].headers["host"] == f"crm.example:{port}"


def test_another_address_of_the_name_is_tried() -> None:
    with receiver() as (address, heard):
        assert send(address, resolve=lambda *_: ["::1", "127.0.0.1"]).delivered
    assert len(heard) == 1


def dribbling(parts: list[bytes], every: float) -> Any:
    """Answer a part at a time for ever."""

    def answer(_: Heard, handler: BaseHTTPRequestHandler) -> None:
        for part in parts:
            handler.wfile.write(part)
        try:
            while True:
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(every)
        except OSError:
            handler.close_connection = True

    return answer


def test_whoever_dribbles_its_headers_is_left() -> None:
    began = time.monotonic()
    with receiver(dribbling([b"HTTP/1.1 200 OK\r\n", b"X: "], 0.05)) as (address, _):
        assert send(address, timeout_seconds=0.6) == Sent(error="timeout")
    assert time.monotonic() - began < 3


def test_whoever_goes_on_and_on_after_saying_yes_has_said_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "DRAIN_SECONDS", 0.3)
    began = time.monotonic()
    with receiver(dribbling([b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"], 0.05)) as (
        address,
        _,
    ):
        assert send(address) == Sent(200)
    assert time.monotonic() - began < 3


def test_no_more_is_read_than_a_little() -> None:
    sent = [0]

    def flood(_: Heard, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            for _ in range(2_000):
                handler.wfile.write(b"x" * 65_536)
                sent[0] += 65_536
        except OSError:
            handler.close_connection = True

    with receiver(flood) as (address, _):
        assert send(address).delivered
        time.sleep(0.2)
    assert sent[0] < 20 << 20, "only what fits between the two of them"


@pytest.mark.parametrize(
    "answer",
    [b"", b"\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 banana\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n", b"\x00" * 100_000, b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000],
    ids=range(7),
)  # fmt: skip
def test_answers_that_are_none(answer: bytes) -> None:
    def say(_: Heard, handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(answer)
        except OSError:
            handler.close_connection = True

    with receiver(say) as (address, _):
        found = send(address)
    assert (found.delivered, found.error in ("answer", "unreachable")) == (False, True), found


def test_nobody_there_and_nobody_answering() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        assert send(f"http://127.0.0.1:{port}/", timeout_seconds=0.4) == Sent(error="timeout")
        assert time.monotonic() - began < 3
    assert send(f"http://127.0.0.1:{port}/") == Sent(error="unreachable")

    def unknown(*_: Any) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    assert send("http://nowhere.example/", resolve=unknown) == Sent(error="unreachable")


@contextmanager
def certified(folder: Path, name: str) -> Iterator[tuple[ssl.SSLContext, ssl.SSLContext]]:
    """Yield a server's context with a certificate of its own for a name, and a client's that trusts it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    yield server, ssl.create_default_context(cafile=str(folder / "cert.pem"))


def test_over_tls_the_name_is_what_is_proven(tmp_path: Path) -> None:
    with certified(tmp_path, "crm.example") as (server, trusting), receiver(tls=server) as (address, heard):
        port = address.rpartition(":")[2].partition("/")[0]
        named = {"resolve": lambda *_: ["127.0.0.1"], "tls": trusting}
        assert send(f"https://crm.example:{port}/", **named) == Sent(204)
        assert send(f"https://other.example:{port}/", **named) == Sent(error="tls")
        assert send(f"https://crm.example:{port}/", resolve=named["resolve"]) == Sent(error="tls")
    assert len(heard) == 1


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as (proxy, lured), receiver() as (address, heard):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        assert send(address).delivered
    assert (len(heard), lured) == (1, [])
    assert threading.active_count() < 50
