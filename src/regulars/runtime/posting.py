"""The webhooks of one worker: facts become messages, messages are signed and sent, several at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import datetime
from typing import TYPE_CHECKING, Any

from regulars.webhooks import delivering, queries, rules, sending
from regulars.webhooks.sending import Sent

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.store.models import WebhookDelivery

log = logging.getLogger(__name__)

THREADS = 8
Send = Callable[..., Sent]


class Posting:
    """Sends what is due."""

    def __init__(
        self, settings: Settings, owner: str, clock: Callable[[], datetime], send: Send = sending.post
    ) -> None:
        self._settings, self._owner, self._clock, self._send = settings, owner, clock, send
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="regulars-post")

    def once(self) -> bool:
        """Hand new facts over and send some messages; return whether there may be more."""
        handed = delivering.dispatch(self._clock())
        taken = delivering.claim(self._owner, self._clock(), THREADS)
        under_way: dict[Future[Sent], WebhookDelivery] = {self._begun(each): each for each in taken}
        for future in as_completed(under_way):
            self._noted(under_way[future], future.result())
        return bool(handed or taken)

    def stop(self) -> None:
        """Send nothing more."""
        self._pool.shutdown()

    def _begun(self, delivery: WebhookDelivery) -> Future[Sent]:
        """Sign a message as of now and send it in a thread; threads know nothing of the store."""
        endpoint, message, now = delivery.endpoint, delivery.message, self._clock()
        holding = queries.holding(endpoint, self._settings.home, now)
        if not holding:
            return _known(Sent(error="secret"))
        body = rules.body(message.fact, message.at, message.payload)
        headers = rules.headers(holding, message.message_id, now, body)
        private = self._settings.webhooks_private
        return self._pool.submit(self._send, endpoint.url, headers, body, private=private)

    def _noted(self, delivery: WebhookDelivery, sent: Sent) -> None:
        state = delivering.record(delivery, sent, self._clock())
        if not sent.delivered:
            told: tuple[Any, ...] = (delivery.id, delivery.endpoint_id, sent.error, sent.status, state)
            log.warning("webhook delivery %s to endpoint %s: %s (%s), now %s", *told)


def _known(sent: Sent) -> Future[Sent]:
    found: Future[Sent] = Future()
    found.set_result(sent)
    return found
