"""``regulars demo``: a simulated shop through the whole house, in about a minute."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.cli import options


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
@options.language
def demo(folder: Path, seed: int, language: str) -> None:
    """Simulate a shop, analyse it, and print the address of its report."""
    from dataclasses import replace

    from regulars import simulator
    from regulars.cli.present import Screen
    from regulars.cli.value import show
    from regulars.kit.i18n import mark
    from regulars.kit.progress import stage
    from regulars.runtime.journey import analyse, read_orders

    world = replace(simulator.demo(), seed=seed)
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
