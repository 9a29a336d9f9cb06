"""The canonical facts of a shop, as every room reads them: one handle, four Parquet tables or five, one meaning each.

``orders`` — one row an order or credit note (sorted by nothing in particular):

=============  ==================  ====================================================================================
order_key      int64               the shop's order id, made a number at the door
customer_key   int64, nullable     null: nobody can be told from the file (kept for figures, out of value models)
ordered_at     timestamp[us, UTC]  the instant
ordered_on     date                the day in the shop's own time zone; all calendar figures use it
kind           string              ``order`` | ``refund`` (a credit note: no purchase, it only takes back)
status         string              ``paid`` | ``unpaid`` | ``cancelled`` | ``test``
valid          bool                paid and not a test: figures and models read only these
lines          int32               number of lines
units          decimal(18,4)       Σ quantity of sold lines
gross          decimal(18,4)       merchandise at list price, as paid by the customer before discounts (tax included if known)
discount       decimal(18,4)       ≥ 0
shipping       decimal(18,4)
tax            decimal(18,4)       the part of gross − discount (and shipping, if delivery is counted) that is tax
refunded       decimal(18,4)       ≥ 0, merchandise share net of tax
net            decimal(18,4)       gross − discount − tax − refunded (+ shipping before tax if delivery is counted)
coupon_code    string, nullable
channel        string, nullable    where the customer came from, as the file says it
country        string, nullable
=============  ==================  ====================================================================================

``lines`` — one row an order line: order_key, line (int32), customer_key, product_key (int64, nullable), ordered_on,
kind, valid, quantity, gross, discount, tax, refunded, net (all decimal(18,4), same meaning as above, shipping never).
A file with one row an order has one line an order, without a product.

``products`` — product_key, product_id (string), title, category (nullable strings), cost (decimal(18,4), nullable).

``referrals`` — customer_key, referrer_key (both int64, of customers of this file, never the same), named_on (date): who
brought whom, one row a customer at most. Only where the file says it (``Capabilities.referrals``).

``identities`` — customer_key, customer_id (string, as the shop writes it; the e-mail where the file knows no other).
The only table that names people; it stays out of every analysis and joins again at the very end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import ibis.expr.types as ir

    from regulars.lake.workspace import Workspace

MONEY = "decimal(18, 4)"


@dataclass(frozen=True, slots=True)
class Shop:
    """What must be known to read the money and the calendar of a shop."""

    currency: str | None = None
    time_zone: str = "UTC"
    delivery_counts: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Which optional facts the file had; a figure that needs an absent one is ``Unknown``, with this as the reason."""

    products: bool = False
    categories: bool = False
    discounts: bool = False
    tax: bool = False
    shipping: bool = False
    refunds: bool = False
    channel: bool = False
    country: bool = False
    coupon: bool = False
    cost: bool = False
    status: bool = False
    referrals: bool = False
    clock: bool = False
    """True when moments have a time of day, false for plain dates."""


@dataclass(frozen=True)
class Orders:
    """A shop's canonical facts in a folder, and the engine that reads them.

    Use as a context manager, or call :meth:`close`, to release the working folder.
    """

    workspace: Workspace
    folder: Path
    shop: Shop
    capabilities: Capabilities
    intake: dict[str, Any] = field(default_factory=dict)
    """What was read, accepted, repaired and rejected, rule by rule; JSON-ready."""
    files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    """Where a table is that does not lie in the folder: the files of the lake."""

    @cached_property
    def orders(self) -> ir.Table:
        """All orders and credit notes."""
        return self._table("orders")

    @cached_property
    def lines(self) -> ir.Table:
        """All order lines."""
        return self._table("lines")

    @cached_property
    def products(self) -> ir.Table:
        """Products seen in the lines."""
        return self._table("products")

    @cached_property
    def identities(self) -> ir.Table:
        """Which shop id each customer key stands for."""
        return self._table("identities")

    @cached_property
    def referrals(self) -> ir.Table:
        """Which customer brought which; there only if the capabilities say so."""
        return self._table("referrals")

    @property
    def rejects(self) -> Path:
        """``rejects.parquet``: file, line, column, value, reason, one row a rejected row."""
        return self.folder / "rejects.parquet"

    def _table(self, name: str) -> ir.Table:
        return self.workspace.engine.read(self.files.get(name) or self.folder / f"{name}.parquet")

    def close(self) -> None:
        """Release the engine and delete the working folder."""
        self.workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
