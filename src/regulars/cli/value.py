"""``regulars value``: from a file of orders to every customer's value and a report."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regulars.cli import options
from regulars.cli.options import Reading

if TYPE_CHECKING:
    from regulars.runtime.journey import Analysis


@options.verb()
@options.orders
@options.horizon
@options.as_of
@options.margin
@options.costs
@options.promotions
@options.events
@options.discount_rate
@options.thresholds
@click.option(
    "--title", default="", metavar="NAME", help="The shop's name, for the report. [default: the file's name]"
)
@click.option(
    "--out",
    "folder",
    type=options.Folder(),
    help="Write customers.parquet, totals.parquet, summary.json, rejects.parquet and report.html here.",
)
@options.language
@options.as_json
@options.reading
def value(
    origin: str,
    horizon_days: int,
    as_of: date | None,
    margin: float | None,
    costs: str | None,
    promotions: str | None,
    events: str | None,
    discount_rate_yearly: float,
    thresholds: tuple[str, ...],
    title: str,
    folder: Path | None,
    language: str,
    as_json: bool,
    reading: Reading,
) -> None:
    """Say what every customer is worth: figures, forecast with its track record, segments, and a report.

    ORDERS is a file (CSV, Excel, Parquet, JSON lines), a folder of them, or a database URL.
    """
    from regulars.kit.files import ensure_writable
    from regulars.report import ensure_built
    from regulars.runtime.journey import analyse
    from regulars.runtime.reading import read_orders
    from regulars.runtime.written import dumps
    from regulars.segments import Thresholds
    from regulars.value.drift import earlier_run

    if folder is not None:
        ensure_writable(folder)
        ensure_built()
    limits = Thresholds.parse(thresholds)
    before = earlier_run(folder) if folder is not None else None
    with read_orders(origin, **reading.settings()) as orders:
        found = analyse(
            orders,
            as_of=as_of,
            horizon_days=horizon_days,
            margin=margin,
            discount_rate_yearly=discount_rate_yearly,
            costs=costs,
            promotions=promotions,
            events=events,
            thresholds=limits,
            title=title or shop_title(origin),
            earlier=before,
        )
        written = found.write(folder, language=language) if folder is not None else ()
        if as_json:
            click.echo(dumps(found.summary() | {"files": [str(path) for path in written]}))
        else:
            show(found, written, language)


def show(found: Analysis, written: tuple[Path, ...], language: str) -> None:
    """Print what was read, the findings, the main figures, the segments and where the files are."""
    from regulars.cli.present import Screen
    from regulars.kit.i18n import mark
    from regulars.kit.unknown import Unknown
    from regulars.value.drift import alerts
    from regulars.value.learning.engagement import Engagement

    screen = Screen(language, found.orders.shop.currency)
    page = found.page
    if page.intake is not None:
        screen.intake(page.intake)
    if isinstance(found.value.engagement, Engagement):
        screen.events(found.value.engagement.counts, found.value.engagement.aside)
    screen.findings([finding.said(language) for finding in found.findings])
    screen.heading(mark("Figures"))
    screen.cards(page.cards)
    screen.heading(mark("Value tiers"))
    screen.segments(found.segments.families["tier"])
    screen.heading(mark("Segments"))
    screen.segments(found.segments.families["behaviour"])
    if page.referrals is not None:
        screen.referrals(page.referrals)
    screen.heading(mark("How far to trust the forecast"))
    screen.backtest(found.backtest)
    if not isinstance(found.value.tracking, Unknown):
        screen.alerts(found.value.tracking.alerts)
    screen.alerts(alerts(found.value.fits))
    if found.since is not None:
        failed = not isinstance(found.backtest, Unknown) and bool(found.backtest.problems)
        screen.since(found.since, trusted=not failed)
    if written:
        screen.heading(mark("Written"))
        screen.files(written)


def shop_title(origin: str) -> str:
    """Return a name for the report from the origin; a database URL has none that is safe to show."""
    return "" if "://" in origin else Path(origin).stem.split(".")[0].replace("_", " ").strip()
