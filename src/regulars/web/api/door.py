"""The API as one thing: every part of it, how it reads, and what it says when something goes wrong."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

import regulars
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.web import errors
from regulars.web.api import (
    costs,
    customers,
    documentation,
    figures,
    jobs,
    keys,
    operations,
    orders,
    people,
    products,
    segments,
    steering,
    webhooks,
)
from regulars.web.api.reading import Strict

api = NinjaAPI(
    title="Regulars",
    version="1",
    description=f"What every customer is worth, for the shop's own programs. Regulars {regulars.__version__}.",
    openapi_url=None,
    docs_url=None,
    parser=Strict(),
    urls_namespace="api",
)
api.add_router("/orders", orders.router)
# Longer addresses first: ids may hold slashes.
api.add_router("/customers", people.router)
api.add_router("/customers", customers.router)
api.add_router("/products", products.router)
api.add_router("/costs", costs.router)
api.add_router("/segments", segments.router)
api.add_router("/recommendations", steering.router)
api.add_router("/figures", figures.figures)
api.add_router("/scores", figures.scores)
api.add_router("/keys", keys.router)
api.add_router("/webhooks", webhooks.router)
api.add_router("", jobs.router)
api.add_router("", operations.router)
documentation.add(api)


@api.exception_handler(RegularsError)
def told(request: HttpRequest, error: RegularsError) -> HttpResponse:
    """Answer with what a person can act on."""
    return errors.answer(request, error)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer with each place of the input that cannot be."""
    found = [{"location": _place(each["loc"]), "detail": each["msg"]} for each in error.errors[:100]]
    problem = RegularsError(
        "api.invalid",
        mark("Some of the input cannot be: {places}."),
        hint=mark("errors says where and why."),
        places=", ".join(each["location"] for each in found[:5]),
    )
    return errors.answer(request, problem, found)


def _place(location: Any) -> str:
    """A place without the name of our own parameter for the body."""
    parts = [str(part) for part in location]
    return ".".join(parts[:1] + parts[2:] if parts[:2] == ["body", "told"] else parts)


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001
    """Answer what cannot be read."""
    return errors.answer(request, errors.malformed())


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:  # noqa: ARG001
    """Answer where nothing is."""
    return errors.answer(request, errors.nothing())


@api.exception_handler(OperationalError)
def busy(request: HttpRequest, error: OperationalError) -> HttpResponse:
    """Answer where the store does not: it is locked, or gone."""
    errors.log.error("%s %s", request.method, errors.where(request), exc_info=error)
    problem = RegularsError(
        "store.busy",
        mark("The store does not answer in time."),
        hint=mark("Ask again in {retry_seconds} s."),
        kind=Kind.UNAVAILABLE,
        retry_seconds=2,
    )
    return errors.answer(request, problem)


@api.exception_handler(Exception)
def internal(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer where we made a mistake."""
    return errors.internal(request, error)
