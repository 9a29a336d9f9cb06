"""The second factor: a QR code to enrol, recovery codes shown once, and off again with the password."""

from __future__ import annotations

import io
from typing import Any

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from markupsafe import Markup

from regulars.access.people import actions, totp
from regulars.access.sessions import actions as sessions
from regulars.kit.errors import RegularsError
from regulars.web.console.pages import page
from regulars.web.console.visit import Visit, visit_of

ISSUER = "Regulars"


def show(request: HttpRequest, error: RegularsError | None = None) -> HttpResponse:
    """Show what to enrol, or that it is done."""
    user = visit_of(request).me
    values: dict[str, Any] = {"codes": None, "secret": "", "address": "", "qr": ""}
    if not user.totp:
        secret = actions.begin_two_factor(user.id, settings.REGULARS.home)
        address = totp.address(secret, user.email, ISSUER)
        values |= {"secret": secret, "address": address, "qr": _drawn(address)}
    return page(request, "two_factor.html.j2", error=error, **values)


def confirm(request: HttpRequest) -> HttpResponse:
    """Switch it on with a first code."""
    visit = visit_of(request)
    try:
        _prove(visit)
        codes = actions.confirm_two_factor(
            visit.me.id, request.POST.get("code", "")[:20], settings.REGULARS.home, now=visit.now
        )
    except RegularsError as error:
        return show(request, error)
    return _shown_once(request, codes)


def renew_codes(request: HttpRequest) -> HttpResponse:
    """Show new recovery codes."""
    visit = visit_of(request)
    try:
        _prove(visit)
    except RegularsError as error:
        return show(request, error)
    return _shown_once(request, actions.renew_codes(visit.me.id, now=visit.now))


def remove(request: HttpRequest) -> HttpResponse:
    """Switch it off."""
    visit = visit_of(request)
    try:
        _prove(visit)
    except RegularsError as error:
        return show(request, error)
    actions.remove_two_factor(visit.me.id, who=f"user:{visit.me.id}", now=visit.now)
    return HttpResponseRedirect("/account?done=two-factor-off")


def _prove(visit: Visit) -> None:
    password = visit.request.POST.get("password", "")
    sessions.prove(visit.me, password, visit.browser, settings.REGULARS.home, visit.now)


def _shown_once(request: HttpRequest, codes: list[str]) -> HttpResponse:
    visit_of(request).me.refresh_from_db()
    return page(request, "two_factor.html.j2", codes=codes, secret="", address="", qr="")


def _drawn(address: str) -> Markup:
    """Return a QR code as SVG without styles of its own."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=0, svgclass=None, lineclass=None
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - paths of squares only
