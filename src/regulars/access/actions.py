"""Keys are made and revoked, changes are made once and noted down."""

from __future__ import annotations

import secrets as random
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from regulars.access import rules, secrets
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.store import database
from regulars.store.models import ApiKey, Audit, Idempotency

USED_AGAIN = timedelta(minutes=1)
KEPT = timedelta(days=7)
"""How long an answer is kept for a request that comes again."""
RETRY_SECONDS = 1
_LOCK_CLASS = 7_261_100
_running: set[tuple[int, str]] = set()
_turn = threading.Lock()


class Made(NamedTuple):
    """A new key, the one time that its secrets are known."""

    key: ApiKey
    text: str
    signing: str
    """Of a write key: what the shop signs its visitors with; else empty."""


def create(name: str, scopes: Collection[str], home: Path, *, who: str, now: datetime) -> Made:
    """Make a key; raises where there is no such scope, or they do not go together."""
    checked = rules.check(scopes)
    written = rules.new(checked)
    signing = random.token_urlsafe(32) if rules.COLLECT in checked else ""
    with database.writing():
        made = ApiKey.objects.create(
            prefix=written.prefix,
            secret_hash=rules.hashed(written.secret),
            name=name,
            scopes=checked,
            signing=secrets.encrypt(signing, home) if signing else "",
            created_at=now,
        )
        note(who, "key.create", written.prefix, {"name": name, "scopes": checked}, now)
    return Made(made, written.text, signing)


def revoke(prefix: str, *, who: str, now: datetime) -> ApiKey:
    """Let a key open nothing any more; twice is once. Raises where there is none of that prefix."""
    with database.writing():
        found = ApiKey.objects.filter(prefix=prefix).first()
        if found is None:
            raise RegularsError(
                "access.no_key",
                mark("There is no key {prefix}."),
                hint=mark("regulars keys list shows the prefix of each."),
                kind=Kind.MISSING,
                prefix=repr(prefix),
            )
        if found.revoked_at is None:
            found.revoked_at = now
            found.save(update_fields=["revoked_at"])
            note(who, "key.revoke", prefix, {}, now)
    return found


def used(key: ApiKey, now: datetime) -> None:
    """Remember that a key was used, at most once a minute."""
    before = key.last_used_at
    if before is None or now - before >= USED_AGAIN:
        ApiKey.objects.filter(id=key.id, last_used_at=before).update(last_used_at=now)


def note(who: str, what: str, thing: str, details: Mapping[str, Any], now: datetime) -> None:
    """Write down who changed what; call inside the transaction that changes it."""
    Audit.objects.create(who=who, what=what, object=thing[:260], details=dict(details), at=now)


@dataclass
class Once:
    """A change that is made once: the answer it was given before, or where to keep the one it gets."""

    kept: tuple[int, str] | None = None
    """Status and body of the answer that it has had."""
    answer: tuple[int, str] | None = field(default=None)


@contextmanager
def once(key: int, given: str | None, request: str, digest: str, now: datetime) -> Iterator[Once]:
    """One transaction for a change and its answer, which is kept under the key that was ``given`` for it.

    Raises ``api.in_progress`` while another request with the same key is at it, and ``api.key_reused`` where the key came with another request.
    A change that fails keeps nothing, so that it may be tried again.
    """
    if given is None:
        with database.writing():
            yield Once()
        return
    with _alone(key, given), database.writing():
        _locked(key, given)
        found = Idempotency.objects.filter(api_key=key, key=given).first()
        if found is not None:
            if (found.request, found.digest) != (request, digest):
                raise RegularsError(
                    "api.key_reused",
                    mark("This Idempotency-Key came with another request before."),
                    hint=mark("Use a new key for each change; the same one only to repeat it."),
                    kind=Kind.CONFLICT,
                )
            yield Once(kept=(found.status, found.answer))
            return
        made = Once()
        yield made
        if made.answer is not None:
            status, answer = made.answer
            Idempotency.objects.create(
                api_key_id=key,
                key=given,
                request=request,
                digest=digest,
                status=status,
                answer=answer,
                created_at=now,
            )


def first_use(key: int, name: str, now: datetime) -> bool:
    """Write down that something signed under a key was used; return whether that is the first time. Kept as long as answers are."""
    with database.writing():
        made = {"request": "", "digest": "", "status": 0, "answer": "", "created_at": now}
        return Idempotency.objects.get_or_create(api_key_id=key, key=name, defaults=made)[1]


def forget(now: datetime) -> int:
    """Forget answers that are too old to be asked for again; return how many."""
    with database.writing():
        return int(Idempotency.objects.filter(created_at__lt=now - KEPT).delete()[0])


@contextmanager
def _alone(key: int, given: str) -> Iterator[None]:
    """Refuse a second request of this process; SQLite would let it wait for the first one instead."""
    with _turn:
        if (key, given) in _running:
            raise _in_progress()
        _running.add((key, given))
    try:
        yield
    finally:
        with _turn:
            _running.discard((key, given))


def _locked(key: int, given: str) -> None:
    """Refuse a second request of any process, where the store can tell."""
    from django.db import connection

    if not database.is_postgres():
        return
    with connection.cursor() as cursor:
        number = crc32(f"{key}:{given}".encode()) - (1 << 31)
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, number])
        if not (cursor.fetchone() or (False,))[0]:
            raise _in_progress()


def _in_progress() -> RegularsError:
    return RegularsError(
        "api.in_progress",
        mark("A request with this Idempotency-Key is being worked on."),
        hint=mark("Ask again in a moment: the answer will be the same."),
        kind=Kind.CONFLICT,
        retry_seconds=RETRY_SECONDS,
    )
