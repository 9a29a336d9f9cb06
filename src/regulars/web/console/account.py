"""A person's own account: language, password, and where they are signed in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from regulars.access.people import actions as people
from regulars.access.people import queries as people_queries
from regulars.access.people import rules
from regulars.access.sessions import actions, queries
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.web.console import agents
from regulars.web.console.pages import page
from regulars.web.console.visit import own_path, visit_of

SAID = {
    "language": mark("From now on the console speaks this language."),
    "password": mark("Your password was changed, and all other browsers were signed out."),
    "sessions": mark("Signed out there."),
    "two-factor-off": mark("Two-factor sign-in is off."),
}


def show(request: HttpRequest, error: RegularsError | None = None) -> HttpResponse:
    """Show the account."""
    visit = visit_of(request)
    return page(
        request,
        "account.html.j2",
        error=error,
        said=SAID.get(request.GET.get("done", ""), ""),
        sessions=queries.sessions(visit.me, visit.now),
        recovery_left=people_queries.recovery_left(visit.me),
        agent=lambda agent: agents.told(agent, visit.t),
        roles=[rules.ROLES[role] for role in visit.me.roles],
    )


def set_language(request: HttpRequest) -> HttpResponse:
    """Remember a language."""
    people.set_language(visit_of(request).me.id, request.POST.get("language", ""))
    return HttpResponseRedirect(own_path(request.POST.get("back", "/account?done=language")))


def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark, in this browser."""
    visit_of(request).choose_theme(request.POST.get("theme", ""))
    return HttpResponseRedirect(own_path(request.POST.get("back", "/account")))


def set_password(request: HttpRequest) -> HttpResponse:
    """Change the password, sign out everywhere, and go on with a new session here."""
    visit = visit_of(request)
    user = visit.me
    try:
        actions.prove(
            user, request.POST.get("password", ""), visit.browser, settings.REGULARS.home, visit.now
        )
        changed = people.set_password(
            user.id, request.POST.get("new_password", ""), who=f"user:{user.id}", now=visit.now
        )
    except RegularsError as error:
        return show(request, error)
    visit.enter(*actions.renew(changed, visit.browser, now=visit.now))
    return HttpResponseRedirect("/account?done=password")


def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out of one other browser, or of all others."""
    visit = visit_of(request)
    told = request.POST.get("session", "")
    if told == "others":
        actions.end_others(visit.me, visit.here.id, visit.now)
    elif told.isascii() and told.isdigit() and len(told) < 19:
        actions.end(visit.me, int(told), visit.now)
    return HttpResponseRedirect("/account?done=sessions")
