"""One server of two halves: the hot path answers storefronts, Django everything else, and neither waits for the other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from regulars.access import queries, rules
from regulars.runtime import serving
from regulars.runtime.compaction import inbox_of
from regulars.runtime.publication import published
from regulars.store.models import Identifier, Membership
from regulars.web.edge import PATHS, Edge, WriteKey
from regulars.web.edge import application as edge_application

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

Asgi = Callable[[Mapping[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]
log = logging.getLogger(__name__)

COLD_THREADS = 8
EVERY_SECONDS = 3.0
"""How soon a key that was made or revoked is known to the hot path."""


class WriteKeys:
    """Which keys may collect, in memory: read from the store again and again in a thread of its own."""

    def __init__(self, home: Path, every_seconds: float = EVERY_SECONDS) -> None:
        self._home, self._every = home, every_seconds
        self._stopped = threading.Event()
        self._known = queries.write_keys(home)
        threading.Thread(target=self._follow, name="regulars-keys", daemon=True).start()

    def key_of(self, text: str) -> WriteKey | None:
        """Return what a key may do, None for a text that is no key, or no longer."""
        written = rules.read(text)
        found = self._known.get(written.prefix) if written is not None else None
        if written is None or found is None or not rules.matches(written.secret, found[1]):
            return None
        return WriteKey(found[0], found[2].encode())

    def stop(self) -> None:
        """Read no more."""
        self._stopped.set()

    def _follow(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                close_old_connections()
                self._known = queries.write_keys(self._home)
            except Exception as error:  # what is known stays until the store answers again
                log.warning("write keys cannot be read: %s", type(error).__name__)


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
    """Return Django's half: synchronous, in threads of its own."""
    side: Any = WSGIMiddleware(get_wsgi_application(), workers=COLD_THREADS)
    return side


def build(settings: Settings, cold: Asgi, keys: WriteKeys) -> Asgi:
    """Put the server together: addresses of the hot path go there, all others to ``cold``."""
    hot = edge_application(
        Edge(
            inbox=inbox_of(settings),
            key_of=keys.key_of,
            recommender=serving.served(settings),
            segments_of=segments_of,
            origins=frozenset(settings.storefronts),
        )
    )

    async def both(scope: Mapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] != "http" or scope["path"] in PATHS:
            await hot(scope, receive, send)
        else:
            await cold(scope, _coroutines(receive), _coroutines(send))

    return both


def _coroutines(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a channel whose calls are coroutines, as the threaded half needs them; the server's own are other awaitables."""

    async def called(*told: Any) -> Any:
        return await call(*told)

    return called
