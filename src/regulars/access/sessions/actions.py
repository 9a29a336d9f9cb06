"""Attempts to sign in are counted before they are looked at; who proves who they are gets a session with a new token."""

from __future__ import annotations

import hmac
import ipaddress
import secrets as random
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from pathlib import Path
from typing import NamedTuple

from regulars.access.actions import note
from regulars.access.people import actions as people
from regulars.access.people import passwords
from regulars.access.people import rules as people_rules
from regulars.access.sessions import rules
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.kit.secrets import secret
from regulars.store import database
from regulars.store.models import Attempt, Session, User


class Browser(NamedTuple):
    """Where somebody signs in from."""

    address: str
    agent: str
    device: str
    """What a browser in which somebody signed in before has kept; else empty."""


def sign_in(
    email: str, password: str, browser: Browser, home: Path, *, now: datetime, session: Session | None = None
) -> tuple[str, Session]:
    """Return the token of a new session and the session, incomplete where a second factor is to follow.

    Raises ``people.wrong`` in the same words and the same time whether or not there is such a person, and ``people.wait`` after too many
    failures, ``people.busy`` while too many others are looked at. ``session`` is the one that the browser came with: it ends.
    """
    try:
        told = people_rules.email(email)
    except RegularsError:
        told = ""
    user = User.objects.filter(email=told, is_active=True).first()
    keys = _keys("account", told, user, browser, home)
    if not _matches(password, user, keys, now) or user is None:
        _failed(user, browser, now)
        raise wrong()
    with database.writing():
        # Hashing takes its time: whoever changed the password meanwhile, or took the person's access away, did so for a reason.
        found = (
            User.objects.select_for_update()
            .filter(id=user.id, is_active=True, password=user.password)
            .first()
        )
        if found is None:
            raise wrong()
        _forgive(keys)
        return _open(found, not found.totp, browser, now, session)


def second_factor(
    session: Session, code: str, browser: Browser, home: Path, now: datetime
) -> tuple[str, Session]:
    """Return the token of a complete session instead of one that waits for the second factor; raises for a wrong code."""
    user = session.user
    keys = _keys("code", user.email, user, browser, home)
    _count(keys, now)
    if not people.take_code(user, code, home, now):
        _failed(user, browser, now)
        raise people.wrong_code()
    with database.writing():
        # A session that was ended meanwhile, by another password for one, is no first factor any more.
        if not Session.objects.select_for_update().filter(id=session.id, user__is_active=True).exists():
            raise wrong()
        _forgive(keys)
        return _open(user, True, browser, now, session)


def prove(user: User, password: str, browser: Browser, home: Path, now: datetime) -> None:
    """Raise unless this is the password of whoever is signed in; it is guessed no faster than at the door."""
    keys = _keys("account", user.email, user, browser, home)
    if not _matches(password, user, keys, now):
        _failed(user, browser, now)
        raise RegularsError("people.password", mark("That is not your password."), kind=Kind.FORBIDDEN)
    with database.writing():
        _forgive(keys)


def _matches(password: str, user: User | None, keys: Sequence[str], now: datetime) -> bool:
    """Count an attempt and look at it. Whoever finds no turn is not counted: nothing was looked at."""
    with passwords.turn():
        _count(keys, now)
        return passwords.matches(password, user.password if user is not None else "")


def start(user: User, browser: Browser, *, now: datetime) -> tuple[str, Session]:
    """Return a session of somebody who has just chosen a password by a link; a second factor is still asked for."""
    with database.writing():
        return _open(user, not user.totp, browser, now, None)


def renew(user: User, browser: Browser, *, now: datetime) -> tuple[str, Session]:
    """Return a new session of somebody who was signed in with every factor a moment ago."""
    with database.writing():
        return _open(user, True, browser, now, None)


def seen(session: Session, now: datetime) -> None:
    """Remember that a session was used, at most once a minute."""
    if now - session.seen_at >= rules.SEEN_AGAIN:
        Session.objects.filter(id=session.id).update(seen_at=now)


def end(user: User, session_id: int, now: datetime) -> None:
    """End one session of somebody."""
    with database.writing():
        if Session.objects.filter(user=user, id=session_id).delete()[0]:
            note(f"user:{user.id}", "session.end", f"user:{user.id}", {}, now)


def end_others(user: User, but: int, now: datetime) -> None:
    """End all sessions of somebody but one."""
    with database.writing():
        ended, _ = Session.objects.filter(user=user).exclude(id=but).delete()
        note(f"user:{user.id}", "session.end_others", f"user:{user.id}", {"ended": ended}, now)


def forget(now: datetime) -> None:
    """Forget sessions that are over and attempts of long ago."""
    Session.objects.filter(created_at__lt=now - rules.ABSOLUTE).delete()
    Attempt.objects.filter(last_at__lt=now - rules.FORGOTTEN).delete()


def device(user: User, home: Path) -> str:
    """Return what a browser keeps to be known again: others who guess this person's password make it wait for nothing."""
    nonce = random.token_urlsafe(12)
    return f"{user.id}.{nonce}.{_signed(f'{user.id}.{nonce}', home)}"


def wrong() -> RegularsError:
    """Return the error for an e-mail and a password that do not go together, whichever of them is wrong."""
    return RegularsError(
        "people.wrong",
        mark("E-mail and password do not go together."),
        hint=mark("Whoever lost a password asks an owner for a link, or uses regulars users password on the server."),
        kind=Kind.FORBIDDEN,
    )  # fmt: skip


def _open(
    user: User, complete: bool, browser: Browser, now: datetime, before: Session | None
) -> tuple[str, Session]:
    forget(now)
    if before is not None:
        Session.objects.filter(id=before.id).delete()
    token = random.token_urlsafe(32)
    made = Session.objects.create(
        user=user,
        token_hash=sha256(token.encode()).hexdigest(),
        complete=complete,
        agent="".join(sign for sign in browser.agent if sign.isprintable())[:200],
        created_at=now,
        seen_at=now,
    )
    if complete:
        User.objects.filter(id=user.id).update(signed_in_at=now)
        note(f"user:{user.id}", "session.start", f"user:{user.id}", {"address": browser.address}, now)
    return token, made


def _failed(user: User | None, browser: Browser, now: datetime) -> None:
    """Note a failure. What was typed for an e-mail that is nobody's is not kept: it may be a password."""
    thing = f"user:{user.id}" if user is not None else ""
    with database.writing():
        note("nobody", "session.refused", thing, {"address": browser.address}, now)


def _keys(kind: str, email: str, user: User | None, browser: Browser, home: Path) -> list[str]:
    """Return what an attempt counts for: the address, and the account, or the browser that the account knows."""
    known = _known(user, browser.device, home) if user is not None else ""
    own = f"device:{kind}:{known}" if known else f"{kind}:{_signed(email, home)}"
    return sorted([own, f"address:{_network(browser.address)}"])


def _known(user: User, told: str, home: Path) -> str:
    whose, _, rest = told.partition(".")
    nonce, _, signature = rest.partition(".")
    genuine = hmac.compare_digest(signature.encode(), _signed(f"{whose}.{nonce}", home).encode())
    return nonce[:32] if genuine and whose == str(user.id) else ""


def _signed(text: str, home: Path) -> str:
    return blake2b(text.encode(), key=secret(home), digest_size=20, person=b"sign-in").hexdigest()


def _network(address: str) -> str:
    """Return who shares an address: one of version 4, a subnet of version 6."""
    try:
        told = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(told) if told.version == 4 else str(ipaddress.ip_network((told, 64), strict=False))


def _count(keys: Sequence[str], now: datetime) -> None:
    """Count an attempt as failed before it is looked at, so that many at once are not more than one after another."""
    with database.writing():
        rows = [_row(key, now) for key in keys]
        wait = max(0.0, *((row.next_at - now).total_seconds() for row in rows))
        if wait <= 0:
            for row in rows:
                row.failures = (0 if now - row.last_at > rules.FORGOTTEN else row.failures) + 1
                row.last_at = now
                row.next_at = now + timedelta(
                    seconds=rules.wait_seconds(row.key.partition(":")[0], row.failures)
                )
                row.save()
            return
    raise RegularsError(
        "people.wait",
        mark("There were too many attempts. Try again in {retry_seconds} s."),
        kind=Kind.UNAVAILABLE,
        retry_seconds=int(wait) + 1,
    )


def _row(key: str, now: datetime) -> Attempt:
    Attempt.objects.bulk_create([Attempt(key=key, last_at=now, next_at=now)], ignore_conflicts=True)
    return Attempt.objects.select_for_update().get(key=key)


def _forgive(keys: Sequence[str]) -> None:
    """Forget failures of an account that was proven, and give the address its attempt back."""
    from django.db.models import F

    Attempt.objects.filter(key__in=[key for key in keys if not key.startswith("address:")]).delete()
    shared = Attempt.objects.filter(key__in=keys, key__startswith="address:", failures__gt=0)
    shared.update(failures=F("failures") - 1)
