"""``regulars restore``: a server out of a backup."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.cli import options


@options.verb()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@options.home
@options.language
@options.as_json
def restore(file: Path, home: Path | None, language: str, as_json: bool) -> None:
    """Make a new home of a backup, with SQLite or with an empty PostgreSQL, whichever of them it came from.

    The home must not exist yet, or hold nothing but regulars.toml, which then stands in the place of the backup's. Keys hold on; nobody is signed in.
    """
    from regulars.cli.present import Screen
    from regulars.cli.present_server import restored
    from regulars.runtime.home import connect_home

    connect_home(home)
    from regulars.runtime.restoring import restore as run
    from regulars.runtime.written import dumps

    settings, manifest = run(file, home)
    if as_json:
        told = {name: manifest[name] for name in ("made_at", "version", "rows", "events_waiting")}
        click.echo(dumps({"home": str(settings.home), **told}))
        return
    restored(Screen(language), settings, manifest)
