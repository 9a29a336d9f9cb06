"""One order's way through the house: read, count, value, group, and say it on a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import regulars
from regulars import metrics, report, segments, sources, value
from regulars.kit.files import publishing
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.kit.unknown import Unknown
from regulars.lake import Orders, open_workspace
from regulars.sources.costs import read_costs
from regulars.sources.promotions import read_promotions
from regulars.value import Backtest

if TYPE_CHECKING:
    from regulars.report.model import Page

CUSTOMER_COLUMNS = (
    "customer_id",
    "orders",
    "recency_days",
    "age_days",
    "net",
    "aov",
    "p_alive",
    "p_none",
    "expected_orders",
    "expected_spend",
    "clv",
    "clv_low",
    "clv_high",
    "clv_lifetime",
    "next_order_from",
    "next_order",
    "next_order_until",
    "clv_historical",
    "clv_traditional",
    "rfm",
    "rfm_group",
    "tier",
    "lifecycle",
    "segments",
    "x",
    "recency",
    "T",
    "first_on",
    "last_on",
    "gross_spend",
    "refunded",
)


def read_orders(
    origin: str | Path | Any,
    *,
    mapping: Mapping[str, str] | None = None,
    time_zone: str | None = None,
    currency: str | None = None,
    rates: Mapping[str, Decimal] | None = None,
    day_first: bool | None = None,
    delivery_counts: bool = False,
    drop_repeats: bool = False,
    query: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    engine: str = "duckdb",
    memory_limit: str | None = None,
    threads: int | None = None,
    scratch: Path | None = None,
) -> Orders:
    """Read a shop's orders from a file, a folder, a database URL, or a pandas, Polars or Arrow table.

    Columns are recognised, or named by ``mapping`` (our name → the file's column). ``engine`` is ``duckdb``, ``spark`` or a
    Spark master URL. What could not be used is in ``Orders.rejects``, what was done to the rest in ``Orders.intake``.

    Raises :class:`~regulars.kit.errors.RegularsError` when the whole origin cannot be used. Close the result, or use
    it in a ``with`` statement: it owns a temporary folder.
    """
    workspace = open_workspace(engine=engine, memory_limit=memory_limit, threads=threads, folder=scratch)
    try:
        with stage(mark("Reading orders")):
            return sources.read(
                origin,
                workspace,
                mapping=mapping,
                time_zone=time_zone or "UTC",
                currency=currency,
                rates=rates,
                day_first=day_first,
                delivery_counts=delivery_counts,
                drop_repeats=drop_repeats,
                query=query,
                sheet=sheet,
                encoding=encoding,
                delimiter=delimiter,
            )
    except BaseException:
        workspace.close()
        raise


@dataclass(frozen=True)
class Analysis:
    """Everything known about a shop on one day; each part is computed once, on first use where it is costly."""

    orders: Orders
    figures: metrics.Figures
    value: value.Value
    segments: segments.Segments
    title: str = ""

    @property
    def backtest(self) -> Backtest | Unknown:
        """The forecast's track record on this shop's own past."""
        return self.value.track_record

    @cached_property
    def page(self) -> Page:
        """What the report shows."""
        return report.compose(
            self.orders,
            self.figures,
            self.value,
            self.segments,
            self.backtest,
            title=self.title,
            version=regulars.__version__,
        )

    @property
    def findings(self) -> tuple[report.Finding, ...]:
        """The three things worth knowing first."""
        return report.findings(self.page)

    @cached_property
    def customers(self) -> pa.Table:
        """One row a customer, named by the shop's own id, with figures, forecast and segments."""
        named, groups = self.value.named(), self.segments.customers
        ours = np.asarray(self.value.customers["customer_key"]).astype(np.int64)
        theirs = np.asarray(groups["customer_key"]).astype(np.int64)
        order = np.argsort(theirs, kind="stable")
        place = pa.array(order[np.searchsorted(theirs, ours, sorter=order)])
        for name in groups.column_names:
            if name != "customer_key":
                named = named.append_column(name, groups[name].take(place))
        return named.select([name for name in CUSTOMER_COLUMNS if name in named.column_names])

    def summary(self) -> dict[str, Any]:
        """Everything but the customers, ready for JSON."""
        return {
            "regulars": regulars.__version__,
            "as_of": self.value.as_of.isoformat(),
            "findings": [finding.text("en") for finding in self.findings],
            "intake": self.orders.intake,
            "figures": self.figures.to_json(),
            "value": self.value.to_json(),
            "backtest": said(self.backtest, self.value.rolling),
            "segments": self.segments.to_json(),
        }

    def write(self, folder: Path, *, language: str = "en") -> tuple[Path, ...]:
        """Write customers.parquet, summary.json, rejects.parquet and report.html; all of them appear together or none."""
        with publishing(folder) as scratch:
            with stage(mark("Writing the results")):
                pq.write_table(self.customers, scratch / "customers.parquet", compression="zstd")
                (scratch / "summary.json").write_text(dumps(self.summary()), encoding="utf-8")
                (scratch / "rejects.parquet").write_bytes(self.orders.rejects.read_bytes())
                (scratch / "report.html").write_text(
                    report.render(self.page, language=language), encoding="utf-8"
                )
            names = sorted(path.name for path in scratch.iterdir())
        return tuple(folder / name for name in names)


def analyse(
    orders: Orders,
    *,
    as_of: date | None = None,
    horizon_days: int = 365,
    margin: float | None = None,
    discount_rate_yearly: float = 0.10,
    costs: pa.Table | str | Path | None = None,
    promotions: Any = None,
    thresholds: segments.Thresholds | None = None,
    title: str = "",
) -> Analysis:
    """Count, value and group the customers of a shop.

    ``margin`` is the share of net revenue left after the cost of goods; ``costs`` a table of date, channel and spend;
    ``promotions`` a file, a table or rows of first day, last day and name.
    """
    offered = (
        read_promotions(promotions, orders.workspace) if isinstance(promotions, str | Path) else promotions
    )
    spending = read_costs(costs, orders.workspace) if isinstance(costs, str | Path) else costs
    figures = metrics.compute(orders, as_of=as_of, margin=margin, costs=spending)
    worth = value.estimate(
        orders,
        as_of=figures.as_of,
        horizon_days=horizon_days,
        margin=figures.margin,
        discount_rate_yearly=discount_rate_yearly,
        churn_gap_days=metrics.churn_gap_days(figures),
        lifespan_years=metrics.lifespan_years(figures),
        promotions=offered,
    )
    groups = segments.assign(orders, worth, thresholds=thresholds or segments.Thresholds())
    return Analysis(orders, figures, worth, groups, title)


def write_backtest(
    worth: value.Value,
    result: Backtest | Unknown,
    folder: Path,
    earlier: value.Rolling | Unknown | None = None,
) -> tuple[Path, ...]:
    """Write backtest.json and, where there is one, backtest.parquet with a row a customer."""
    names = ["backtest.json"]
    with publishing(folder) as scratch:
        (scratch / "backtest.json").write_text(dumps(said(result, earlier)), encoding="utf-8")
        if not isinstance(result, Unknown):
            pq.write_table(worth.with_ids(result.customers), scratch / "backtest.parquet", compression="zstd")
            names.append("backtest.parquet")
    return tuple(folder / name for name in names)


def write_segments(found: Analysis, folder: Path) -> tuple[Path, ...]:
    """Write segments.json and segments.parquet with a row a customer."""
    with publishing(folder) as scratch:
        (scratch / "segments.json").write_text(dumps(found.segments.to_json()), encoding="utf-8")
        table = found.value.with_ids(found.segments.customers)
        pq.write_table(table, scratch / "segments.parquet", compression="zstd")
    return folder / "segments.json", folder / "segments.parquet"


def said(result: Backtest | Unknown, earlier: value.Rolling | Unknown | None = None) -> dict[str, Any]:
    """Return a backtest, or why there is none, as JSON-ready data; with ``rolling``, the same at earlier days."""
    told = _unknown(result) if isinstance(result, Unknown) else result.to_json()
    if earlier is not None:
        told["rolling"] = _unknown(earlier) if isinstance(earlier, Unknown) else earlier.to_json()
    return told


def _unknown(reason: Unknown) -> dict[str, Any]:
    return {"unknown": {"code": reason.code, "reason": str(reason)}}


def dumps(data: Any) -> str:
    """Write JSON that is valid everywhere: no NaN, dates and decimals as text."""
    return json.dumps(_finite(data), indent=2, ensure_ascii=False, default=str)


def _finite(data: Any) -> Any:
    if isinstance(data, float | np.floating):
        return float(data) if np.isfinite(data) else None
    if isinstance(data, np.integer):
        return int(data)
    if isinstance(data, Mapping):
        return {str(key): _finite(entry) for key, entry in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(entry) for entry in data]
    return asdict(data) if hasattr(data, "__dataclass_fields__") else data
