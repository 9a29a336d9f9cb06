"""What advertising cost, from a table into the store, and from the store to the figures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from regulars.access import actions as access
from regulars.advertising import actions, queries
from regulars.advertising.actions import Arrived
from regulars.advertising.rules import MOST_MINOR, Place, Spend
from regulars.kit import currencies
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.lake import open_workspace
from regulars.metrics.channels import Spent, bad_spend, spent
from regulars.sources.costs import read_costs
from regulars.store import database
from regulars.store.state import recall

if TYPE_CHECKING:
    import pyarrow as pa

    from regulars.runtime.settings import Settings

LONGEST_CHANNEL, LONGEST_CAMPAIGN = 100, 200


@dataclass(frozen=True)
class Taken:
    """What became of a table of costs."""

    rows: int
    arrived: Arrived
    first: date
    last: date
    spend: Decimal
    """All of it, in the currency's own units."""
    currency: str

    def to_json(self) -> dict[str, Any]:
        """Return everything, JSON-ready."""
        return {
            "rows": self.rows,
            **asdict(self.arrived),
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "spend": str(self.spend),
            "currency": self.currency,
        }


def take(origin: str, settings: Settings, *, clock: Callable[[], datetime] | None = None) -> Taken:
    """Take a table of costs (date, channel?, campaign?, spend) into the store, all of its rows or none.

    It takes the place of what was known of its days and channels, so that a table that is loaded again changes nothing, and a corrected one
    corrects. Raises :class:`~regulars.kit.errors.RegularsError` with the row and its cell where something is no day or amount.
    """
    now = (clock or (lambda: datetime.now(UTC)))()
    with closing(open_workspace()) as workspace:
        rows = spent(read_costs(origin, workspace))
    if not rows:
        raise RegularsError("costs.none", mark("The cost table has no row."))
    currency = shop_currency(settings)
    told = [spend(row, place, currency) for place, row in enumerate(rows, start=1)]
    with database.writing("advertising"):
        arrived = actions.arrive(told, now)
        access.note("command", "cost.load", f"{len(rows)} rows", asdict(arrived), now)
    total = sum((each.minor for each in told), 0)
    days = [each.place.spent_on for each in told]
    exact = Decimal(total).scaleb(-currencies.digits(currency))
    return Taken(len(rows), arrived, min(days), max(days), exact, currency)


def table(settings: Settings) -> pa.Table | None:
    """Return what is known of costs as figures are worked out from it; None where nothing is."""
    told = settings.currency or recall("currency", "")
    return queries.table(currencies.digits(told)) if told else None


def shop_currency(settings: Settings) -> str:
    """Return the shop's currency; raises where nobody has said it yet."""
    told: str = settings.currency or recall("currency", "")
    if not told:
        raise RegularsError(
            "costs.no_currency",
            mark("Nobody has said yet in which currency the shop sells."),
            hint=mark("Load orders first, or set REGULARS_CURRENCY."),
        )
    return told


def spend(row: Spent, place: int, currency: str) -> Spend:
    """Return a row in the currency's smallest unit, rounded to it; raises for names and amounts that cannot be."""
    minor = round(row.spend.scaleb(currencies.digits(currency)))
    if minor > MOST_MINOR:
        raise bad_spend(place, str(row.spend))
    channel = _name(row.channel, LONGEST_CHANNEL, place)
    return Spend(Place(row.on, channel, _name(row.campaign, LONGEST_CAMPAIGN, place)), minor)


def _name(told: object, longest: int, place: int) -> str:
    text = "" if told is None else str(told).strip()
    if len(text) > longest or not text.isprintable():
        raise RegularsError(
            "costs.name",
            mark("Row {place} of the cost table has a name that cannot be: {cell}."),
            hint=mark("A channel has up to {channel} visible characters, a campaign up to {campaign}."),
            place=place,
            cell=repr(text[:60]),
            channel=LONGEST_CHANNEL,
            campaign=LONGEST_CAMPAIGN,
        )
    return text
