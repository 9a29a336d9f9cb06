"""``regulars serve``: the server of one shop, with its worker beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regulars.cli import options
from regulars.kit import logs
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Phrase, mark

if TYPE_CHECKING:
    from regulars.cli.present import Screen
    from regulars.runtime.settings import Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@options.verb()
@options.home
@click.option("--address", default="127.0.0.1", show_default=True, metavar="IP", help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, metavar="N", help="Which port."
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="How many processes answer.",
)
@click.option("--no-worker", is_flag=True, help="Leave the background work to `regulars worker` elsewhere.")
@click.option(
    "--demo",
    is_flag=True,
    help="Show the demo shop beside the console; only for a home that `regulars demo` made, and only on this machine.",
)
@options.language
def serve(
    home: Path | None, address: str, port: int, processes: int, no_worker: bool, demo: bool, language: str
) -> None:
    """Take events, answer recommendations and the API, and keep everything fresh, until stopped.

    The background work runs in a process of its own, so that it never delays an answer; it ends with the server.
    """
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from regulars.cli.present import Screen
    from regulars.runtime import demonstration
    from regulars.runtime.home import open_home

    settings = open_home(home)
    logs.configure(settings.log)
    os.environ["REGULARS_HOME"] = str(settings.home)
    Screen(language, settings.currency or None).line(
        Phrase.of(
            mark("Regulars answers at http://{address}:{port}/ from {home}."),
            address=address,
            port=str(port),
            home=str(settings.home),
        )
    )
    if demo:
        _demonstrate(Screen(language, None), settings, address, port)
    else:
        os.environ.pop(demonstration.SWITCH, None)
        _first_owner(Screen(language, None), f"http://{address}:{port}")
    helper = None if no_worker else _worker(settings.home)
    try:
        Granian(
            "regulars.web.server:application",
            factory=True,
            address=address,
            port=port,
            interface=Interfaces.ASGI,
            workers=processes,
            websockets=False,
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
            workers_kill_timeout=30,
        ).serve()
    finally:
        if helper is not None:
            helper.send_signal(signal.SIGTERM)
            helper.wait()


def _demonstrate(screen: Screen, settings: Settings, address: str, port: int) -> None:
    """Let this server's processes show the demo shop, and say where it and the console are; raises for anybody's real shop."""
    from regulars.runtime import demonstration

    if address not in LOOPBACK:
        raise RegularsError(
            "demo.address",
            mark("A demonstration is shown on this machine only, not at {address}."),
            hint=mark("Leave --address out."),
            address=address,
        )
    if demonstration.marked(settings.home) is None:
        raise RegularsError(
            "demo.no_home",
            mark("{home} is not the home of a demonstration."),
            hint=mark("`regulars demo --serve` makes one and serves it."),
            home=settings.home,
        )
    os.environ[demonstration.SWITCH] = str(settings.home)
    where = f"http://{address}:{port}"
    token = demonstration.owner_link(settings.home)
    screen.line(Phrase.of(mark("The shop: {address}"), address=f"{where}/shop/"))
    told = mark("The console, signed in as the shop's owner, once: {address}")
    screen.line(Phrase.of(told, address=f"{where}/shop/owner/{token}"))
    screen.line(mark("Ctrl-C ends both."))


def _first_owner(screen: Screen, where: str) -> None:
    """Print the link under which the first owner comes in, where there is nobody yet."""
    from regulars.access.people import actions, queries

    if not queries.anybody():
        token = actions.invite(None, who="command", now=datetime.now(UTC))
        told = mark("Nobody can sign in yet. The first owner opens, once and within a day: {address}")
        screen.line(Phrase.of(told, address=f"{where}/link/{token}"))


def _worker(home: Path) -> subprocess.Popen[bytes]:
    """Start the worker; it ends by itself when this process is gone."""
    words = [
        sys.executable,
        "-m",
        "regulars",
        "worker",
        "--home",
        str(home),
        "--with-parent",
        str(os.getpid()),
    ]
    return subprocess.Popen(words)  # noqa: S603 - ourselves
