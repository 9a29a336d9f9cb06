"""Whose session is this, and which others has somebody."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from regulars.access.sessions import rules
from regulars.store.models import Session, User


def session(token: str, now: datetime) -> Session | None:
    """Return the session of a token while it lasts, with its user; None for one of somebody who may not come in any more."""
    found = (
        Session.objects.select_related("user")
        .filter(token_hash=sha256(token.encode()).hexdigest(), user__is_active=True)
        .first()
    )
    if found is None:
        return None
    limit = rules.ABSOLUTE if found.complete else rules.SECOND_FACTOR_WITHIN
    lasts = now - found.created_at < limit and now - found.seen_at < rules.IDLE
    return found if lasts else None


def sessions(user: User, now: datetime) -> list[Session]:
    """Return where somebody is signed in, the last one first."""
    found = Session.objects.filter(
        user=user, complete=True, created_at__gt=now - rules.ABSOLUTE, seen_at__gt=now - rules.IDLE
    )
    return list(found.order_by("-seen_at", "-id"))
