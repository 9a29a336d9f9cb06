"""Who sends something, whether they are the customer they say they are, and whether they want to be measured."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from collections.abc import Mapping
from functools import lru_cache

from regulars.web.edge.messages import Consent
from regulars.web.edge.parts import WriteKey

# Cubot makes telephones.
_BOT = re.compile(
    r"(?<!cu)bots?\b|crawl|spider|slurp|headless|lighthouse|pagespeed|phantomjs|pingdom|uptime|monitoring|"
    r"facebookexternalhit|mediapartners|archiver|scrap|bingpreview",
    re.IGNORECASE,
)
_MOST_OF_AN_AGENT = 512


def key_in(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the write key that the headers carry: ``X-Write-Key``, else the user name of HTTP Basic."""
    told = headers.get(b"x-write-key")
    if told is not None:
        return told.decode("latin-1").strip() or None
    told = headers.get(b"authorization")
    return None if told is None else _basic(told)


@lru_cache(maxsize=1024)
def _basic(told: bytes) -> str | None:
    scheme, _, coded = told.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        return b64decode(coded, validate=True).decode().partition(":")[0] or None
    except ValueError:
        return None


def proven(key: WriteKey, customer_id: str, *signatures: str | None) -> bool:
    """Whether a key's holder is believed to speak for a customer: by trust, or by a signature made with the key's secret.

    A signature is the HMAC-SHA256 of the id in UTF-8, in hexadecimal. It is made by the shop's server for whoever is logged in.
    """
    if key.trusted:
        return True
    told = [one for one in signatures if one]
    if not told or not key.secret:
        return False
    right = signature(key.secret, customer_id).encode()
    return any(hmac.compare_digest(right, one.strip().lower().encode()) for one in told)


def signature(secret: bytes, customer_id: str) -> str:
    """Return what proves that a customer is logged in."""
    return hmac.new(secret, customer_id.encode(), "sha256").hexdigest()


def refused(consent: Consent | None) -> bool:
    """Whether a visitor does not want to be measured."""
    if consent is None:
        return False
    if consent.analytics is not None:
        return not consent.analytics
    told = consent.category_preferences or {}
    return any(not agreed for name, agreed in told.items() if name.casefold() == "analytics")


@lru_cache(maxsize=4096)
def _bot(agent: str) -> bool:
    return _BOT.search(agent) is not None


def is_bot(agent: str | None) -> bool:
    """Whether something introduces itself as a program that reads pages by itself."""
    return agent is not None and _bot(agent[:_MOST_OF_AN_AGENT])
