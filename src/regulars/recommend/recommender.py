"""The recommender of a shop: one fit, and an answer for every slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.recommend import evaluation, interactions, tuning
from regulars.recommend.evaluation import Evaluation
from regulars.recommend.fitted import Fitted
from regulars.recommend.interactions import Interactions
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.rerank import Reranker, learn
from regulars.recommend.slots import Lists, new_id
from regulars.recommend.tuning import Tuned
from regulars.recommend.windows import DAYS

if TYPE_CHECKING:
    from regulars.lake import Orders


@dataclass(frozen=True)
class Recommender(Lists):
    """Everything fitted, ready to answer."""

    model: Model
    tuned: Tuned
    name: Callable[[], str] = new_id
    """Names answers that were not given an id."""
    reranked: Reranker | Unknown | None = None
    """What orders the candidates of for you, or why there is none; None where it was not asked for."""

    @property
    def data(self) -> Interactions:
        """What everything was fitted on."""
        return self.model.data

    @cached_property
    def serving(self) -> Fitted:
        """What is answered from."""
        return Fitted(self.model, self.reranked if isinstance(self.reranked, Reranker) else None)

    def evaluate(
        self, cutoffs: tuple[date, ...] = (), *, days: int = DAYS, rerank: bool = False
    ) -> Evaluation | Unknown:
        """Hold recommendations made on earlier days against what people bought after them."""
        return evaluation.evaluate(self.data, cutoffs, days=days, reranked=rerank)


def fit(
    orders: Orders,
    *,
    as_of: date | None = None,
    tune: bool = True,
    catalogue: Any = None,
    events: Any = None,
    rerank: bool = False,
) -> Recommender:
    """Fit every slot of a shop's recommender on its orders up to ``as_of`` (inclusive; default: all of them).

    With ``tune`` the parameters learn from the last four weeks. With ``rerank`` trees learn from up to half a year of them which
    candidates people really bought (LightGBM, extra ``rank``; some minutes), and order for you where they prove themselves
    there: ``reranked`` says whether they did. ``catalogue`` is a file or a table with a row a product:
    ``product_id`` and whatever else is known of title, category, brand, price, cost, available and attributes; products that
    nobody bought yet can then be shown. ``events`` is one with a row an event: views and carts, with a product, a moment and a session, a
    visitor or a customer; what is similar and what follows is learnt from them too. Raises :class:`~regulars.kit.errors.RegularsError` where the orders do not say which
    products were bought, a row of the catalogue makes no sense, or no event does.
    """
    data = purchases(orders, as_of=as_of, catalogue=catalogue, events=events)
    return fit_interactions(data, tune=tune, rerank=rerank)


def purchases(
    orders: Orders, *, as_of: date | None = None, catalogue: Any = None, events: Any = None
) -> Interactions:
    """Read who bought and viewed what when, up to ``as_of``; raises as :func:`fit` does."""
    from regulars.sources.events import read_events
    from regulars.sources.products import SCHEMA, read_products

    if not orders.capabilities.products:
        raise RegularsError(
            "recommend.no_products",
            mark("The orders do not say which products were bought."),
            hint=mark("Give a file with a row an order line, or name the column: --map product_id=COLUMN."),
        )
    read = catalogue is None or (isinstance(catalogue, pa.Table) and catalogue.schema == SCHEMA)
    listed = catalogue if read else read_products(catalogue, orders.workspace)
    seen = None if events is None else read_events(events, orders.workspace, time_zone=orders.shop.time_zone)
    return interactions.read(orders, as_of=as_of, listed=listed, events=seen)


def fit_interactions(
    data: Interactions, *, tune: bool = True, parameters: Parameters | None = None, rerank: bool = False
) -> Recommender:
    """Fit on interactions that were read before; ``parameters`` are where tuning starts, or stay."""
    begin = parameters or Parameters()
    found = tuning.tune(data, begin) if tune else Tuned(begin, 0)
    taught = learn(data, found.parameters) if rerank else None
    return Recommender(Model(data, found.parameters), found, reranked=taught)
