"""``regulars keys``: who may ask the server for what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from regulars.cli import options
from regulars.cli.speaking import Verb, t, told
from regulars.kit.i18n import mark

WHO = "command"


class Keys(Verb, click.Group):
    """A group whose verbs are listed with their translated help."""

    @property
    def further(self) -> tuple[click.Command, ...]:
        """Return the verbs of the group."""
        return tuple(self.commands.values())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options, then the verbs."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs by the first line of their help."""
        with formatter.section(t("Commands")):
            formatter.write_dl(
                [(name, told((verb.help or "").split("\n\n")[0])) for name, verb in self.commands.items()]
            )


@click.group(cls=Keys)
def keys() -> None:
    """Make, list and revoke the keys with which programs ask the server."""


@keys.command(cls=Verb)
@click.argument("name", metavar="NAME")
@click.option(
    "--scope",
    "scopes",
    metavar="SCOPE",
    multiple=True,
    required=True,
    help="What the key may do; repeat as needed.",
)
@options.home
@options.language
@options.as_json
def create(name: str, scopes: tuple[str, ...], home: Path | None, language: str, as_json: bool) -> None:  # noqa: ARG001
    """Make a key and show its secret, this once.

    The scope collect makes a key for the shop's pages: it hands in events and can do nothing else.
    """
    settings = open_home(home)
    from regulars.access import actions

    made = actions.create(name, scopes, settings.home, who=WHO, now=datetime.now(UTC))
    if as_json:
        shown = {"key": made.text, "prefix": made.key.prefix, "scopes": made.key.scopes}
        _json(shown | {"signing_secret": made.signing or None})
        return
    click.echo(made.text)
    if made.signing:
        click.echo(t(mark("Signing secret: {secret}"), secret=made.signing))
    click.echo(t(mark("Keep it: it is not shown again.")), err=True)


@keys.command("list", cls=Verb)
@options.home
@options.language
@options.as_json
def list_(home: Path | None, language: str, as_json: bool) -> None:
    """List every key without its secret."""
    open_home(home)
    from regulars.access import queries
    from regulars.cli.present import Screen
    from regulars.cli.terminal import Column

    found = queries.all_keys()
    if as_json:
        _json([_told(key) for key in found])
        return
    headings = (mark("Key"), mark("Name"), mark("Scopes"), mark("Last used"), mark("Revoked"))
    rows = [
        (key.prefix, key.name, ", ".join(key.scopes), _day(key.last_used_at), _day(key.revoked_at))
        for key in found
    ]
    Screen(language, None).table([Column(heading, numeric=False) for heading in headings], rows)


@keys.command(cls=Verb)
@click.argument("prefix", metavar="PREFIX")
@options.home
@options.language
@options.as_json
def revoke(prefix: str, home: Path | None, language: str, as_json: bool) -> None:  # noqa: ARG001
    """Let a key open nothing any more."""
    open_home(home)
    from regulars.access import actions

    key = actions.revoke(prefix, who=WHO, now=datetime.now(UTC))
    if as_json:
        _json(_told(key))
        return
    click.echo(t(mark("Revoked: {prefix}"), prefix=key.prefix))


def open_home(home: Path | None) -> Any:
    """Open the server's home; imported late, as listing help needs no server."""
    from regulars.runtime.home import open_home

    return open_home(home)


def _told(key: Any) -> dict[str, Any]:
    names = ("prefix", "name", "scopes", "created_at", "last_used_at", "revoked_at")
    return {name: getattr(key, name) for name in names}


def _day(at: datetime | None) -> str:
    return "–" if at is None else at.astimezone(UTC).date().isoformat()


def _json(told: Any) -> None:
    from regulars.runtime.written import dumps

    click.echo(dumps(told))
