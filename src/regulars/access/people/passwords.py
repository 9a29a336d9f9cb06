"""Passwords under a slow hash: scrypt with N = 2¹⁴, r = 8, p = 5, one of the settings that OWASP asks for."""

from __future__ import annotations

from regulars.access.people import rules


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
