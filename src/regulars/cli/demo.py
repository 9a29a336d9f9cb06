"""``regulars demo``: a simulated shop through the whole house, and on request served with its console."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regulars.cli import options

if TYPE_CHECKING:
    from regulars.simulator import World


SERVED_CUSTOMERS = 2_000
"""A shop that is served is smaller: whoever wants to see it should not wait two minutes."""


@options.verb()
@click.option(
    "--out",
    "folder",
    type=options.Folder(),
    default=Path("demo"),
    show_default=True,
    help="Where the simulated shop and its report go.",
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Same seed, same shop.")
@click.option(
    "--serve",
    "served",
    is_flag=True,
    help="Then fill a server's home with the shop, and serve console and shop until stopped.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    metavar="N",
    help="Which port, with --serve; another one where somebody listens there already.",
)
@options.language
def demo(folder: Path, seed: int, served: bool, port: int, language: str) -> None:
    """Simulate a shop, analyse it, and print the address of its report; with --serve also those of its console and its storefront."""
    from dataclasses import replace
    from datetime import date

    from regulars import simulator
    from regulars.cli.present import Screen
    from regulars.cli.value import show
    from regulars.kit.i18n import mark
    from regulars.kit.progress import stage
    from regulars.runtime.demonstration import recent
    from regulars.runtime.journey import analyse
    from regulars.runtime.reading import read_orders

    world = replace(simulator.demo(), seed=seed)
    if served:
        # A shop that is alive: its last day was yesterday.
        world = recent(replace(world, customers=SERVED_CUSTOMERS, events=True), date.today())  # noqa: DTZ011 - the day on this machine's calendar
    with stage(mark("Simulating a shop")):
        simulator.simulate(world, folder / "shop")
    with read_orders(folder / "shop" / "order_lines", time_zone=world.time_zone) as orders:
        found = analyse(orders, margin=0.45, costs=folder / "shop" / "costs.parquet", title=world.name)
        written = found.write(folder, language=language)
        show(found, written, language)
    report = next(path for path in written if path.name == "report.html").resolve()
    screen = Screen(language)
    screen.heading(mark("The report is finished. Open it in a browser:"))
    screen.line(report.as_uri())
    if served:
        _serve(world, folder, port, language)


def _serve(world: World, folder: Path, port: int, language: str) -> None:
    """Make the home anew, then become its server."""
    import shutil

    from regulars.kit.i18n import mark
    from regulars.kit.progress import stage
    from regulars.runtime import demonstration
    from regulars.runtime.home import open_home

    home = (folder / "home").resolve()
    if demonstration.marked(home) is not None:
        shutil.rmtree(home)  # only ever one that we made
    home.mkdir(parents=True, exist_ok=True)
    lines = (f'currency = "{world.currency}"', f'time_zone = "{world.time_zone}"', 'margin = "0.45"')
    (home / "regulars.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with stage(mark("Filling the shop's server")):
        demonstration.prepare(world, folder / "shop", open_home(home))
    words = ["serve", "--demo", "--home", str(home), "--port", str(_free(port)), "--lang", language]
    sys.stdout.flush()
    # The server begins in a process that holds nothing of the analysis.
    os.execv(sys.executable, [sys.executable, "-m", "regulars", *words])  # noqa: S606 - ourselves


def _free(port: int) -> int:
    """Return the port, or another one where it is taken: whoever tries a demonstration has other things running."""
    with socket.socket() as probe:
        # As servers do: a port that was left a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
