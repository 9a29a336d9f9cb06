"""Answers storefronts: what to show in a slot, and which segments somebody is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.recommend.answers import Answer
from regulars.recommend.ask import SLOTS, ask
from regulars.recommend.index.popular import NO_INDEX
from regulars.recommend.request import Asked
from regulars.web.edge.asking import Asking
from regulars.web.edge.events import text
from regulars.web.edge.messages import Deciding, Question
from regulars.web.edge.parts import Edge, WriteKey
from regulars.web.edge.reading import deciding_decoder, decoded, question_decoder
from regulars.web.edge.refusals import bad_number, no_key
from regulars.web.edge.replies import Reply, encode, reply
from regulars.web.edge.trust import key_in, proven

MOST = 100
UNPROVEN = Unknown.because(
    "edge.unproven_customer",
    mark("It is not proven who the customer is: what is popular right now is shown."),
)
OBJECTING = Unknown.because(
    "edge.objecting_customer",
    mark("The customer does not want to be shown what fits them: what is popular right now is shown."),
)
_NOBODY = "\0"
"""No customer's id: a slot that starts from a customer then answers as for somebody unknown."""
_LISTS = ("products", "cart", "exclude")


class Recommending:
    """The doors of ``/v1/recommend`` and ``/v1/decide``."""

    def __init__(self, edge: Edge, asking: Asking) -> None:
        self._edge, self._asking = edge, asking

    async def recommend(self, question: Question, headers: Mapping[bytes, bytes]) -> Reply:
        """Answer a slot; for a customer only where they are proven to ask, as what they bought is nobody else's business."""
        key = self._key(headers, question.write_key)
        if not 1 <= question.k <= MOST:
            raise bad_number(question.k, MOST)
        claimed = text("customer", question.customer)
        known = claimed is not None and _proven(key, claimed, question.signature, headers)
        return await self._asking.turn(partial(self._answer, question, claimed, known))

    async def decide(self, deciding: Deciding, headers: Mapping[bytes, bytes]) -> Reply:
        """Name a customer's segments; none where it is not proven who asks. There are no offers and no content to choose from yet."""
        key = self._key(headers, deciding.write_key)
        claimed = text("customer", deciding.customer)
        segments: list[str] = []
        if claimed is not None and _proven(key, claimed, deciding.signature, headers):
            segments = list(await self._asking.work(partial(self._edge.segments_of, claimed)))
        return reply({"segments": segments, "content": [], "offers": []})

    def _key(self, headers: Mapping[bytes, bytes], in_body: str | None) -> WriteKey:
        name = key_in(headers) or in_body
        key = None if not name else self._edge.key_of(name)
        if key is None:
            raise no_key()
        return key

    def _answer(self, question: Question, claimed: str | None, known: bool) -> Reply:
        objecting = claimed is not None and known and self._edge.objects(claimed)
        customer = claimed if claimed is None or (known and not objecting) else _NOBODY
        asked: Asked = {
            "customer": customer,
            "cart": _ids("cart", question.cart),
            "exclude": _ids("exclude", question.exclude),
            "rules": self._edge.rules_of(question.slot),
        }
        recommender = self._edge.recommender
        if recommender is None:
            answer = Answer(question.slot, (), NO_INDEX)
        else:
            answer = ask(recommender.current, question.slot, question.k, products=_start(question), **asked)
        if customer is _NOBODY and SLOTS.get(question.slot) == "customer":
            why = OBJECTING if objecting else UNPROVEN
            answer = replace(answer, fallback=answer.fallback if answer.fallback is NO_INDEX else why)
        return reply(_told(answer))


def question_of(body: bytes, query: bytes, *, in_query: bool) -> Question:
    """Read a question from the query (lists with commas between ids) or from the body (ids may hold anything)."""
    if not in_query:
        return decoded(question_decoder, body)
    return decoded(question_decoder, _as_json(query))


def deciding_of(body: bytes) -> Deciding:
    """Read for whom something is to be decided."""
    return decoded(deciding_decoder, body)


def _as_json(query: bytes) -> bytes:
    told: dict[str, Any] = {}
    for name, values in parse_qs(query.decode("latin-1"), errors="replace", max_num_fields=200).items():
        if name in _LISTS:
            told[name] = [one for value in values for one in value.split(",") if one]
        elif name == "k":
            told[name] = int(values[-1]) if values[-1].isdecimal() and len(values[-1]) < 10 else values[-1]
        else:
            told[name] = values[-1]
    return encode(told)


def _start(question: Question) -> list[str]:
    beside = [] if question.product is None else [question.product]
    cart, seen = question.cart, question.products
    several = SLOTS.get(question.slot) == "products"
    return _ids("products", (seen or cart or beside) if several else (beside or seen or cart))


def _ids(name: str, told: list[Any]) -> list[str]:
    found = (text(name, one) for one in told)
    return [one for one in found if one is not None]


def _proven(key: WriteKey, claimed: str, signature: str | None, headers: Mapping[bytes, bytes]) -> bool:
    in_header = headers.get(b"x-signature")
    return proven(key, claimed, signature, None if in_header is None else in_header.decode("latin-1"))


def _told(answer: Answer) -> dict[str, Any]:
    items = [
        {
            "id": pick.product_id,
            "title": pick.title,
            "reason": pick.reason,
            "seeds": list(pick.seeds),
            "note": pick.note,
        }
        for pick in answer.picks
    ]
    return answer.head() | {"items": items}
