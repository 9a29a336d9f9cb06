"""How messages are signed, where they may go, and when one that did not arrive is sent again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import random
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Phrase, mark

SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with
SECRET_BYTES = 32
LONGEST_URL = 500
MOST_ENDPOINTS = 50
DELAYS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Between one attempt and the next, as the specification proposes: the tenth and last comes three days after the first."""
JITTER = 0.1
"""A wait is longer by up to this share, so that what failed together does not come again together."""
LONGEST_RETRY_AFTER = timedelta(days=1)
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)
GONE = 410
KEPT = timedelta(days=30)
"""How long facts and what became of them are remembered."""
OLD_SECRET_HOURS = 24
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = tuple(
    map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10"))
)
"""Networks that lead on to IPv4 addresses, private ones among them, and those of one site."""


def new_secret() -> str:
    """Return a secret that nobody has, as both sides keep it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of one secret: HMAC-SHA256 of ``id.timestamp.body``, in base64 after its version."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(holding: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a message, signed with every secret that holds."""
    timestamp = int(at.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(each, message_id, timestamp, body) for each in holding),
    }


def body(fact: str, at: datetime, payload: Mapping[str, Any]) -> bytes:
    """Return a message as it is sent, the same each time: what happened, when, and to what."""
    told = {
        "type": fact,
        "timestamp": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": dict(payload),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def next_delay(
    attempts: int, retry_after: timedelta | None = None, chance: float | None = None
) -> timedelta | None:
    """Return how long to wait after so many attempts, None where it is given up; never less than the other side asks for, up to a day."""
    if attempts > len(DELAYS):
        return None
    drawn = random.random() if chance is None else chance  # noqa: S311 - spreads load, guards nothing
    planned = DELAYS[max(attempts, 1) - 1] * (1 + JITTER * drawn)
    return planned if retry_after is None else max(planned, min(retry_after, LONGEST_RETRY_AFTER))


def rest(failures: int) -> timedelta:
    """Return how long to leave an address alone that failed so often in a row, whatever message it was."""
    return min(FIRST_REST * 2 ** min(max(failures, 1) - 1, 20), LONGEST_REST)


def wanted(facts: Collection[str], known: Collection[str]) -> list[str]:
    """Return facts to listen to in their usual order; raises for one that there is not."""
    unknown = sorted(set(facts) - set(known))
    if unknown:
        raise RegularsError(
            "webhooks.fact",
            mark("There are no facts called {names}."),
            hint=mark("There are: {known}."),
            names=", ".join(unknown),
            known=", ".join(known),
            location="body.facts",
        )
    return [fact for fact in known if fact in facts]


def check_url(url: str, *, private: bool) -> str:
    """Return an address that may get messages; raises for one that may not.

    It is https, or http as well where ``private`` addresses are allowed; a name is looked up when something is sent, and again each time.
    """
    try:
        told = urlsplit(url)
        host, _ = told.hostname or "", told.port
        host.encode("idna")
    except (ValueError, UnicodeError) as error:
        raise _refused(mark("it cannot be read")) from error
    if told.scheme != "https" and not (private and told.scheme == "http"):
        raise _refused(mark("it does not begin with https://"))
    if not host or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise _refused(mark("it cannot be read"))
    if told.username is not None or told.password is not None or told.fragment:
        raise _refused(mark("it holds a user, a password or a fragment"))
    if not private and (literal := address(host)) is not None and not public(literal):
        raise _refused(mark("it leads into a private network"))
    return url


def _refused(why: str) -> RegularsError:
    return RegularsError(
        "webhooks.url",
        mark("This address cannot get messages: {why}."),
        hint=mark(
            "Give one such as https://crm.example.com/hooks; REGULARS_WEBHOOKS_PRIVATE=true allows an intranet's."
        ),
        why=Phrase(why),
        location="body.url",
    )


def address(text: str) -> Address | None:
    """Return an address of the network, None for what is a name."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def public(found: Address) -> bool:
    """Tell whether an address is one of the open internet: none of this machine, its network, a group, or a way around."""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return public(found.ipv4_mapped)
        if found.scope_id is not None or any(found in network for network in _TRANSLATED):
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)
