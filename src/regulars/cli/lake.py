"""``regulars lake``: whether the lake of a server says what its store says."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.cli import options


@options.verb()
@click.argument("what", metavar="verify", type=click.Choice(["verify"]))
@options.home
@click.option("--repair", is_flag=True, help="Write to the lake again what differs.")
@options.language
@options.as_json
def lake(what: str, home: Path | None, repair: bool, language: str, as_json: bool) -> int:  # noqa: ARG001 - one word so far
    """Work out every order of the store anew and compare it with the lake. Exit code 3 where they differ and stay so."""
    from regulars.cli.present import Screen
    from regulars.cli.present_server import verified
    from regulars.runtime.home import open_home

    settings = open_home(home)
    from regulars.runtime import verification
    from regulars.runtime.written import dumps

    found = verification.verify(settings)
    mended = verification.repair(settings, found) if repair and not found.sound else 0
    after = verification.verify(settings) if mended else found
    if as_json:
        click.echo(dumps(found.to_json() | {"repaired": mended, "sound_now": after.sound}))
    else:
        verified(Screen(language), found, mended)
    return 0 if after.sound else 3
