"""``regulars segments``: who belongs to which segment, and what each is worth."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regulars.cli import options
from regulars.cli.options import Reading
from regulars.cli.speaking import t

if TYPE_CHECKING:
    from regulars.segments import Thresholds


@options.verb()
@options.maybe_orders
@options.as_of
@options.margin
@options.events
@options.thresholds
@click.option(
    "--list-thresholds", is_flag=True, help="Print every threshold with its value; needs no ORDERS."
)
@click.option(
    "--out",
    "folder",
    type=options.Folder(),
    help="Write segments.parquet (a row a customer) and segments.json here.",
)
@options.language
@options.as_json
@options.reading
def segments(
    origin: str | None,
    as_of: date | None,
    margin: float | None,
    events: str | None,
    thresholds: tuple[str, ...],
    list_thresholds: bool,
    folder: Path | None,
    language: str,
    as_json: bool,
    reading: Reading,
) -> None:
    """Put every customer into an RFM group, a value tier, a stage of life and every behaviour segment that fits."""
    from regulars.cli.present import Screen
    from regulars.kit.files import ensure_writable
    from regulars.kit.i18n import translator
    from regulars.runtime.journey import analyse, write_segments
    from regulars.runtime.reading import read_orders
    from regulars.runtime.written import dumps
    from regulars.segments import Thresholds, catalogue

    if origin is None and not list_thresholds:
        raise click.UsageError(f"{t('Missing argument')} 'ORDERS'.")
    if folder is not None:
        ensure_writable(folder)
    limits = Thresholds.parse(thresholds)
    if origin is None:
        _list(limits, as_json=as_json)
        return
    with read_orders(origin, **reading.settings()) as orders:
        found = analyse(orders, as_of=as_of, margin=margin, events=events, thresholds=limits)
        written = write_segments(found, folder) if folder is not None else ()
        if as_json:
            click.echo(dumps(found.segments.to_json(language) | {"files": [str(path) for path in written]}))
            return
        screen = Screen(language, orders.shop.currency)
        for family, title in catalogue.FAMILIES.items():
            screen.heading(translator(language)(title))
            screen.segments(found.segments.families[family], definitions=True)
        if list_thresholds:
            _list(limits)
        screen.files(written)


def _list(limits: Thresholds, *, as_json: bool = False) -> None:
    settings = limits.to_json()
    if as_json:
        click.echo(json.dumps(settings, indent=2))
        return
    for name, setting in settings.items():
        click.echo(f"{name}={setting}")
