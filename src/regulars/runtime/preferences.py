"""Settings that people change while the server runs: kept in the store, under what the environment and ``regulars.toml`` say.

A variable or the file always wins, and what it says cannot be changed here. Every process reads anew what was changed; a refresh goes by
what is kept when it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from regulars.access import actions as access
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.runtime.settings import Settings, typed
from regulars.store import database
from regulars.store.models import AdvertisingCost, Order
from regulars.store.state import recall, remember

NAME = "preferences"
CONSOLE = "console"
"""Where a value comes from that somebody chose here."""
CHANGEABLE = ("shop_name", "currency", "time_zone", "margin", "horizon_days", "refresh_at", "thresholds")


@dataclass(frozen=True)
class Kept:
    """What was chosen: plain values by name, with a number that grows with every change."""

    version: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)


def kept() -> Kept:
    """Return what was chosen."""
    told = recall(NAME, None)
    return Kept() if told is None else Kept(int(told["version"]), dict(told["values"]))


def merged(settings: Settings, chosen: Kept | None = None) -> Settings:
    """Return settings with what was chosen where neither a variable nor the file says otherwise."""
    told = kept() if chosen is None else chosen
    values: dict[str, Any] = {}
    origins = dict(settings.origins)
    for name in CHANGEABLE:
        if locked(settings, name):
            continue
        origins[name] = CONSOLE if name in told.values else "default"
        values[name] = typed(name, told.values[name], CONSOLE) if name in told.values else _usual()[name]
    return replace(settings, origins=origins, **values)


def apply(settings: Settings) -> Settings:
    """Let this process go by what was chosen; return the settings it goes by now."""
    from django.conf import settings as django

    found = merged(settings)
    django.REGULARS = found
    return found


def locked(settings: Settings, name: str) -> bool:
    """Tell whether a variable or the file says what a setting is."""
    return settings.origins.get(name, "default") not in ("default", CONSOLE)


def change(settings: Settings, told: Mapping[str, str], seen: int, *, who: str, now: datetime) -> Kept:
    """Keep what somebody chose in place of the version ``seen``; an empty text is the usual value. Other names stay as they were.

    Raises ``settings.changed`` where somebody else has changed them since, ``settings.locked`` for what a variable or the file says,
    ``settings.value`` for what cannot be, and ``settings.orders`` for another currency or time zone than orders were counted in.
    """
    for name in told:
        if name not in CHANGEABLE or (locked(settings, name) and told[name]):
            raise RegularsError(
                "settings.locked",
                mark("{name} cannot be changed here: it comes from {origin}."),
                hint=mark("Change it there, and start the server again."),
                kind=Kind.CONFLICT,
                name=name,
                origin=settings.origins.get(name, "–"),
            )
    with database.writing("settings"):
        before = kept()
        if before.version != seen:
            raise RegularsError(
                "settings.changed",
                mark("The settings have been changed since: they are version {version}, and this is a change to version {seen}."),
                hint=mark("Look at them as they are now, and change those."),
                kind=Kind.CONFLICT,
                version=before.version,
                seen=seen,
            )  # fmt: skip
        values = _with(
            before.values, {name: value for name, value in told.items() if not locked(settings, name)}
        )
        if values == before.values:
            return before
        after = Kept(before.version + 1, values)
        _check(merged(settings, before), merged(settings, after))
        remember(NAME, {"version": after.version, "values": values})
        access.note(who, "settings.change", "", _changes(before.values, values), now)
    return after


def _with(values: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
    found = {name: value for name, value in values.items() if name not in told}
    for name, text in told.items():
        value = typed(name, text, CONSOLE) if text.strip() else _usual()[name]
        if value != _usual()[name]:
            found[name] = list(value) if isinstance(value, tuple) else value
    return {name: found[name] for name in CHANGEABLE if name in found}


def _check(before: Settings, after: Settings) -> None:
    """Refuse what would make days and amounts that are already there mean something else."""
    orders = Order.objects.exists()
    counted = recall("currency", "") or before.currency
    meant = after.currency or recall("currency", "")
    if counted and meant != counted:
        if orders or AdvertisingCost.objects.exists():
            _refuse("currency", meant or "–", counted)
        remember("currency", meant)
    if after.time_zone != before.time_zone and orders:
        _refuse("time_zone", after.time_zone, before.time_zone)


def _refuse(name: str, told: str, counted: str) -> None:
    raise RegularsError(
        "settings.orders",
        mark("{name} cannot become {told}: what is there was counted in {counted}."),
        hint=mark("Nothing is converted. Start with an empty home and load the orders again."),
        kind=Kind.CONFLICT,
        name=name,
        told=told,
        counted=counted,
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: f"{_told(before.get(name))} → {_told(after.get(name))}"
        for name in CHANGEABLE
        if before.get(name) != after.get(name)
    }


def _told(value: Any) -> str:
    if value is None:
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _usual() -> dict[str, Any]:
    """Return the values of settings that nobody chose."""
    return {each.name: each.default for each in fields(Settings) if each.name in CHANGEABLE}
