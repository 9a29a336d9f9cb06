"""One server of two halves: the hot path answers storefronts, Django everything else, and neither waits for the other."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from a2wsgi import WSGIMiddleware

from regulars.recommend import index
from regulars.runtime.compaction import inbox_of
from regulars.runtime.home import open_home
from regulars.runtime.refresh import INDEX
from regulars.web.edge import PATHS, Application, Edge, WriteKey
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

    def __init__(
        self, read: Callable[[], Mapping[bytes, WriteKey]], every_seconds: float = EVERY_SECONDS
    ) -> None:
        self._read, self._every = read, every_seconds
        self._stopped = threading.Event()
        self._known = read()
        threading.Thread(target=self._follow, name="regulars-keys", daemon=True).start()

    def key_of(self, text: str) -> WriteKey | None:
        """Return what a key may do, None for a text that is no key."""
        return self._known.get(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())

    def stop(self) -> None:
        """Read no more."""
        self._stopped.set()

    def _follow(self) -> None:
        from django.db import close_old_connections

        while not self._stopped.wait(self._every):
            try:
                close_old_connections()
                self._known = self._read()
            except Exception as error:  # what is known stays until the store answers again
                log.warning("write keys cannot be read: %s", type(error).__name__)


def segments_of(customer_id: str) -> Sequence[str]:
    """Return the segments of a customer by the shop's own id, as they were published last."""
    from django.db import close_old_connections

    from regulars.runtime.publication import published
    from regulars.store.models import Identifier, Membership

    close_old_connections()
    run = published()
    if run is None:
        return ()
    who = Identifier.objects.filter(kind=Identifier.STORE_ID, value=customer_id).values("customer_id")
    found = Membership.objects.filter(run=run.id, customer_id__in=who)
    return sorted(found.values_list("segment", flat=True))


def build(settings: Settings, cold: Asgi, keys: WriteKeys) -> tuple[Asgi, Application]:
    """Put the server together: addresses of the hot path go there, all others to ``cold``."""
    hot = edge_application(
        Edge(
            inbox=inbox_of(settings),
            key_of=keys.key_of,
            recommender=index.serve(settings.home / INDEX, checked=False),
            segments_of=segments_of,
            origins=frozenset(settings.storefronts),
        )
    )

    async def both(scope: Mapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] != "http" or scope["path"] in PATHS:
            await hot(scope, receive, send)
        else:
            await cold(scope, receive, send)

    return both, hot


def application() -> Asgi:
    """Make the server of the home that ``REGULARS_HOME`` names; granian calls this in each of its workers."""
    from django.core.wsgi import get_wsgi_application

    from regulars.access.queries import write_keys

    settings = open_home()
    cold: Any = WSGIMiddleware(get_wsgi_application(), workers=COLD_THREADS)
    return build(settings, cold, WriteKeys(write_keys))[0]
