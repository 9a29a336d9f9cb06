"""Owners say who may come in and what for, and read who did what."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from regulars.access.people import actions, queries, rules
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.store.models import User
from regulars.web.console import trouble
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of

PAGE = 50
FILTERS = {
    "": mark("Everything"),
    "session.": mark("Sign-ins"),
    "user.": mark("People"),
    "key.": mark("Keys"),
    "rules.": mark("Rules"),
    "settings.": mark("Settings"),
}


def show(
    request: HttpRequest,
    error: RegularsError | None = None,
    link: str = "",
    told: tuple[str, str, list[str]] = ("", "", []),
) -> HttpResponse:
    """Show everybody."""
    email, name, chosen = told
    return page(
        request, "users.html.j2", error=error, link=link, people=queries.everybody(), roles=rules.ROLES,
        email=email, name=name, chosen=chosen,
    )  # fmt: skip


def create(request: HttpRequest) -> HttpResponse:
    """Make a person and show, this once, the link under which they choose a password."""
    visit = visit_of(request)
    who = f"user:{visit.me.id}"
    email, name = request.POST.get("email", "")[:300], request.POST.get("name", "")[:300]
    roles = request.POST.getlist("role")
    try:
        made = actions.create(email, name, roles, "", who=who, now=visit.now)
    except RegularsError as error:
        return show(request, error, told=(email, name, roles))
    return show(request, link=_address(request, actions.invite(made.id, who=who, now=visit.now)))


def show_one(
    request: HttpRequest, user: int, error: RegularsError | None = None, link: str = ""
) -> HttpResponse:
    """Show one person and what can be changed of them."""
    found = User.objects.filter(id=user).first() if user < 1 << 63 else None
    if found is None:
        return trouble.page(request, 404)
    return page(request, "user.html.j2", error=error, link=link, person=found, roles=rules.ROLES)


def change(request: HttpRequest, user: int) -> HttpResponse:
    """Do to a person what the form says."""
    visit = visit_of(request)
    if user >= 1 << 63 or not User.objects.filter(id=user).exists():
        return trouble.page(request, 404)
    who, now = f"user:{visit.me.id}", visit.now
    act = request.POST.get("act", "")
    try:
        if act == "link":
            return show_one(request, user, link=_address(request, actions.invite(user, who=who, now=now)))
        if act == "roles":
            actions.set_roles(user, request.POST.getlist("role"), who=who, now=now)
        elif act in ("activate", "deactivate"):
            actions.set_active(user, act == "activate", who=who, now=now)
        elif act == "two-factor":
            actions.remove_two_factor(user, who=who, now=now)
        else:
            return trouble.page(request, 400)
    except RegularsError as error:
        return show_one(request, user, error)
    return HttpResponseRedirect("/users")


def audit(request: HttpRequest) -> HttpResponse:
    """Show who did what, newest first."""
    chosen = request.GET.get("what", "")
    chosen = chosen if chosen in FILTERS else ""
    before = request.GET.get("before", "")
    known = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    rows, following = queries.audit(chosen, known, PAGE)
    names = queries.names()
    shown = [
        (row, names.get(row.who, row.who), names.get(row.object, row.object), _details(row)) for row in rows
    ]
    return page(request, "audit.html.j2", rows=shown, following=following, chosen=chosen, filters=FILTERS)


def _details(row: object) -> str:
    told = getattr(row, "details", {})
    return "; ".join(
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in told.items()
    )


def _address(request: HttpRequest, token: str) -> str:
    scheme = "https" if visit_of(request).secure else "http"
    return f"{scheme}://{request.get_host()}/link/{token}"
