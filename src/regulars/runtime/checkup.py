"""Whether a server is well: its settings, its store, clock and disk, what waits, and how old what it shows is. Looks, and changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Phrase, mark
from regulars.kit.secrets import FILE as SECRET

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.store.condition import Condition

LEAST_FREE, LITTLE_FREE = 256 << 20, 2 << 30
CLOCK_SECONDS = 5.0
LONG_WAIT = timedelta(minutes=10)
OLD_RESULTS = timedelta(hours=48)
_FACTS = (
    mark("Settings"), mark("Store"), mark("Tables of the store"), mark("Clock"), mark("Disk"), mark("Secret of the home"),
    mark("Chosen in the console"), mark("Events that wait"), mark("Lake"), mark("Refresh"), mark("Recommendations"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: ``ok``, ``note`` (worth knowing) or ``bad`` (something will not work)."""

    name: str
    state: str
    found: Phrase
    advice: Phrase | None = None


def checkup(settings: Settings) -> Iterator[Finding]:
    """Look at a home whose store this process is connected to; never raises."""
    yield _settings(settings)
    yield _guarded("Disk", lambda: _disk(settings))
    yield _guarded("Secret of the home", lambda: _secret(settings))
    told = _store(settings)
    if isinstance(told, Finding):
        yield told
        return
    yield Finding(
        "Store",
        "ok",
        Phrase.of(
            mark("{kind}, answers in {milliseconds:.0f} ms"),
            kind=told.kind,
            milliseconds=told.answered_seconds * 1000,
        ),
    )
    yield _tables(told)
    yield _guarded("Clock", lambda: _clock(told))
    if told.waiting or told.unknown:
        return
    yield from _chosen()
    yield _guarded("Events that wait", lambda: _inbox(settings))
    yield _guarded("Lake", lambda: _lake(settings))
    yield _guarded("Refresh", _refresh)
    yield _guarded("Recommendations", lambda: _index(settings))


def _guarded(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as error:  # the doctor must live to tell it
        told = error.message if isinstance(error, RegularsError) else f"{type(error).__name__}: {error}"
        return Finding(name, "bad", Phrase.of(_PLAIN, text=" ".join(str(told).split())))


_PLAIN = mark("{text}")


def _settings(settings: Settings) -> Finding:
    told = []
    for each in fields(settings):
        if each.name == "origins":
            continue
        value = getattr(settings, each.name)
        origin = settings.origins.get(each.name, "default")
        if origin != "default" or each.name == "home":
            told.append(f"{each.name} = {'…' if each.metadata.get('secret') else value} ({origin})")
    return Finding("Settings", "ok", Phrase.of(_PLAIN, text="; ".join(told)))


def _chosen() -> Iterator[Finding]:
    """Say what people chose in the console, where anybody did."""
    from regulars.runtime import preferences

    values = preferences.kept().values
    if values:
        text = "; ".join(f"{name} = {value}" for name, value in values.items())
        yield Finding("Chosen in the console", "ok", Phrase.of(_PLAIN, text=text))


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.home).free
    state = "bad" if free < LEAST_FREE else "note" if free < LITTLE_FREE else "ok"
    advice = Phrase(mark("A refresh and a backup need room: make some.")) if state != "ok" else None
    found = Phrase.of(mark("{free:.1f} GB free in {home}"), free=free / 2**30, home=settings.home)
    return Finding("Disk", state, found, advice)


def _secret(settings: Settings) -> Finding:
    path = settings.home / SECRET
    if not path.exists():
        return Finding("Secret of the home", "ok", Phrase(mark("none yet: the first key makes it")))
    if path.stat().st_mode & 0o077:
        return Finding(
            "Secret of the home",
            "bad",
            Phrase(mark("others can read it")),
            Phrase.of(mark("chmod 600 {file}"), file=path),
        )
    return Finding("Secret of the home", "ok", Phrase(mark("only its owner can read it")))


def _store(settings: Settings) -> Finding | Condition:
    """Ask the store how it is; a finding where it cannot say."""
    from regulars.store import condition, database

    if not settings.database_url and not (settings.home / database.FILE).exists():
        return Finding(
            "Store",
            "note",
            Phrase(mark("none yet")),
            Phrase.of(mark("Load some: regulars load FILE --home {home}"), home=settings.home),
        )
    try:
        return condition.look()
    except Exception as error:  # whatever the driver says
        return Finding(
            "Store",
            "bad",
            Phrase.of(_PLAIN, text=" ".join(str(error).split())),
            Phrase(mark("Check the home folder's rights, or REGULARS_DATABASE_URL.")),
        )


def _tables(store: Condition) -> Finding:
    if store.unknown:
        return Finding(
            "Tables of the store",
            "bad",
            Phrase.of(mark("of a newer version: {names}"), names=", ".join(store.unknown)),
            Phrase(mark("Install the version that made them, or a later one.")),
        )
    if store.waiting:
        return Finding(
            "Tables of the store",
            "note",
            Phrase.of(mark("to be brought up to date: {names}"), names=", ".join(store.waiting)),
            Phrase(mark("Make a backup; the next start of the server does the rest.")),
        )
    return Finding("Tables of the store", "ok", Phrase(mark("up to date")))


def _clock(store: Condition) -> Finding:
    from regulars.store.models import Run

    now = datetime.now(UTC)
    ahead = store.ahead_seconds
    if abs(ahead) > CLOCK_SECONDS:
        return Finding(
            "Clock",
            "bad",
            Phrase.of(mark("the database's clock is {seconds:+.0f} s off this machine's"), seconds=ahead),
            Phrase(mark("Let both follow the same time server (NTP).")),
        )
    last = None
    if not store.waiting:
        last = Run.objects.order_by("-started_at").values_list("started_at", flat=True).first()
    if last is not None and last > now + timedelta(seconds=CLOCK_SECONDS):
        return Finding(
            "Clock",
            "bad",
            Phrase.of(
                mark("it is {now}, and a refresh began at {last}: the clock was set back"), now=now, last=last
            ),
            Phrase(mark("Let both follow the same time server (NTP).")),
        )
    return Finding("Clock", "ok", Phrase.of(_PLAIN, text=now.isoformat(timespec="seconds")))


def _inbox(settings: Settings) -> Finding:
    from regulars.runtime.compaction import INBOX, inbox_of

    if not settings.database_url and not (settings.home / INBOX).exists():
        return Finding("Events that wait", "ok", Phrase(mark("none yet")))
    with closing(inbox_of(settings)) as inbox:
        waiting = inbox.waiting()
    age = datetime.now(UTC).timestamp() - (waiting.oldest or 0) / 1e6
    late = waiting.events > 0 and age > LONG_WAIT.total_seconds()
    found = Phrase.of(mark("{events:,}"), events=waiting.events)
    if late:
        found = Phrase.of(
            mark("{events:,}, the oldest for {minutes:,.0f} minutes"), events=waiting.events, minutes=age / 60
        )
    advice = Phrase(mark("Is a worker running? regulars serve has one, or start regulars worker."))
    return Finding("Events that wait", "note" if late else "ok", found, advice if late else None)


def _lake(settings: Settings) -> Finding:
    from regulars.lake.folder import ABOUT
    from regulars.runtime.projection import FOLDER, lake_of
    from regulars.store.models import Unprojected

    if not (settings.home / FOLDER / ABOUT).exists():
        return Finding("Lake", "ok", Phrase(mark("none yet")))
    lake = lake_of(settings)
    tables = {"orders": lake.orders, "lines": lake.lines, "events": lake.events, "scores": lake.scores}
    told = ", ".join(f"{name} v{table.version}" for name, table in tables.items() if table.exists)
    behind = Unprojected.objects.count()
    found = Phrase.of(
        mark("{tables}; orders that it has not got yet: {behind:,}"), tables=told or "–", behind=behind
    )
    return Finding("Lake", "ok", found)


def _refresh() -> Finding:
    from regulars.runtime.publication import published
    from regulars.store.models import Order, Run

    last = published()
    failed = Run.objects.filter(state=Run.FAILED, id__gt=last.id if last else 0).order_by("-id").first()
    if failed is not None:
        code = (failed.error or {}).get("code", "")
        return Finding(
            "Refresh",
            "bad",
            Phrase.of(mark("the last one failed: {code}"), code=code),
            Phrase(mark("regulars refresh says why.")),
        )
    if last is None or last.ended_at is None:
        state = "note" if Order.objects.exists() else "ok"
        return Finding(
            "Refresh",
            state,
            Phrase(mark("none yet")),
            Phrase(mark("regulars refresh")) if state == "note" else None,
        )
    age = datetime.now(UTC) - last.ended_at
    found = Phrase.of(mark("run {run}, {hours:.0f} hours ago"), run=last.id, hours=age.total_seconds() / 3600)
    old = age > OLD_RESULTS
    advice = Phrase(mark("Is a worker running? regulars serve has one, or start regulars worker."))
    return Finding("Refresh", "note" if old else "ok", found, advice if old else None)


def _index(settings: Settings) -> Finding:
    from regulars.recommend.index import open_index
    from regulars.runtime.refresh import INDEX

    if not (settings.home / INDEX).exists():
        return Finding("Recommendations", "ok", Phrase(mark("none yet")))
    index = open_index(settings.home / INDEX)
    return Finding("Recommendations", "ok", Phrase.of(_PLAIN, text=str(index.manifest.fit)))
