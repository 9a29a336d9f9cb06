"""``regulars load``: a shop's orders into the store of a server."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.cli import options, parent
from regulars.cli.options import Reading
from regulars.kit import logs


@options.verb()
@options.orders
@options.home
@parent.option
@options.language
@options.as_json
@options.reading
@click.option(
    "--corrected",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Rejected rows of this source, corrected: they take the place of its own. Repeat as needed, the latest last.",
)
def load(
    origin: str,
    home: Path | None,
    with_parent: int | None,
    language: str,
    as_json: bool,
    reading: Reading,
    corrected: tuple[Path, ...],
) -> None:
    """Take orders into a server's store: customers, products and orders, each once however often they are loaded.

    ORDERS is a file (CSV, Excel, Parquet, JSON lines), a folder of them, or a database URL. A load that is cut off keeps what it had done; load
    again to go on.
    """
    parent.follow(with_parent, parent.end)
    from regulars.runtime.home import open_home

    settings = open_home(home)
    logs.configure(settings.log)
    from regulars.runtime.load import load as run
    from regulars.runtime.written import dumps

    given = {name: value for name, value in reading.settings().items() if value is not None}
    done = run(origin, settings, corrected=corrected, **given)
    if as_json:
        click.echo(dumps(done.to_json()))
        return
    from regulars.cli.present import Screen
    from regulars.cli.present_server import loaded

    loaded(Screen(language, done.currency), done)
