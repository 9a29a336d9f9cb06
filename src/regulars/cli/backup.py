"""``regulars backup``: everything of a server in one file."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.cli import options


@options.verb()
@click.argument("to", metavar="TO", type=click.Path(path_type=Path))
@options.home
@click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(min=1),
    help="Of a folder's backups, delete all but the newest N.",
)
@options.language
@options.as_json
def backup(to: Path, home: Path | None, keep: int | None, language: str, as_json: bool) -> None:
    """Write everything of a server to one file: store, events, lake, index, settings and its secret.

    TO is a new file, or a folder, where the file is named by the moment. The server may go on working; what comes in meanwhile is not in it. The file
    holds personal data and the secret: keep it where nobody else reads.
    """
    from regulars.cli.present import Screen
    from regulars.cli.present_server import backed_up
    from regulars.runtime.home import open_home

    settings = open_home(home)
    from regulars.runtime import backup as backups
    from regulars.runtime.written import dumps

    done = backups.write(settings, to, keep=keep)
    if as_json:
        click.echo(dumps(done.to_json()))
        return
    backed_up(Screen(language), done)
