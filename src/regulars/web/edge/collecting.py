"""Takes events in: reads them, leaves out what must not be kept, and acknowledges the rest when it is on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from regulars.kit.errors import RegularsError
from regulars.store.inbox import Event
from regulars.web.edge.asking import Asking
from regulars.web.edge.commits import Commits
from regulars.web.edge.events import event_of, kind_of, user_of
from regulars.web.edge.messages import Context, Message, Moment
from regulars.web.edge.parts import Counts, Edge, WriteKey
from regulars.web.edge.reading import batch_decoder, decoded, message_decoder
from regulars.web.edge.refusals import event_too_large, no_key, too_many
from regulars.web.edge.replies import Reply, problem, reply, told
from regulars.web.edge.trust import is_bot, key_in, proven, refused

LOOKS = ("view", "cart")
"""What shows that somebody is interested in a product."""


@dataclass(slots=True)
class _Taken:
    """What became of the events of one request."""

    key: WriteKey
    received_at: int
    refuses: Callable[[str | None, str | None], bool]
    agent: str | None
    signature: str | None
    events: list[Event] = field(default_factory=list)
    rejected: list[tuple[int, RegularsError]] = field(default_factory=list)
    bots: int = 0
    withheld: int = 0
    unproven: int = 0
    _proofs: dict[tuple[str, str | None], bool] = field(default_factory=dict)

    def customer(self, claimed: str | None, signature: str | None) -> str | None:
        """Return the customer claimed if that is proven."""
        if claimed is None:
            return None
        asked = claimed, signature
        known = self._proofs.get(asked)
        if known is None:
            known = self._proofs[asked] = proven(self.key, claimed, signature, self.signature)
        self.unproven += not known
        return claimed if known else None


class Collecting:
    """The door of ``/v1/track`` and its siblings."""

    def __init__(self, edge: Edge, commits: Commits, asking: Asking, counts: Counts) -> None:
        self._edge, self._commits, self._asking, self._counts = edge, commits, asking, counts

    async def one(self, kind: str, body: bytes, headers: Mapping[bytes, bytes], request_id: str) -> Reply:
        """Take a single event; raises what is wrong with it."""
        self._commits.check()
        if len(body) > self._edge.limits.event_bytes:
            raise event_too_large(self._edge.limits.event_bytes)
        message = decoded(message_decoder, body)
        taken = self._begin(headers, message.write_key)
        _take(taken, message, kind, None, None)
        return await self._end(taken, len(body), request_id)

    async def batch(self, body: bytes, headers: Mapping[bytes, bytes], request_id: str) -> Reply:
        """Take several events: those that are right are kept, the others are named by their place in the batch."""
        self._commits.check()
        batch, limits = decoded(batch_decoder, body), self._edge.limits
        if len(batch.batch) > limits.batch_events:
            raise too_many(len(batch.batch), limits.batch_events)
        taken = self._begin(headers, batch.write_key)
        for index, raw in enumerate(batch.batch):
            try:
                if memoryview(raw).nbytes > limits.event_bytes:
                    raise event_too_large(limits.event_bytes)
                message = decoded(message_decoder, raw)
                _take(taken, message, None, batch.context, batch.sent_at)
            except RegularsError as error:
                taken.rejected.append((index, error))
        return await self._end(taken, len(body), request_id)

    def _begin(self, headers: Mapping[bytes, bytes], in_body: str | None) -> _Taken:
        name = key_in(headers) or in_body
        key = None if not name else self._edge.key_of(name)
        if key is None:
            raise no_key()
        # What a server's own library calls itself says nothing of the visitor.
        agent = None if key.trusted else headers.get(b"user-agent", b"").decode("latin-1")
        signature = headers.get(b"x-signature")
        return _Taken(
            key,
            self._edge.clock(),
            self._edge.refuses,
            agent,
            None if signature is None else signature.decode("latin-1"),
        )

    async def _end(self, taken: _Taken, size: int, request_id: str) -> Reply:
        if taken.events:
            await self._commits.keep(taken.events, size)
            looks = [one for one in taken.events if one.customer_id and one.product_id and one.type in LOOKS]
            if looks:
                self._asking.soon(partial(self._edge.looked, looks))
        counts = self._counts
        counts.accepted += len(taken.events)
        counts.rejected += len(taken.rejected)
        counts.bots += taken.bots
        counts.withheld += taken.withheld
        counts.unproven += taken.unproven
        rejected = [{"index": index, **told(error)} for index, error in taken.rejected]
        if rejected and not (taken.events or taken.bots or taken.withheld):
            return problem(taken.rejected[0][1], request_id, errors=rejected)
        content: dict[str, Any] = {"success": True, "accepted": len(taken.events)}
        more = {
            "rejected": rejected,
            "bots": taken.bots,
            "withheld": taken.withheld,
            "unproven": taken.unproven,
        }
        return reply(content | {name: found for name, found in more.items() if found})


def _take(taken: _Taken, message: Message, kind: str | None, shared: Context | None, sent_at: Moment) -> None:
    """Keep a message for the commit, or count why not; raises what is wrong with it."""
    own = message.context
    context = own or shared
    consent = (own.consent if own else None) or (shared.consent if shared else None)
    if refused(consent):
        taken.withheld += 1
        return
    if is_bot((context.user_agent if context else None) or taken.agent):
        taken.bots += 1
        return
    kind = kind_of(message, kind)
    signature = (own.signature if own else None) or (shared.signature if shared else None)
    event = event_of(
        message,
        kind,
        source=taken.key.source,
        customer_id=taken.customer(user_of(message), signature),
        received_at=taken.received_at,
        context=context,
        sent_at=sent_at,
    )
    if taken.refuses(event.customer_id, event.visitor_id):
        taken.withheld += 1
        return
    taken.events.append(event)
