"""What each role opens, how an e-mail is written, and which passwords will do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark

OWNER, MARKETER, ANALYST, SERVICE, DEVELOPER = "owner", "marketer", "analyst", "service", "developer"
ROLES = {
    OWNER: mark("Owner"),
    MARKETER: mark("Marketer"),
    ANALYST: mark("Analyst"),
    SERVICE: mark("Customer service"),
    DEVELOPER: mark("Developer"),
}
PERMISSIONS: dict[str, frozenset[str]] = {
    "customers.read": frozenset({OWNER, MARKETER, ANALYST, SERVICE}),
    "customers.write": frozenset({OWNER, SERVICE}),
    "customers.export": frozenset({OWNER, MARKETER}),
    # Whose event it is stands there only for whoever may read of customers.
    "events.read": frozenset({OWNER, MARKETER, ANALYST, SERVICE, DEVELOPER}),
    "privacy.read": frozenset({OWNER, MARKETER, SERVICE}),
    "figures.read": frozenset({OWNER, MARKETER, ANALYST}),
    "figures.export": frozenset({OWNER, MARKETER, ANALYST}),
    "segments.write": frozenset({OWNER, MARKETER}),
    "offers.write": frozenset({OWNER, MARKETER}),
    "sources.manage": frozenset({OWNER, DEVELOPER}),
    "keys.manage": frozenset({OWNER, DEVELOPER}),
    "settings.manage": frozenset({OWNER}),
    "users.manage": frozenset({OWNER}),
    "audit.read": frozenset({OWNER}),
}
"""Which roles have a permission."""
SHORTEST, LONGEST = 12, 256
_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]+@[^\s@<>\"(),:;\[\]\\]+")


def may(roles: Collection[str], permission: str) -> bool:
    """Tell whether one of the roles has a permission; raises ``KeyError`` for one that there is not."""
    return not PERMISSIONS[permission].isdisjoint(roles)


def check_roles(roles: Collection[str]) -> list[str]:
    """Return roles in their usual order; raises for none and for unknown ones."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        raise RegularsError(
            "people.role",
            mark("A person needs roles that there are; not one of them: {names}."),
            hint=mark("There are: {known}."),
            names=", ".join(unknown) or "–",
            known=", ".join(ROLES),
        )
    return [role for role in ROLES if role in roles]


def email(text: str) -> str:
    """Return an e-mail address as it is kept: NFKC, without blanks around it, in small letters; raises for what is none."""
    told = unicodedata.normalize("NFKC", text).strip().lower()
    if len(told) > 254 or not _EMAIL.fullmatch(told) or not told.isprintable():
        raise RegularsError(
            "people.email",
            mark("That is no e-mail address."),
            hint=mark("Write it as name@shop.example."),
        )
    return told


def name(text: str) -> str:
    """Return a person's name as it is kept; raises for none, a long one, and signs that cannot be seen."""
    told = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(told) <= 100 or not told.isprintable():
        raise RegularsError("people.name", mark("A name has 1 to 100 visible characters."))
    return told


def check_length(password: str, address: str) -> None:
    """Raise for a password that is too short, too long, or says who it is of; no signs are asked for."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise RegularsError(
            "people.password_length",
            mark("A password has {shortest} to {longest} characters."),
            hint=mark("Several words in a row are long and easy to remember."),
            shortest=SHORTEST,
            longest=LONGEST,
        )
    told = password.lower()
    if told in (address, address.partition("@")[0]) or len(set(told)) < 4:
        raise easy()


def easy() -> RegularsError:
    """Return the error for a password that would be guessed early."""
    return RegularsError(
        "people.password_common",
        mark("That password would be among the first to be guessed."),
        hint=mark("Take another one: several words in a row are long and easy to remember."),
    )
