"""``regulars backtest``: what would have been said on an earlier day, beside what happened."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from regulars.cli import options
from regulars.cli.options import Reading
from regulars.kit.i18n import mark


@options.verb()
@options.orders
@click.option(
    "--cutoff",
    type=options.Day(),
    metavar="DATE",
    help="The last day the forecast knows about. [default: one horizon before the last order]",
)
@options.horizon
@options.promotions
@options.events
@click.option(
    "--out",
    "folder",
    type=options.Folder(),
    help="Write backtest.parquet (a row a customer) and backtest.json here.",
)
@options.language
@options.as_json
@options.reading
def backtest(
    origin: str,
    cutoff: date | None,
    horizon_days: int,
    promotions: str | None,
    events: str | None,
    folder: Path | None,
    language: str,
    as_json: bool,
    reading: Reading,
) -> None:
    """Hold the forecast made on an earlier day against what happened after it, beside plain forecasts.

    Spend is counted after discounts and tax and before refunds, as the models see it. Without a cut-off, the horizon
    is shortened to half of the data where they are too short for it, and the same test is made at several earlier days
    whose outcome windows do not overlap.
    """
    from regulars.cli.present import Screen
    from regulars.kit.files import ensure_writable
    from regulars.kit.unknown import Unknown
    from regulars.report.model import Sentence
    from regulars.runtime.journey import said, write_backtest
    from regulars.runtime.reading import read_orders
    from regulars.runtime.written import dumps
    from regulars.sources.promotions import read_promotions
    from regulars.value import estimate, follow
    from regulars.value.learning.engagement import Engagement

    if folder is not None:
        ensure_writable(folder)
    with read_orders(origin, **reading.settings()) as orders:
        offered = None if promotions is None else read_promotions(promotions, orders.workspace)
        worth = estimate(orders, horizon_days=horizon_days, promotions=offered, events=events)
        explicit = click.get_current_context().get_parameter_source("horizon_days")
        given = horizon_days if explicit is click.core.ParameterSource.COMMANDLINE else None
        result = worth.backtest(cutoff, given)
        earlier = worth.rolling if cutoff is None else None
        track = result if isinstance(result, Unknown) else follow(worth, result)
        written = write_backtest(worth, result, folder, earlier, track) if folder is not None else ()
        if as_json:
            click.echo(dumps(said(result, earlier, track) | {"files": [str(path) for path in written]}))
            return
        screen = Screen(language, orders.shop.currency)
        if isinstance(worth.engagement, Engagement):
            screen.events(worth.engagement.counts, worth.engagement.aside)
        screen.backtest(result)
        if not isinstance(track, Unknown):
            screen.alerts(track.alerts)
        if earlier is not None and not isinstance(earlier, Unknown):
            screen.heading(
                Sentence.of(
                    mark("At earlier days, {days} each"), days=screen.speech.days(earlier.window_days)
                )
            )
            screen.rolling(earlier)
        if not isinstance(result, Unknown) and written:
            screen.files(written)
