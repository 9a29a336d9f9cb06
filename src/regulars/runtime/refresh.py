"""Everything worked out anew: the lake brought up to the store, figures, value, segments, recommendations, and all of it published at once.

One refresh runs at a time. One that is killed leaves what was published before; the next one begins anew and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db.models import Max

from regulars import recommend
from regulars.access import actions as access
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.kit.locks import locked
from regulars.kit.progress import stage
from regulars.lake import Capabilities, Orders, Shop, open_workspace
from regulars.lake.folder import Lake
from regulars.recommend import index
from regulars.recommend.coverage import coverage
from regulars.runtime import alarms, history, preferences, publication, spending, steering
from regulars.runtime.goods import offered
from regulars.runtime.journey import analyse
from regulars.runtime.projection import lake_of, project
from regulars.segments import Thresholds
from regulars.store import bulk, database
from regulars.store.models import OrderLine, Run
from regulars.store.state import recall, remember

if TYPE_CHECKING:
    from regulars.lake import Workspace
    from regulars.report import Finding
    from regulars.runtime.settings import Settings

INDEX = "index"
COVERAGE = "recommend.coverage"
"""Under this name the store keeps how much of the shop the last refresh's recommendations show."""
_PRODUCTS = pa.schema(
    [
        ("product_key", pa.int64()),
        ("product_id", pa.string()),
        ("title", pa.string()),
        ("category", pa.string()),
        ("cost", pa.float64()),
    ]
)
_IDENTITIES = pa.schema([("customer_key", pa.int64()), ("customer_id", pa.string())])


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did."""

    run: Run
    projected: int
    """Orders that were written to the lake."""
    customers: int
    recommendations: str
    """Version of the index; empty where the orders name no products."""
    findings: tuple[Finding, ...]
    """What is worth knowing first."""

    def to_json(self) -> dict[str, Any]:
        """Return everything, JSON-ready."""
        return {
            "run": self.run.pk,
            "orders_projected": self.projected,
            "customers": self.customers,
            "index": self.recommendations or None,
            "summary": self.run.summary,
        }


def refresh(settings: Settings, *, clock: Callable[[], datetime] | None = None) -> Refreshed:
    """Refresh everything that is known of the shop, and publish it.

    Raises :class:`~regulars.kit.errors.RegularsError` with the code ``refresh.running`` where another refresh runs, and ``refresh.no_orders``
    where there is nothing to work on; what was published before stays.
    """
    now = clock or (lambda: datetime.now(UTC))
    with alone(settings.home):
        settings = preferences.merged(settings)
        stopped = RegularsError("refresh.stopped", mark("It was stopped before it had ended.")).kept()
        with database.writing():
            if Run.objects.filter(state=Run.RUNNING).update(state=Run.FAILED, ended_at=now(), error=stopped):
                alarms.failed(now())
        number = (Run.objects.aggregate(last=Max("id"))["last"] or 0) + 1
        run = Run.objects.create(id=number, state=Run.RUNNING, started_at=now(), step="lake")
        try:
            return _refreshed(run, settings, now)
        except BaseException as error:
            run.state, run.ended_at = Run.FAILED, now()
            run.error = (
                error.kept()
                if isinstance(error, RegularsError)
                else {"code": "refresh.failed", "message": type(error).__name__}
            )
            with database.writing():
                run.save()
                alarms.failed(now())
            publication.discard(run.id)
            raise


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the lock of refreshes; raises where somebody else has it. The system frees it when its holder dies."""
    try:
        with locked(home / "refresh.lock", wait=False):
            yield
    except BlockingIOError as error:
        raise RegularsError(
            "refresh.running",
            mark("Another refresh is running."),
            hint=mark("Wait until it has ended."),
            kind=Kind.CONFLICT,
        ) from error


def _refreshed(run: Run, settings: Settings, now: Callable[[], datetime]) -> Refreshed:
    projected = project(settings)
    lake = lake_of(settings)
    with lake.reading(), closing(open_workspace()) as workspace:
        orders = orders_of(settings, lake, workspace)
        seen = events_of(lake, orders)
        _step(run, "value")
        found = analyse(
            orders,
            margin=settings.margin,
            horizon_days=settings.horizon_days,
            thresholds=Thresholds.parse(settings.thresholds),
            title=settings.shop_name,
            costs=spending.table(settings),
            events=seen,
        )
        version = ""
        if orders.capabilities.products:
            _step(run, "recommendations")
            with stage(mark("Fitting recommendations")):
                fitted = recommend.fit(orders, catalogue=offered(), events=seen)
                version = index.build(fitted, settings.home / INDEX).version
                shown = coverage(fitted, rules=steering.read().book.of("for_you"))
        _step(run, "publishing")
        published = publication.publish(run, found, lake, now)
        if version:
            remember(COVERAGE, shown.to_json())
        access.forget(now())
    history.thin(lake, found.value.as_of)
    with lake.writing():
        lake.tidy(lake.scores)
    return Refreshed(run, projected, published, version, found.findings)


def _step(run: Run, name: str) -> None:
    run.step = name
    run.save(update_fields=["step"])


def orders_of(settings: Settings, lake: Lake, workspace: Workspace) -> Orders:
    """Return the shop's canonical facts: orders and lines of the lake, products and the shop's own ids of the store.

    Raises :class:`~regulars.kit.errors.RegularsError` where there are no orders.
    """
    files = {"orders": lake.orders.files(), "lines": lake.lines.files()}
    if not all(files.values()):
        raise RegularsError(
            "refresh.no_orders",
            mark("There are no orders yet."),
            hint=mark("Load some: regulars load FILE --home {home}"),
            kind=Kind.MISSING,
            home=settings.home,
        )
    folder = workspace.folder / "orders"
    folder.mkdir()
    _write(_PRODUCTS, "products", _products(), folder)
    _write(_IDENTITIES, "identities", _identities(), folder)
    pq.write_table(pa.table({"line": pa.array([], pa.int64())}), folder / "rejects.parquet")
    told = Capabilities(**recall("capabilities", asdict(Capabilities())))
    currency = recall("currency", settings.currency) or None
    shop = Shop(currency, settings.time_zone, settings.delivery_counts)
    return Orders(workspace, folder, shop, told, {}, files)


def events_of(lake: Lake, orders: Orders) -> pa.Table | None:
    """Return views and carts of the lake as a table that every room reads, customers by the shop's own ids; None without any."""
    files = lake.events.files()
    if not files:
        return None
    engine = orders.workspace.engine
    seen, known = engine.read(files), orders.identities
    kept = seen.filter(seen.type.isin(["view", "cart"]) & seen.product_id.notnull())
    found = kept.left_join(known, "customer_key").select(
        kept.event_id,
        session_id=kept.session_key.cast("string"),
        visitor_id=kept.visitor_key.cast("string"),
        customer_id=known.customer_id,
        type=kept.type,
        occurred_at=kept.occurred_at,
        product_id=kept.product_id,
    )
    table = engine.arrow(found, title=mark("Reading events"))
    return table if len(table) else None


def _products() -> str:
    # Lines have no index by product: what was sold is looked for in one pass, not product by product.
    sold = OrderLine._meta.db_table
    return f"""(SELECT id AS product_key, product_id, nullif(title, '') AS title, nullif(category, '') AS category,
        CAST(cost_minor AS double precision) / {10 ** _digits()} AS cost FROM products p
        WHERE id IN (SELECT product_id FROM {sold})) AS told"""


def _digits() -> int:
    from regulars.kit import currencies

    return currencies.digits(recall("currency", ""))


def _identities() -> str:
    return """(SELECT c.id AS customer_key, coalesce(min(CASE WHEN i.kind = 'store_id' THEN i.value END), min(i.value),
        CAST(c.id AS varchar(20))) AS customer_id FROM customers c LEFT JOIN identifiers i ON i.customer_id = c.id GROUP BY c.id) AS told"""


def _write(schema: pa.Schema, name: str, source: str, folder: Path) -> None:
    with pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as file:
        for part in bulk.tables(schema, source):
            file.write_table(part)
