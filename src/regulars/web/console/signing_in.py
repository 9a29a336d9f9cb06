"""The door: e-mail and password, the second factor, links of one use, and out again."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from regulars.access.people import actions as people
from regulars.access.people import queries
from regulars.access.sessions import actions
from regulars.kit.errors import RegularsError
from regulars.web.console.pages import page
from regulars.web.console.visit import own_path, visit_of


def show(request: HttpRequest) -> HttpResponse:
    """Ask for e-mail and password."""
    following = own_path(request.GET.get("next", "/"))
    if visit_of(request).user is not None:
        return HttpResponseRedirect(following)
    return page(request, "sign_in.html.j2", following=following, email="", empty=not queries.anybody())


def sign_in(request: HttpRequest) -> HttpResponse:
    """Let somebody in, or ask for the second factor."""
    visit, following = visit_of(request), own_path(request.POST.get("next", "/"))
    email = request.POST.get("email", "")[:300]
    password = request.POST.get("password", "")
    try:
        token, session = actions.sign_in(
            email, password, visit.browser, settings.REGULARS.home, now=visit.now, session=visit.session
        )
    except RegularsError as error:
        return page(request, "sign_in.html.j2", error=error, following=following, email=email, empty=False)
    visit.enter(token, session)
    if session.complete:
        return HttpResponseRedirect(following)
    return HttpResponseRedirect(f"/sign-in/code?next={quote(following, safe='')}")


def show_code(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor."""
    following = own_path(request.GET.get("next", "/"))
    session = visit_of(request).session
    if session is None or session.complete:
        return HttpResponseRedirect("/sign-in" if session is None else following)
    return page(request, "sign_in_code.html.j2", following=following)


def give_code(request: HttpRequest) -> HttpResponse:
    """Let somebody in who has the second factor too."""
    visit, following = visit_of(request), own_path(request.POST.get("next", "/"))
    if visit.session is None or visit.session.complete:
        return HttpResponseRedirect("/sign-in" if visit.session is None else following)
    try:
        code = request.POST.get("code", "")[:100]
        token, session = actions.second_factor(
            visit.session, code, visit.browser, settings.REGULARS.home, visit.now
        )
    except RegularsError as error:
        return page(request, "sign_in_code.html.j2", error=error, following=following)
    visit.enter(token, session)
    return HttpResponseRedirect(following)


def show_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whoever has a link for a password, and the first owner for who they are."""
    link = queries.link(token, visit_of(request).now)
    if link is None:
        return page(request, "link.html.j2", error=people.gone(), link=None, email="", name="", status=404)
    return page(request, "link.html.j2", link=link, email="", name="")


def use_link(request: HttpRequest, token: str) -> HttpResponse:
    """Set the password of whoever has a link, and let them in."""
    visit = visit_of(request)
    email, name = request.POST.get("email", "")[:300], request.POST.get("name", "")[:300]
    password = request.POST.get("password", "")
    try:
        user = people.accept(token, password, now=visit.now, address=email, name=name)
    except RegularsError as error:
        link = queries.link(token, visit.now)
        return page(request, "link.html.j2", error=error, link=link, email=email, name=name)
    session = actions.start(user, visit.browser, now=visit.now)
    visit.enter(*session)
    return HttpResponseRedirect("/" if session[1].complete else "/sign-in/code")


def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    visit = visit_of(request)
    actions.end(visit.me, visit.here.id, visit.now)
    visit.leave()
    return HttpResponseRedirect("/sign-in")
