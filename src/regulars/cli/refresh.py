"""``regulars refresh``: everything worked out anew from what the store holds, and published."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.cli import options, parent
from regulars.kit import logs


@options.verb()
@options.home
@parent.option
@options.language
@options.as_json
def refresh(home: Path | None, with_parent: int | None, language: str, as_json: bool) -> None:
    """Work out figures, value, segments and recommendations anew, and publish them in one step.

    Until then, and where it fails or is cut off, what was published before stays.
    """
    parent.follow(with_parent, parent.end)
    from regulars.cli.present import Screen
    from regulars.cli.present_server import refreshed
    from regulars.runtime.home import open_home

    settings = open_home(home)
    logs.configure(settings.log)
    from regulars.runtime.refresh import refresh as run
    from regulars.runtime.written import dumps

    done = run(settings)
    if as_json:
        click.echo(dumps(done.to_json()))
        return
    refreshed(Screen(language, done.run.summary.get("currency")), done, language)
