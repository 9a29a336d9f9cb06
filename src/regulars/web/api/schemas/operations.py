"""Runs, imports, figures, keys and how the server is."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from regulars.web.api.schemas.common import Page, Told, example


class RunOut(Told):
    """A refresh."""

    run: int
    state: str
    step: str
    as_of: str | None
    started_at: str
    ended_at: str | None
    error: Any = None


class Runs(Page):
    """A part of all runs, newest first."""

    runs: list[RunOut]


class ImportOut(Told):
    """A load of a file or database."""

    id: int
    origin: str
    state: str
    started_at: str
    ended_at: str | None
    orders: int
    committed: int
    added: int
    changed: int
    unchanged: int
    error: Any = None


class ImportWhole(ImportOut):
    """A load, and what became of its rows."""

    account: dict[str, Any]


class Imports(Page):
    """A part of all loads, newest first."""

    imports: list[ImportOut]


class Figures(Told):
    """The figures of the published run, each with its title, unit and definition."""

    run: int | None
    as_of: str | None
    currency: str
    figures: dict[str, Any]


class Figure(Told):
    """One figure."""

    name: str
    run: int
    as_of: str | None
    currency: str
    figure: Any


class KeyIn(Told):
    """A key to make."""

    model_config = example(name="Order sync", scopes=["orders:read", "orders:write"])
    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=20)]


class KeyOut(Told):
    """A key without its secret."""

    prefix: str
    name: str
    scopes: list[str]
    created_at: str
    last_used_at: str | None
    revoked_at: str | None


class NewKey(KeyOut):
    """A key with its secret, which is shown this once."""

    secrets_once: ClassVar[set[str]] = {"key", "signing_secret"}
    key: str | None = None
    """Missing where the answer is one that was given before."""
    signing_secret: str | None = None
    """Of a key that collects events: what the shop signs its visitors' ids with."""


class Keys(Told):
    """Every key, newest first."""

    keys: list[KeyOut]


class Health(Told):
    """How the server is."""

    status: str
    """``ok`` or ``down``."""
    store: bool
    published_run: int | None
    published_at: str | None
    running: bool
    """Whether a refresh is being worked on."""
    unprojected: int | None
    """Orders that the lake has not got yet."""
