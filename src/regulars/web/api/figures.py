"""Figures and scores of the published run."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.customers import queries
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.web.api import cursors, shop, shown
from regulars.web.api.auth import Scope
from regulars.web.api.schemas.common import Cursor, Limit, day
from regulars.web.api.schemas.customers import ScoreOut, Scores
from regulars.web.api.schemas.operations import Figure, Figures

figures = Router(tags=["Figures"])
scores = Router(tags=["Figures"])


@figures.get("", response=Figures, auth=Scope("figures:read"))
def list_figures(request: HttpRequest) -> Figures:  # noqa: ARG001
    """List every figure of the published run with its definition."""
    run = shop.published()
    return Figures(
        run=run and run.id,
        as_of=day(run.as_of) if run else None,
        currency=shop.currency(),
        figures=_figures(run),
    )


@figures.get("/{name}", response=Figure, auth=Scope("figures:read"))
def read_figure(request: HttpRequest, name: str) -> Figure:  # noqa: ARG001
    """Return one figure, or one table of figures."""
    run = shop.published()
    tables = run.summary.get("figures", {}).get("tables", {}) if run else {}
    found = (tables | _figures(run)).get(name)
    if run is None or found is None:
        raise RegularsError(
            "figures.missing",
            mark("There is no figure {name}."),
            hint=mark("GET /v1/figures lists all there are, once a refresh has ended."),
            kind=Kind.MISSING,
            name=repr(name),
        )
    return Figure(name=name, run=run.id, as_of=day(run.as_of), currency=shop.currency(), figure=found)


@scores.get("", response=Scores, auth=Scope("customers:read"))
def list_scores(request: HttpRequest, limit: Limit = 200, cursor: Cursor = None) -> Scores:  # noqa: ARG001
    """List every customer's figures and forecast, in the order of keys.

    A refresh that ends between two pages goes on under its own number: ``run`` tells.
    """
    run = shop.published()
    after = cursors.key(cursor)
    if run is None:
        return Scores(run=None, scores=[])
    page, following = cursors.following(queries.all_scores(run.id, after, limit + 1), limit, "customer_id")
    currency = shop.currency()
    told = [
        ScoreOut(
            **shown.worth(each, run, currency), customer=shop.name_of(each.customer), key=each.customer_id
        )
        for each in page
    ]
    return Scores(run=run.id, scores=told, next=following)


def _figures(run: Any) -> dict[str, Any]:
    return dict(run.summary.get("figures", {}).get("figures", {})) if run else {}
