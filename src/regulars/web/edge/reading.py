"""Bodies become messages, or an error that says what is wrong and where."""

from __future__ import annotations

import zlib
from typing import TypeVar

import msgspec

from regulars.web.edge.messages import Batch, Deciding, Message, Question
from regulars.web.edge.refusals import no_json, too_large

Shape = TypeVar("Shape")


message_decoder = msgspec.json.Decoder(Message)
batch_decoder = msgspec.json.Decoder(Batch)
question_decoder = msgspec.json.Decoder(Question)
deciding_decoder = msgspec.json.Decoder(Deciding)


def decoded(decoder: msgspec.json.Decoder[Shape], body: bytes | msgspec.Raw) -> Shape:
    """Return what a body says; raises ``edge.json``."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise no_json(str(error) or "it is nested too deeply") from error


def inflated(body: bytes, limit: int) -> bytes:
    """Return what a gzip'd body holds, never more than ``limit`` bytes of it; raises ``edge.json`` or ``edge.too_large``."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        plain = unpack.decompress(body, limit + 1)
    except zlib.error as error:
        raise no_json(str(error)) from error
    if len(plain) > limit:
        raise too_large(limit)
    if not unpack.eof:
        raise no_json("the compressed body ends in the middle")
    return plain
