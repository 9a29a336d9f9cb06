"""What the customers are worth whom a customer brought: a column of its own, never added to the referrer's own value.

Only those brought directly count, and each for one referrer alone, so that every referred customer's value is credited
once; added to a referrer's own value it would be counted twice in every total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from regulars.value.summary import locate

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from regulars.lake import Orders


@dataclass(frozen=True)
class Referrals:
    """Who brought whom, as rows of the customers: ``referred[i]`` was brought by ``referrer[i]``."""

    referred: NDArray[np.int64]
    referrer: NDArray[np.int64]
    clv: NDArray[np.float64] | None
    """The expected value of all customers, in their order; None without a forecast."""

    def columns(self, customers: int) -> dict[str, pa.Array]:
        """Return ``referred_customers``, and ``clv_referred`` (null without a forecast), one entry a customer."""
        count = np.bincount(self.referrer, minlength=customers)
        worth = None if self.clv is None else np.bincount(self.referrer, self.clv[self.referred], customers)
        return {
            "referred_customers": pa.array(count.astype(np.int64)),
            "clv_referred": pa.nulls(customers, pa.float64()) if worth is None else pa.array(worth),
        }

    def to_json(self) -> dict[str, Any]:
        """Tell how many were brought by how many, and what they are expected to bring."""
        return {
            "referred_customers": len(self.referred),
            "referrers": len(np.unique(self.referrer)),
            "expected": None if self.clv is None else float(self.clv[self.referred].sum()),
        }


def find(orders: Orders, customers: pa.Table, as_of: date) -> Referrals | None:
    """Return who of the ``customers`` (by ascending key) brought whom, as named by ``as_of``; None if the shop does not say.

    Who named somebody, or is named, but never bought anything that counts, is not a customer and is left out.
    """
    if not orders.capabilities.referrals:
        return None
    key = np.asarray(customers["customer_key"]).astype(np.int64)
    clv = None if customers["clv"].null_count else np.asarray(customers["clv"])
    table = orders.referrals
    told = orders.workspace.engine.arrow(table.filter(table.named_on <= as_of))
    referred, one = locate(key, np.asarray(told["customer_key"]).astype(np.int64))
    referrer, other = locate(key, np.asarray(told["referrer_key"]).astype(np.int64))
    both = one & other & (referred != referrer)
    return Referrals(referred[both], referrer[both], clv)


def added(customers: pa.Table, found: Referrals | None) -> pa.Table:
    """Return the customers with both columns; nulls where the shop does not say who brought whom: not known, not nobody."""
    size = len(customers)
    unknown = {
        "referred_customers": pa.nulls(size, pa.int64()),
        "clv_referred": pa.nulls(size, pa.float64()),
    }
    for name, column in (unknown if found is None else found.columns(size)).items():
        customers = customers.append_column(name, column)
    return customers
