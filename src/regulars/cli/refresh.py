"""``regulars refresh``: everything worked out anew from what the store holds, and published."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.cli import options, parent
from regulars.kit import logs


@options.verb()
@options.home
@click.option(
    "--only-segments",
    is_flag=True,
    help="Only find the members of the shop's own segments again, by the scores that are published and all that happened since.",
)
@parent.option
@options.language
@options.as_json
def refresh(
    home: Path | None, only_segments: bool, with_parent: int | None, language: str, as_json: bool
) -> None:
    """Work out figures, value, segments and recommendations anew, and publish them in one step.

    Until then, and where it fails or is cut off, what was published before stays.
    """
    parent.follow(with_parent, parent.end)
    from regulars.cli.present import Screen
    from regulars.cli.present_server import refreshed, regrouped
    from regulars.runtime.home import open_home

    settings = open_home(home)
    logs.configure(settings.log)
    from regulars.runtime.refresh import refresh as run
    from regulars.runtime.regrouping import regroup
    from regulars.runtime.written import dumps

    if only_segments:
        changed = regroup(settings)
        if as_json:
            click.echo(dumps(changed.to_json()))
        else:
            regrouped(Screen(language, None), changed)
        return
    done = run(settings)
    if as_json:
        click.echo(dumps(done.to_json()))
        return
    refreshed(Screen(language, done.run.summary.get("currency")), done, language)
