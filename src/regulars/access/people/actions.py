"""People come, change what they may do and how they prove who they are, and go: one transaction each, all of it noted down."""

from __future__ import annotations

import secrets as random
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from regulars.access import secrets
from regulars.access.actions import note
from regulars.access.people import passwords, queries, rules, totp
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import LANGUAGES, mark
from regulars.store import database
from regulars.store.models import PasswordLink, RecoveryCode, Session, User

SETUP_HOLDS = timedelta(hours=24)
LINK_HOLDS = timedelta(days=3)


def create(
    address: str, name: str, roles: Collection[str], password: str, *, who: str, now: datetime
) -> User:
    """Make a person; without a password they choose one by a link. Raises where the e-mail is somebody's."""
    email, told, checked = rules.email(address), rules.name(name), rules.check_roles(roles)
    kept = _checked(password, email) if password else ""
    with database.writing("users"):
        return _create(email, told, checked, kept, who, now)


def _create(email: str, name: str, roles: list[str], kept: str, who: str, now: datetime) -> User:
    if User.objects.filter(email=email).exists():
        raise RegularsError(
            "people.twice",
            mark("Somebody has that e-mail address already."),
            hint=mark("Change what they may do instead."),
            kind=Kind.CONFLICT,
        )
    changed = now if kept else None
    made = User.objects.create(
        email=email, name=name, roles=roles, password=kept, created_at=now, password_changed_at=changed
    )
    note(who or f"user:{made.id}", "user.create", f"user:{made.id}", {"roles": roles}, now)
    return made


def _checked(password: str, email: str) -> str:
    passwords.check(password, email)
    with passwords.turn():
        return passwords.hashed(password)


def invite(user_id: int | None, *, who: str, now: datetime) -> str:
    """Return the token of a link under which a person chooses a password, once; None is for the first owner. An older link ends."""
    token = random.token_urlsafe(32)
    holds = SETUP_HOLDS if user_id is None else LINK_HOLDS
    with database.writing("users"):
        if user_id is not None:
            _person(user_id)
            note(who, "user.link", f"user:{user_id}", {}, now)
        PasswordLink.objects.filter(user_id=user_id).delete()
        PasswordLink.objects.create(
            user_id=user_id, token_hash=sha256(token.encode()).hexdigest(), expires_at=now + holds
        )
    return token


def accept(token: str, password: str, *, now: datetime, address: str = "", name: str = "") -> User:
    """Use a link: set its person's password, or make the first owner of ``address`` and ``name``. Raises for one that holds no more."""
    found = queries.link(token, now)
    if found is None:
        raise gone()
    email = found.user.email if found.user is not None else rules.email(address)
    told = rules.name(name) if found.user is None else ""
    kept = _checked(password, email)
    with database.writing("users"):
        again = queries.link(token, now)
        if again is None or not PasswordLink.objects.filter(id=again.id).delete()[0]:
            raise gone()
        if again.user is None:
            return _create(email, told, [rules.OWNER], kept, "", now)
        _set_password(again.user, kept, f"user:{again.user.id}", now)
        return again.user


def gone() -> RegularsError:
    """Return the error for a link that opens nothing."""
    return RegularsError(
        "people.link",
        mark("This link was used before, or is too old."),
        hint=mark("Ask an owner for another one; the first owner's is printed by regulars serve."),
        kind=Kind.MISSING,
    )


def set_password(user_id: int, password: str, *, who: str, now: datetime) -> User:
    """Give a person another password; whoever is signed in as them is signed out."""
    kept = _checked(password, _person(user_id).email)
    with database.writing("users"):
        user = _person(user_id)
        _set_password(user, kept, who, now)
    return user


def _set_password(user: User, kept: str, who: str, now: datetime) -> None:
    User.objects.filter(id=user.id).update(password=kept, password_changed_at=now)
    Session.objects.filter(user=user).delete()
    PasswordLink.objects.filter(user=user).delete()
    note(who, "user.password", f"user:{user.id}", {}, now)


def set_roles(user_id: int, roles: Collection[str], *, who: str, now: datetime) -> User:
    """Let a person have these roles and no others; raises where nobody would be left who owns the shop."""
    checked = rules.check_roles(roles)
    with database.writing("users"):
        user = _person(user_id)
        if rules.OWNER not in checked:
            _another_owner(user)
        note(who, "user.roles", f"user:{user_id}", {"before": user.roles, "after": checked}, now)
        user.roles = checked
        user.save(update_fields=["roles"])
    return user


def set_active(user_id: int, active: bool, *, who: str, now: datetime) -> User:
    """Let a person in again, or no more; raises where nobody would be left who owns the shop."""
    with database.writing("users"):
        user = _person(user_id)
        if not active:
            _another_owner(user)
            Session.objects.filter(user=user).delete()
            PasswordLink.objects.filter(user=user).delete()
        user.is_active = active
        user.save(update_fields=["is_active"])
        note(who, "user.activate" if active else "user.deactivate", f"user:{user_id}", {}, now)
    return user


def set_language(user_id: int, language: str) -> None:
    """Remember the language a person reads; empty for what their browser asks for."""
    User.objects.filter(id=user_id).update(language=language if language in LANGUAGES else "")


def begin_two_factor(user_id: int, home: Path) -> str:
    """Return the secret to enrol, the same one until it is confirmed."""
    with database.writing("users"):
        user = _person(user_id)
        known = queries.pending_secret(user, home)
        if known is not None:
            return known
        secret = totp.new_secret()
        User.objects.filter(id=user_id).update(totp_pending=secrets.encrypt(secret, home))
    return secret


def confirm_two_factor(user_id: int, code: str, home: Path, *, now: datetime) -> list[str]:
    """Switch the second factor on with a first right code; return recovery codes, shown this once. Raises for a wrong code."""
    with database.writing("users"):
        user = _person(user_id)
        secret = queries.pending_secret(user, home)
        step = totp.step_of(secret, _digits(code), now.timestamp(), user.totp_step) if secret else None
        if step is None:
            raise wrong_code()
        User.objects.filter(id=user_id).update(totp=user.totp_pending, totp_pending="", totp_step=step)
        note(f"user:{user_id}", "user.two_factor_on", f"user:{user_id}", {}, now)
        return _fresh_codes(user)


def renew_codes(user_id: int, *, now: datetime) -> list[str]:
    """Return new recovery codes; the old ones stop working."""
    with database.writing("users"):
        user = _person(user_id)
        note(f"user:{user_id}", "user.recovery_codes", f"user:{user_id}", {}, now)
        return _fresh_codes(user)


def remove_two_factor(user_id: int, *, who: str, now: datetime) -> User:
    """Let a password do again."""
    with database.writing("users"):
        user = _person(user_id)
        User.objects.filter(id=user_id).update(totp="", totp_pending="")
        RecoveryCode.objects.filter(user=user).delete()
        note(who, "user.two_factor_off", f"user:{user_id}", {}, now)
    return user


def take_code(user: User, told: str, home: Path, now: datetime) -> bool:
    """Tell whether a code of the authenticator, or a recovery code, is right, and use it up: of two at once one is right."""
    secret = secrets.decrypt(user.totp, home) if user.totp else None
    step = totp.step_of(secret, _digits(told), now.timestamp(), user.totp_step) if secret else None
    if step is not None:
        return bool(User.objects.filter(id=user.id, totp_step__lt=step).update(totp_step=step))
    unused = RecoveryCode.objects.filter(user=user, code_hash=totp.recovery_hash(told), used_at=None)
    return bool(unused.update(used_at=now))


def wrong_code() -> RegularsError:
    """Return the error for a code that is not right."""
    return RegularsError(
        "people.code",
        mark("That code is not right."),
        hint=mark("Codes change every 30 seconds; the clock of your phone must be right."),
    )


def _fresh_codes(user: User) -> list[str]:
    codes = totp.recovery_codes()
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(user=user, code_hash=totp.recovery_hash(code)) for code in codes]
    )
    return codes


def _digits(told: str) -> str:
    return "".join(told.split())


def _person(user_id: int) -> User:
    found = User.objects.filter(id=user_id).first()
    if found is None:
        raise queries.missing()
    return found


def _another_owner(user: User) -> None:
    """Raise where this is the last active person who may do everything; call under the lock of users."""
    if rules.OWNER not in user.roles or not user.is_active:
        return
    others = User.objects.filter(is_active=True).exclude(id=user.id)
    if not any(rules.OWNER in other.roles for other in others):
        raise RegularsError(
            "people.last_owner",
            mark("Nobody would be left who owns the shop."),
            hint=mark("Make somebody else an owner first."),
            kind=Kind.CONFLICT,
        )
