"""Lists of customers that somebody comes back to, each under a name of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.store import database
from regulars.store.models import SavedView, User

MOST = 20
LONGEST = 60


def of_user(user: User) -> list[SavedView]:
    """Return somebody's own lists, the first one first."""
    return list(SavedView.objects.filter(user=user).order_by("id"))


def save(user: User, name: str, asked: Mapping[str, str], now: datetime) -> SavedView:
    """Keep a list under a name, in place of the one that had it; raises for no name, a long one, and too many lists."""
    told = " ".join(name.split())
    if not 1 <= len(told) <= LONGEST or not told.isprintable():
        raise RegularsError(
            "customers.view_name",
            mark("A list's name has 1 to {longest} visible characters."),
            longest=LONGEST,
        )
    with database.writing():
        # Two windows that save at once are one after another.
        User.objects.select_for_update().get(id=user.pk) if database.is_postgres() else None
        known = SavedView.objects.filter(user=user)
        if not known.filter(name=told).exists() and known.count() >= MOST:
            raise RegularsError(
                "customers.many_views",
                mark("There are {most} saved lists already."),
                hint=mark("Take one away first."),
                most=MOST,
            )
        made, _ = SavedView.objects.update_or_create(
            user=user, name=told, defaults={"asked": dict(asked), "created_at": now}
        )
    return made


def forget(user: User, view: int) -> None:
    """Take one of somebody's lists away; twice is once, and nobody else's is touched."""
    with database.writing():
        SavedView.objects.filter(user=user, id=view).delete()
