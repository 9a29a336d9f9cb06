"""``regulars costs``: what advertising cost, so that a server can say what a new customer costs."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.cli import options
from regulars.kit import logs


@options.verb()
@click.argument("table", metavar="TABLE")
@options.home
@options.language
@options.as_json
def costs(table: str, home: Path | None, language: str, as_json: bool) -> None:
    """Take a table of advertising costs into a server's store: date, channel, spend, and campaign where there are any.

    TABLE takes the place of what was known of its days and channels; everything else stays. The next refresh counts with it.
    """
    from regulars.cli.present import Screen
    from regulars.cli.present_server import spent
    from regulars.runtime.home import open_home

    settings = open_home(home)
    logs.configure(settings.log)
    from regulars.runtime.spending import take
    from regulars.runtime.written import dumps

    done = take(table, settings)
    if as_json:
        click.echo(dumps(done.to_json()))
        return
    spent(Screen(language, done.currency), done)
