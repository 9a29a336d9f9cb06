"""``regulars users``: who may sign in, and what for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from regulars.cli import options
from regulars.cli.keys import WHO, Keys, open_home
from regulars.cli.speaking import Verb, t
from regulars.kit.i18n import mark


@click.group(cls=Keys)
def users() -> None:
    """Make, list and change the people who sign in to the server."""


_role = click.option(
    "--role",
    "roles",
    metavar="ROLE",
    multiple=True,
    required=True,
    help="owner, marketer, analyst, service or developer; repeat as needed.",
)
_password_file = click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="Read the password from the first line of a file (- for standard input) instead of asking.",
)


@users.command(cls=Verb)
@click.argument("email", metavar="EMAIL")
@click.option("--name", metavar="NAME", help="What the person is called. [default: the e-mail]")
@_role
@_password_file
@options.home
@options.language
def create(
    email: str,
    name: str | None,
    roles: tuple[str, ...],
    password_file: Any,
    home: Path | None,
    language: str,  # noqa: ARG001
) -> None:
    """Make a person who may sign in."""
    open_home(home)
    from regulars.access.people import actions, rules

    rules.email(email)
    rules.check_roles(roles)
    made = actions.create(email, name or email, roles, _password(password_file), who=WHO, now=_now())
    click.echo(t(mark("{email} may sign in."), email=made.email))


@users.command("list", cls=Verb)
@options.home
@options.language
@options.as_json
def list_(home: Path | None, language: str, as_json: bool) -> None:
    """List everybody who may sign in."""
    open_home(home)
    from regulars.access.people import queries
    from regulars.cli.present import Screen
    from regulars.cli.terminal import Column
    from regulars.runtime.written import dumps

    found = queries.everybody()
    if as_json:
        names = ("email", "name", "roles", "is_active", "created_at", "signed_in_at")
        click.echo(
            dumps(
                [
                    {name: getattr(user, name) for name in names} | {"two_factor": bool(user.totp)}
                    for user in found
                ]
            )
        )
        return
    headings = (
        mark("E-mail"),
        mark("Name"),
        mark("Roles"),
        mark("Two-factor"),
        mark("Last sign-in"),
        mark("State"),
    )
    rows = [
        (
            user.email,
            user.name,
            ", ".join(user.roles),
            t(mark("On") if user.totp else mark("Off")),
            "–" if user.signed_in_at is None else user.signed_in_at.date().isoformat(),
            t(mark("Active") if user.is_active else mark("May not sign in")),
        )
        for user in found
    ]
    Screen(language, None).table([Column(heading, numeric=False) for heading in headings], rows)


@users.command(cls=Verb)
@click.argument("email", metavar="EMAIL")
@_role
@options.home
@options.language
def role(email: str, roles: tuple[str, ...], home: Path | None, language: str) -> None:  # noqa: ARG001
    """Let a person have these roles and no others."""
    open_home(home)
    from regulars.access.people import actions, queries

    user = actions.set_roles(queries.by_email(email).id, roles, who=WHO, now=_now())
    click.echo(t(mark("{email} has the roles: {roles}."), email=user.email, roles=", ".join(user.roles)))


@users.command(cls=Verb)
@click.argument("email", metavar="EMAIL")
@_password_file
@options.home
@options.language
def password(email: str, password_file: Any, home: Path | None, language: str) -> None:  # noqa: ARG001
    """Give a person another password, and sign them out everywhere."""
    open_home(home)
    from regulars.access.people import actions, queries

    user = queries.by_email(email)
    actions.set_password(user.id, _password(password_file), who=WHO, now=_now())
    click.echo(t(mark("{email} has another password."), email=user.email))


@users.command(cls=Verb)
@click.argument("email", metavar="EMAIL")
@click.option("--undo", is_flag=True, help="Let them in again.")
@options.home
@options.language
def deactivate(email: str, undo: bool, home: Path | None, language: str) -> None:  # noqa: ARG001
    """Sign a person out and keep them out."""
    open_home(home)
    from regulars.access.people import actions, queries

    user = actions.set_active(queries.by_email(email).id, undo, who=WHO, now=_now())
    told = mark("{email} may sign in.") if undo else mark("{email} may not sign in any more.")
    click.echo(t(told, email=user.email))


@users.command("reset-two-factor", cls=Verb)
@click.argument("email", metavar="EMAIL")
@options.home
@options.language
def reset_two_factor(email: str, home: Path | None, language: str) -> None:  # noqa: ARG001
    """Switch two-factor sign-in off for somebody who lost phone and recovery codes."""
    open_home(home)
    from regulars.access.people import actions, queries

    user = actions.remove_two_factor(queries.by_email(email).id, who=WHO, now=_now())
    click.echo(t(mark("{email} signs in with the password alone."), email=user.email))


def _password(told: Any) -> str:
    """Return a password from a file, or ask for it twice; it is never an argument, which other people of the machine could read."""
    if told is not None:
        return str(told.readline()).rstrip("\r\n")
    return str(click.prompt(t(mark("Password")), hide_input=True, confirmation_prompt=t(mark("Once more"))))


def _now() -> datetime:
    return datetime.now(UTC)
