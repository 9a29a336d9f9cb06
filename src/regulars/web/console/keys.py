"""Keys with which programs ask the server: made, shown once, listed and revoked."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from regulars.access import actions, queries, rules
from regulars.access.actions import Made
from regulars.access.people import rules as people_rules
from regulars.kit.errors import RegularsError
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of


def show(request: HttpRequest, error: RegularsError | None = None, made: Made | None = None) -> HttpResponse:
    """Show every key without its secret; with it, this once, the one that was just made."""
    return page(request, "keys.html.j2", error=error, made=made, keys=queries.all_keys(), scopes=rules.SCOPES)


def create(request: HttpRequest) -> HttpResponse:
    """Make a key."""
    visit = visit_of(request)
    try:
        name = people_rules.name(request.POST.get("name", "")[:300])
        made = actions.create(
            name,
            request.POST.getlist("scope"),
            settings.REGULARS.home,
            who=f"user:{visit.me.id}",
            now=visit.now,
        )
    except RegularsError as error:
        return show(request, error)
    return show(request, made=made)


def revoke(request: HttpRequest) -> HttpResponse:
    """Let a key open nothing any more."""
    visit = visit_of(request)
    try:
        actions.revoke(request.POST.get("prefix", "")[:40], who=f"user:{visit.me.id}", now=visit.now)
    except RegularsError as error:
        return show(request, error)
    return HttpResponseRedirect("/keys")
