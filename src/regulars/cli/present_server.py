"""What the server's verbs show a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regulars.kit.i18n import Phrase, mark

if TYPE_CHECKING:
    from regulars.cli.present import Screen
    from regulars.runtime.backup import Backup
    from regulars.runtime.load import Loaded
    from regulars.runtime.refresh import Refreshed
    from regulars.runtime.regrouping import Regrouped
    from regulars.runtime.settings import Settings
    from regulars.runtime.spending import Taken
    from regulars.runtime.verification import Verified


def loaded(screen: Screen, done: Loaded) -> None:
    """Say what became of a load."""
    count = screen.speech.count
    screen.line(
        Phrase.of(
            mark("Orders: {orders}; new {added}, changed {changed}, as they were {unchanged}."),
            orders=count(done.record.orders),
            added=count(done.orders.added),
            changed=count(done.orders.changed),
            unchanged=count(done.orders.unchanged),
        )
    )
    screen.line(
        Phrase.of(
            mark("New customers: {customers}, new products: {products}."),
            customers=count(done.customers),
            products=count(done.products),
        )
    )
    if done.rejected:
        screen.line(
            Phrase.of(
                mark("Rows that could not be used: {rows}; they are in {file}."),
                rows=count(done.rejected),
                file=done.rejects,
            )
        )
    if done.rounded_lines:
        screen.line(
            Phrase.of(
                mark("Lines rounded to the currency's smallest unit: {rows}."), rows=count(done.rounded_lines)
            )
        )


def spent(screen: Screen, done: Taken) -> None:
    """Say what became of a table of costs."""
    speech = screen.speech
    screen.line(
        Phrase.of(
            mark("Costs of {first} to {last}: {spend}."),
            first=speech.day(done.first),
            last=speech.day(done.last),
            spend=speech.money(float(done.spend)),
        )
    )
    screen.line(
        Phrase.of(
            mark("New {added}, changed {changed}, as they were {unchanged}, no longer there {removed}."),
            **{
                name: speech.count(getattr(done.arrived, name))
                for name in ("added", "changed", "unchanged", "removed")
            },
        )
    )
    screen.line(mark("The next refresh counts with them."))


def regrouped(screen: Screen, done: Regrouped) -> None:
    """Say what became of the shop's own segments."""
    screen.line(
        Phrase.of(
            mark("Own segments: {segments}; memberships that are new {entered}, that ended {left}."),
            segments=screen.speech.count(done.segments),
            entered=screen.speech.count(done.entered),
            left=screen.speech.count(done.left),
        )
    )


def refreshed(screen: Screen, done: Refreshed, language: str) -> None:
    """Say what a refresh found and published."""
    screen.findings([finding.said(language) for finding in done.findings])
    screen.line(
        Phrase.of(
            mark("Published: {customers} customers as of {day}; orders written to the lake: {orders}."),
            customers=screen.speech.count(done.customers),
            day=done.run.as_of,
            orders=screen.speech.count(done.projected),
        )
    )


def verified(screen: Screen, found: Verified, mended: int) -> None:
    """Say whether the lake says what the store says."""
    count = screen.speech.count
    screen.line(
        Phrase.of(
            mark("Orders compared: {orders}; waiting for the lake: {waiting}; events in the lake: {events}."),
            orders=count(found.orders),
            waiting=count(found.waiting),
            events=count(found.events),
        )
    )
    if found.sound:
        screen.line(mark("The lake says what the store says."))
        return
    screen.line(
        Phrase.of(
            mark(
                "Different in the lake: {differing}; only in the lake: {strangers}; events more than once: {doubled}."
            ),
            differing=count(len(found.differing)),
            strangers=count(len(found.strangers)),
            doubled=count(found.doubled_events),
        )
    )
    if mended:
        screen.line(Phrase.of(mark("Written again: {orders}."), orders=count(mended)))
    else:
        screen.line(mark("`regulars lake verify --repair` writes them again."))


def backed_up(screen: Screen, done: Backup) -> None:
    """Say what a backup holds."""
    screen.line(
        Phrase.of(
            mark(
                "Written: {file} ({size} MB). Orders: {orders}, customers: {customers}, events that wait: {events}."
            ),
            file=done.path,
            size=screen.speech.count(round(done.size / 1e6)),
            orders=screen.speech.count(done.manifest["rows"]["orders"]),
            customers=screen.speech.count(done.manifest["rows"]["customers"]),
            events=screen.speech.count(done.manifest["events_waiting"]),
        )
    )
    screen.line(
        Phrase(mark("It holds personal data and the secret of the home: keep it where nobody else reads."))
    )


def restored(screen: Screen, settings: Settings, manifest: Mapping[str, Any]) -> None:
    """Say what was restored, and how to go on."""
    screen.line(
        Phrase.of(
            mark(
                "Restored into {home}: the shop as it was at {moment}, with {orders} orders and {customers} customers."
            ),
            home=settings.home,
            moment=manifest["made_at"],
            orders=screen.speech.count(manifest["rows"]["orders"]),
            customers=screen.speech.count(manifest["rows"]["customers"]),
        )
    )
    screen.line(Phrase.of(mark("Next: regulars serve --home {home}"), home=settings.home))
