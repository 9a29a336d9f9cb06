"""Passwords under a slow hash: scrypt with N = 2¹⁴, r = 8, p = 5, one of the settings that OWASP asks for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from regulars.access.people import rules
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark

AT_ONCE = max(1, min(2, (os.cpu_count() or 1) // 2))
"""How many hashes a process works out at once: half the machine stays for whoever asks for something else."""
WAITING = 2
"""How many more may wait; each of them takes one of the eight threads that the API answers with, too."""
PATIENCE_SECONDS = 2.0

_seats = BoundedSemaphore(AT_ONCE + WAITING)
_hashing = BoundedSemaphore(AT_ONCE)


@contextmanager
def turn() -> Iterator[None]:
    """Wait until a slow hash may be worked out; raises ``people.busy`` where too many others do or wait already."""
    if not _seats.acquire(blocking=False):
        raise busy()
    try:
        if not _hashing.acquire(timeout=PATIENCE_SECONDS):
            raise busy()
        try:
            yield
        finally:
            _hashing.release()
    finally:
        _seats.release()


def busy() -> RegularsError:
    """Return the error for too many passwords looked at together."""
    return RegularsError(
        "people.busy",
        mark("Many people sign in at this moment. Try again in {retry_seconds} s."),
        kind=Kind.UNAVAILABLE,
        retry_seconds=2,
    )


def check(password: str, address: str) -> None:
    """Raise for a password that is too short or among the twenty thousand most common ones."""
    from django.contrib.auth.password_validation import CommonPasswordValidator
    from django.core.exceptions import ValidationError

    rules.check_length(password, address)
    try:
        CommonPasswordValidator().validate(password)
    except ValidationError as error:
        raise rules.easy() from error


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    from django.contrib.auth.hashers import ScryptPasswordHasher

    hasher = ScryptPasswordHasher()
    return str(hasher.encode(password, hasher.salt()))


def matches(password: str, kept: str) -> bool:
    """Tell whether this is the password; without one to compare with it takes as long."""
    from django.contrib.auth.hashers import ScryptPasswordHasher

    if len(password) > rules.LONGEST:
        password = password[: rules.LONGEST + 1]
    if not kept:
        hashed(password)
        return False
    return bool(ScryptPasswordHasher().verify(password, kept))
