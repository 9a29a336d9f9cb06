"""``regulars simulate``: a shop that does not exist, for trying things out and for measuring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regulars.cli import options
from regulars.cli.speaking import t
from regulars.kit.i18n import fill, mark, translator

if TYPE_CHECKING:
    from regulars.simulator import Simulated, World

PILOT = 4_096
"""Customers drawn to learn how many lines one has."""
LONGEST_YEARS = 20
COUNTED = {
    "orders": mark("orders"),
    "order_lines": mark("order lines"),
    "customers": mark("customers"),
    "events": mark("events"),
    "newsletters": mark("newsletters"),
}


@options.verb()
@click.option("--customers", type=click.IntRange(1), metavar="N", help="Customers in all. [default: 20000]")
@click.option(
    "--lines",
    type=click.IntRange(1),
    metavar="N",
    help="Order lines in all, roughly; instead of --customers.",
)
@click.option(
    "--years", type=click.FloatRange(0.1, LONGEST_YEARS), metavar="Y", help="Years of orders. [default: 2.5]"
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Same seed, same shop.")
@click.option("--format", "form", type=click.Choice(("parquet", "csv")), default="parquet", show_default=True)
@click.option("--with-events", is_flag=True, help="Write visits, views, carts and newsletters too.")
@click.option(
    "--out",
    "folder",
    type=options.Folder(),
    required=True,
    help="A new or empty folder, or an earlier simulation, which is replaced.",
)
@options.language
@options.as_json
def simulate(
    customers: int | None,
    lines: int | None,
    years: float | None,
    seed: int,
    form: Any,
    with_events: bool,
    folder: Path,
    language: str,
    as_json: bool,
) -> None:
    """Write a shop that does not exist, of any size, with its truth beside it.

    The folder appears when it is complete. Analyse it with: regulars value FOLDER/order_lines --out report
    """
    if customers is not None and lines is not None:
        raise click.UsageError(t("Give --customers or --lines, not both."))
    from regulars.kit.i18n import mark
    from regulars.kit.progress import stage
    from regulars.simulator import simulate as write

    world = build(customers, lines, years, seed, with_events=with_events)
    done = [0.0]
    with stage(mark("Simulating a shop"), share=lambda: done[0]):
        written = write(world, folder, format=form, progress=lambda share: done.__setitem__(0, share))
    _tell(written, world, language, as_json=as_json)


def build(
    customers: int | None, lines: int | None, years: float | None, seed: int, *, with_events: bool
) -> World:
    """Return the world that the options describe; its last day stays where it is by default."""
    from dataclasses import replace
    from datetime import timedelta

    from regulars.simulator import World

    world = World(seed=seed, events=with_events, newsletters=with_events)
    if years is not None:
        world = replace(world, start=world.as_of - timedelta(days=round(365.25 * years) - 1))
    if lines is not None:
        customers = customers_for(world, lines)
    return replace(world, customers=customers) if customers is not None else world


def customers_for(world: World, lines: int) -> int:
    """Return how many customers of this world write about ``lines`` order lines, learnt from a small draw of it."""
    from dataclasses import replace

    from regulars.simulator import tables

    pilot = tables.plan(replace(world, customers=PILOT))
    drawn = tables.block(pilot, 0)
    return max(1, round(lines * PILOT / max(drawn.bought.past, 1)))


def _tell(written: Simulated, world: World, language: str, *, as_json: bool) -> None:
    if as_json:
        told = {
            "folder": str(written.folder),
            "paths": {name: str(path) for name, path in written.paths.items()},
            "counts": written.counts,
            "seed": world.seed,
            "start": world.start.isoformat(),
            "as_of": world.as_of.isoformat(),
        }
        click.echo(json.dumps(told, indent=2))
        return
    t = translator(language)
    for name, count in written.counts.items():
        number = fill("{count:,}", {"count": count}, language).replace("\u00a0", " ")
        click.echo(f"{number:>15}  {t(COUNTED.get(name, name))}")
    click.echo(t("Written to {folder}", folder=written.folder))
    click.echo(t("Analyse it with: regulars value {path} --out report", path=written.paths["order_lines"]))
