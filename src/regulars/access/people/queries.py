"""Who is there, and who has what still open."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path

from regulars.access import secrets
from regulars.access.people import rules
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.store.models import Audit, PasswordLink, RecoveryCode, User


def anybody() -> bool:
    """Tell whether there is anybody who could sign in."""
    return bool(User.objects.exists())


def everybody() -> list[User]:
    """Return everybody by name."""
    return list(User.objects.order_by("name", "id"))


def by_email(text: str) -> User:
    """Return whose e-mail that is; raises where it is nobody's."""
    found = User.objects.filter(email=rules.email(text)).first()
    if found is None:
        raise missing()
    return found


def missing() -> RegularsError:
    """Return the error for a person that there is not."""
    return RegularsError(
        "people.missing",
        mark("There is no such person."),
        hint=mark("regulars users list shows everybody."),
        kind=Kind.MISSING,
    )


def link(token: str, now: datetime) -> PasswordLink | None:
    """Return the link of a token while it holds; one for the first owner holds until there is anybody."""
    found = PasswordLink.objects.filter(
        token_hash=sha256(token.encode()).hexdigest(), expires_at__gt=now
    ).first()
    if found is None or (found.user_id is None and anybody()):
        return None
    return None if found.user is not None and not found.user.is_active else found


def recovery_left(user: User) -> int:
    """Return how many recovery codes are unused."""
    return int(RecoveryCode.objects.filter(user=user, used_at=None).count())


def pending_secret(user: User, home: Path) -> str | None:
    """Return the secret that was shown for enrolment and is not confirmed yet."""
    return secrets.decrypt(user.totp_pending, home) if user.totp_pending else None


def audit(what: str, before: int | None, size: int) -> tuple[list[Audit], int | None]:
    """Return a page of the audit, newest first, and where the next one begins; ``what`` is the beginning of what was done."""
    found = Audit.objects.filter(what__startswith=what) if what else Audit.objects.all()
    if before is not None:
        found = found.filter(id__lt=before)
    rows = list(found.order_by("-id")[: size + 1])
    return rows[:size], rows[size - 1].id if len(rows) > size else None


def names() -> dict[str, str]:
    """Return how people are called, by the name that the audit has for them."""
    return {f"user:{user.id}": user.name for user in User.objects.only("id", "name")}
