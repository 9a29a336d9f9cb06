"""From any source into the store: people, products, then orders in parts that are committed one by one.

A load that is cut off keeps what was committed; loading the same source again finds it unchanged and goes on with the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from regulars.catalog import actions as catalog
from regulars.customers import actions as customers
from regulars.kit import currencies
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.locks import locked
from regulars.kit.progress import stage
from regulars.orders import actions as orders_room
from regulars.orders import content
from regulars.orders.actions import Arrived
from regulars.runtime import repairing
from regulars.runtime.parts import Parts
from regulars.runtime.reading import read_orders
from regulars.store import database, outbox
from regulars.store.models import Import
from regulars.store.state import recall, remember

if TYPE_CHECKING:
    import duckdb

    from regulars.lake import Orders
    from regulars.runtime.settings import Settings

LINES_AT_ONCE = 100_000
"""Lines of orders in one transaction."""


@dataclass(frozen=True)
class Loaded:
    """What became of a load."""

    record: Import
    customers: int
    """New ones, as with products."""
    products: int
    orders: Arrived
    rounded_lines: int
    """Lines whose money had parts of the currency's smallest unit."""
    currency: str
    rejected: int
    """Rows that could not be used."""
    rejects: Path
    """The file that has them."""

    def to_json(self) -> dict[str, Any]:
        """Return everything, JSON-ready."""
        return {
            "import": self.record.pk,
            "orders": {"found": self.record.orders} | asdict(self.orders),
            "customers_added": self.customers,
            "products_added": self.products,
            "rounded_lines": self.rounded_lines,
            "rows_rejected": self.rejected,
            "rejects": str(self.rejects),
            "currency": self.currency,
            "intake": self.record.account,
        }


def load(
    origin: str, settings: Settings, *, clock: Callable[[], datetime] | None = None, **reading: Any
) -> Loaded:
    """Take a source into the store: what the library reads, under the store's own keys.

    ``reading`` is what :func:`regulars.read_orders` takes. Raises :class:`~regulars.kit.errors.RegularsError` where the source cannot be
    used at all, or is in another currency than the shop; rows that cannot be used are kept beside the store, and counted.
    """
    now = clock or (lambda: datetime.now(UTC))
    if reading.pop("delivery_counts", settings.delivery_counts) and not settings.delivery_counts:
        raise RegularsError(
            "load.delivery",
            mark("Whether delivery counts is a setting of the shop, not of a file."),
            hint=mark("Set REGULARS_DELIVERY_COUNTS=true, or delivery_counts = true in {file}."),
            file=settings.home / "regulars.toml",
        )
    with _running(settings.home, now):
        return _recorded(origin, settings, now, reading)


def _recorded(
    origin: str, settings: Settings, now: Callable[[], datetime], reading: dict[str, Any]
) -> Loaded:
    """Load under a record of it."""
    source = repairing.source(origin, settings, reading)
    record = Import.objects.create(
        origin=_shown(origin),
        state=Import.RUNNING,
        started_at=now(),
        account={"source": source} if source else {},
    )
    try:
        given: dict[str, Any] = {
            "time_zone": settings.time_zone,
            "delivery_counts": settings.delivery_counts,
        } | reading
        if settings.currency:
            given.setdefault("currency", settings.currency)
        with read_orders(origin, names=True, **given) as orders:
            return _loaded(orders, settings, record, now)
    except BaseException as error:
        record.state, record.ended_at = Import.FAILED, now()
        if isinstance(error, RegularsError):
            seen = error.values.get("seen")
            record.error = error.kept() | {"columns": seen if isinstance(seen, tuple) else ()}
        record.save()
        raise


@contextmanager
def _running(home: Path, now: Callable[[], datetime]) -> Iterator[None]:
    """Hold a lock that loads share and the system frees; whoever finds it free knows that what is said to be running was cut off."""
    lock = home / "load.lock"
    with suppress(BlockingIOError), locked(lock, wait=False):
        stopped = RegularsError("load.stopped", mark("It was stopped before it had ended.")).kept()
        Import.objects.filter(state=Import.RUNNING).update(state=Import.FAILED, ended_at=now(), error=stopped)
    with locked(lock, shared=True):
        yield


def _shown(origin: str) -> str:
    """An origin without its password, wherever the address has it."""
    if "://" not in origin:
        return str(Path(origin).name)[:500]
    scheme, rest = origin.split("://", 1)
    return f"{scheme}://{rest.rsplit('@', 1)[-1].split('?', 1)[0]}"[:500]


def _loaded(orders: Orders, settings: Settings, record: Import, now: Callable[[], datetime]) -> Loaded:
    currency = _currency(orders, settings)
    _remembered(orders, currency)
    connection = orders.workspace.door.connection
    _views(connection, orders.folder)
    with stage(mark("Recognising customers")):
        people = customers.arrive(connection, "load_people", now())
    with stage(mark("Recognising products")):
        goods = catalog.arrive(connection, f"({_products(currency)})", now())
    with stage(mark("Preparing orders")):
        rounded = _prepared(connection, currency)
    record.account |= orders.intake
    (record.orders,) = connection.execute("SELECT count(*) FROM load_heads").fetchone() or (0,)
    record.rejects = _keep_rejects(orders, settings.home, record)
    if "source" in record.account:
        repairing.keep(orders.folder, settings.home, record)
    record.save()
    arrived = Arrived()
    progress = stage(mark("Loading orders"), share=lambda: record.committed / max(record.orders, 1))
    alone = _alone(connection)
    with progress, database.roomy():
        for part in Parts(connection):
            arrived += orders_room.arrive(
                part.heads, part.lines, now(), knows_refunds=orders.capabilities.refunds, alone=alone
            )
            record.committed += len(part.heads)
            record.added, record.changed, record.unchanged = arrived.added, arrived.changed, arrived.unchanged
            record.save(update_fields=["committed", "added", "changed", "unchanged"])
    _finished(record, now())
    kept = settings.home / record.rejects
    rejected = pq.read_metadata(kept).num_rows
    return Loaded(record, people, goods, arrived, rounded, currency, rejected, kept)


def _alone(connection: duckdb.DuckDBPyConnection) -> orders_room.Alone | None:
    """Return what says that the store needs no asking; None where the source itself tells an order twice."""
    once = "SELECT count(*) = count(DISTINCT order_id) FROM load_heads"
    return orders_room.Alone() if (connection.execute(once).fetchone() or (False,))[0] else None


def _finished(record: Import, now: datetime) -> None:
    """Say that a load got through: one fact, however many orders it brought."""
    with database.writing():
        record.state, record.ended_at = Import.DONE, now
        record.save()
        counted = {name: getattr(record, name) for name in ("orders", "added", "changed", "unchanged")}
        outbox.tell(outbox.IMPORT_FINISHED, str(record.pk), now, **{"import": record.pk}, **counted)


def _currency(orders: Orders, settings: Settings) -> str:
    """Return the currency of a source; raises where nobody says which it is, and where the shop has another one."""
    told = orders.shop.currency or settings.currency or recall("currency", "")
    if not told:
        raise RegularsError(
            "load.no_currency",
            mark("Nobody says in which currency the shop sells."),
            hint=mark("Say it: --currency EUR, or REGULARS_CURRENCY=EUR once and for all."),
        )
    shop = settings.currency or recall("currency", "") or told
    if told != shop:
        raise RegularsError(
            "load.currency",
            mark("The source is in {told}, the shop in {shop}."),
            hint=mark("Say what one {told} is worth: --currency {shop} --rate {told}=…"),
            told=told,
            shop=shop,
        )
    return told


def _remembered(orders: Orders, currency: str) -> None:
    """Remember in which currency the shop sells, and which facts its sources tell."""
    remember("currency", currency)
    known = recall("capabilities", {})
    told = asdict(orders.capabilities)
    remember(
        "capabilities",
        {name: bool(known.get(name)) or here for name, here in told.items()} | {"referrals": False},
    )


def _keep_rejects(orders: Orders, home: Path, record: Import) -> str:
    """Keep the rejected rows beside the store, so that they can be mended and loaded again."""
    name = f"imports/{record.pk}-rejects.parquet"
    target = home / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(orders.rejects.read_bytes())
    return name


def _views(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    for name in ("orders", "lines", "products", "documents", "contacts"):
        path = str(folder / f"{name}.parquet").replace("'", "''")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW load_{name} AS SELECT * FROM read_parquet('{path}')")
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE load_people AS
            WITH seen AS (SELECT customer_key, min(ordered_at) AS first_at, arg_max(country, ordered_at) AS country
                FROM load_orders WHERE customer_key IS NOT NULL GROUP BY 1)
            SELECT c.customer_key AS key, c.customer_id[:320] AS store_id, c.email[:320] AS email, coalesce(s.country, '')[:100] AS country,
                strftime(s.first_at, '%Y-%m-%d %H:%M:%S') AS first_at
            FROM load_contacts c JOIN seen s USING (customer_key)"""
    )


def _products(currency: str) -> str:
    return f"""SELECT product_key AS key, product_id, title, category,
        CAST(round(cost * {10 ** currencies.digits(currency)}) AS BIGINT) AS cost_minor FROM load_products"""


def _prepared(connection: duckdb.DuckDBPyConnection, currency: str) -> int:
    """Leave orders and lines under the store's keys, in minor units, each with the part it is loaded in; return how many lines were rounded."""
    unit = 10 ** currencies.digits(currency)
    money = ("gross", "discount", "tax", "refunded")
    minor = ", ".join(f"CAST(round({name} * {unit}) AS BIGINT) AS {name}_minor" for name in money)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE load_cells AS
            SELECT l.order_key, row_number() OVER (PARTITION BY l.order_key ORDER BY l.line, l.gross, l.product_key) AS line,
                p.id AS product_id, CAST(l.quantity AS DOUBLE) AS quantity, {minor},
                {" OR ".join(f"round({name} * {unit}) <> {name} * {unit}" for name in money)} AS rounded
            FROM load_lines l LEFT JOIN arrived_products p ON p.key = l.product_key"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE load_said AS
            SELECT order_key, count(*) AS n, {content.LINES_SQL} AS cells FROM load_cells GROUP BY 1"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE load_heads AS
        WITH heads AS (SELECT o.order_key, s.n, s.cells, o.ordered_at AS moment, {_named(connection)}[:200] AS order_id, o.kind, o.status,
                a.id AS customer_id, strftime(o.ordered_at, '%Y-%m-%d %H:%M:%S') || CASE WHEN microsecond(o.ordered_at) % 1000000 = 0 THEN ''
                    ELSE strftime(o.ordered_at, '.%f') END AS ordered_at,
                CAST(o.ordered_on AS VARCHAR) AS ordered_on, '{currency}' AS currency,
                CAST(round(o.shipping * {unit}) AS BIGINT) AS shipping_minor,
                CAST(round((o.net - (o.gross - o.discount - o.tax - o.refunded)) * {unit}) AS BIGINT) AS shipping_net_minor,
                coalesce(o.coupon_code, '')[:100] AS coupon_code, coalesce(o.channel, '')[:100] AS channel,
                coalesce(o.country, '')[:100] AS country
            FROM load_orders o JOIN load_said s USING (order_key) LEFT JOIN load_documents d USING (order_key)
            LEFT JOIN (SELECT key, coalesce(min(store_id), min(email)) AS ref FROM load_people GROUP BY key) w ON w.key = o.customer_key
            LEFT JOIN arrived_customers a ON a.key = o.customer_key)
        SELECT * EXCLUDE (cells), {content.sql("cells")} AS content FROM heads"""
    )
    connection.execute("DROP TABLE load_said")
    # Sorted once, and of each order no more than its key: whole rows would be moved about for nothing.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE load_parts AS
            SELECT order_key, part, place - min(place) OVER (PARTITION BY part) AS place FROM (
                SELECT order_key, row_number() OVER moments AS place, CAST((sum(n) OVER moments - 1) // {LINES_AT_ONCE} AS INTEGER) AS part
                FROM load_heads WINDOW moments AS (ORDER BY moment, order_id, order_key ROWS UNBOUNDED PRECEDING))"""
    )
    (rounded,) = connection.execute("SELECT count(*) FILTER (WHERE rounded) FROM load_cells").fetchone() or (
        0,
    )
    return int(rounded)


def _named(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL of an order's id: the shop's own, a number that several customers share with whose it is; where there is none, what tells the order from others."""
    own = "d.order_id || CASE WHEN d.shared THEN ' / ' || coalesce(w.ref, '') ELSE '' END"
    unnamed = "SELECT 1 FROM load_orders o LEFT JOIN load_documents d USING (order_key) WHERE d.order_id IS NULL LIMIT 1"
    if connection.execute(unnamed).fetchone() is None:
        return f"({own})"
    return f"""coalesce({own},
        'regulars-' || md5(coalesce(w.ref, '') || '|' || CAST(o.ordered_at AS VARCHAR) || CASE WHEN w.ref IS NULL THEN '|' || s.cells || '|'
            || CAST(row_number() OVER (PARTITION BY o.ordered_at, s.cells ORDER BY o.order_key) AS VARCHAR) ELSE '' END))"""
