"""One server of two halves: the hot path answers storefronts, Django everything else, and neither waits for the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import resolve

from regulars.runtime import serving
from regulars.runtime.compaction import inbox_of
from regulars.runtime.publication import published
from regulars.store.inbox import Event
from regulars.store.models import Identifier, Membership
from regulars.web.edge import PATHS, Edge
from regulars.web.edge import application as edge_application
from regulars.web.following import Indexes, Refusals, Rulebooks, WriteKeys

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

Asgi = Callable[[Mapping[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]

COLD_THREADS = 6
COLD_SECONDS = 20.0
"""As long as a request's body may stand still."""


def segments_of(customer_id: str) -> Sequence[str]:
    """Return the segments of a customer by the shop's own id, as they were published last."""
    close_old_connections()
    run = published()
    if run is None:
        return ()
    who = Identifier.objects.filter(kind=Identifier.STORE_ID, value=customer_id).values("customer_id")
    found = Membership.objects.filter(run=run.id, customer_id__in=who)
    return sorted(found.values_list("segment", flat=True))


def django_side() -> Asgi:
    """Return Django's half: synchronous, in threads of its own. Its addresses are read now, not beside the first answers."""
    resolve("/v1/health")
    side: Any = WSGIMiddleware(get_wsgi_application(), workers=COLD_THREADS)
    return side


def build(settings: Settings, cold: Asgi, keys: WriteKeys, refusals: Refusals) -> Asgi:
    """Put the server together: addresses of the hot path go there, all others to ``cold``."""
    recommender = serving.served(settings)
    Indexes(recommender)

    def looked(events: Sequence[Event]) -> None:
        for event in events:
            if event.customer_id and event.product_id:
                recommender.viewed(event.customer_id, event.product_id)

    hot = edge_application(
        Edge(
            inbox=inbox_of(settings),
            key_of=keys.key_of,
            recommender=recommender,
            segments_of=segments_of,
            refuses=refusals.refuses,
            objects=refusals.objects,
            looked=looked,
            rules_of=Rulebooks().rules_of,
            origins=frozenset(settings.storefronts),
        )
    )

    async def both(scope: Mapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] != "http" or scope["path"] in PATHS:
            await hot(scope, receive, send)
        else:
            await cold(scope, _patient(receive), _coroutines(send))

    return both


def _patient(receive: Callable[..., Any]) -> Callable[..., Any]:
    """Return where a body comes from: whoever sends nothing more for long has hung up, so that they hold none of the few threads for good."""

    async def received() -> Any:
        try:
            return await asyncio.wait_for(_coroutines(receive)(), COLD_SECONDS)
        except TimeoutError:
            return {"type": "http.disconnect"}

    return received


def _coroutines(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a channel whose calls are coroutines, as the threaded half needs them; the server's own are other awaitables."""

    async def called(*told: Any) -> Any:
        return await call(*told)

    return called
