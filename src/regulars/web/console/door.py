"""Every page of the console with whom it is for; one that says nothing of that cannot be listed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from regulars.access.sessions import actions
from regulars.runtime.repairing import CORRECTED, INBOX
from regulars.web.console import (
    account,
    customer,
    customers,
    data,
    events,
    imports,
    keys,
    overview,
    own_segment,
    people,
    privacy,
    recommendations,
    segment_form,
    segments,
    settings,
    signing_in,
    start,
    steering,
    trouble,
    two_factor,
    uploading,
    value,
)
from regulars.web.console.visit import PART, visit_of

EVERYBODY, SIGNED_IN = "*", "+"
View = Callable[..., HttpResponse]


class Page(NamedTuple):
    """An address, for whom it is (:data:`EVERYBODY`, :data:`SIGNED_IN` or a permission), and what answers."""

    route: str
    whom: str
    get: View | None = None
    post: View | None = None
    files: str = ""
    """The folder of the home into which a form may bring files; empty where it may not."""


PAGES = (
    Page("assets/<str:name>", EVERYBODY, get=start.asset),
    Page("sign-in", EVERYBODY, get=signing_in.show, post=signing_in.sign_in),
    Page("sign-in/code", EVERYBODY, get=signing_in.show_code, post=signing_in.give_code),
    Page("link/<str:token>", EVERYBODY, get=signing_in.show_link, post=signing_in.use_link),
    Page("sign-out", SIGNED_IN, post=signing_in.sign_out),
    Page("", SIGNED_IN, get=overview.show),
    Page("account", SIGNED_IN, get=account.show),
    Page("account/language", SIGNED_IN, post=account.set_language),
    Page("account/theme", SIGNED_IN, post=account.set_theme),
    Page("account/password", SIGNED_IN, post=account.set_password),
    Page("account/sessions", SIGNED_IN, post=account.end_sessions),
    Page("account/two-factor", SIGNED_IN, get=two_factor.show, post=two_factor.confirm),
    Page("account/two-factor/codes", SIGNED_IN, post=two_factor.renew_codes),
    Page("account/two-factor/remove", SIGNED_IN, post=two_factor.remove),
    Page("customers", "customers.read", get=customers.show, post=customers.save),
    Page("customers/export", "customers.export", get=customers.export),
    Page("customers/<int:customer>", "customers.read", get=customer.show),
    Page("customers/<int:customer>/notes", "customers.write", post=customer.add_note),
    Page("customers/<int:customer>/consents", "customers.write", get=customer.show, post=customer.add_word),
    Page("value", "figures.read", get=value.show),
    Page("segments", "figures.read", get=segments.show),
    Page("segments/new", "segments.write", get=segment_form.new, post=segment_form.make),
    Page("segments/builder", "segments.write", post=segment_form.part),
    Page("segments/preview", "segments.write", post=segment_form.count),
    Page("segments/own/<str:name>", "figures.read", get=own_segment.show),
    Page("segments/own/<str:name>/edit", "segments.write", get=segment_form.edit, post=segment_form.change),
    Page("segments/own/<str:name>/delete", "segments.write", post=own_segment.delete),
    Page("recommendations", "figures.read", get=recommendations.show),
    Page("recommendations/rules", "figures.read", get=steering.show),
    Page("recommendations/rules/change", "offers.write", post=steering.change),
    Page("data", "sources.manage", get=data.show, post=data.ask),
    Page("data/events", "events.read", get=events.show),
    Page("data/files", "sources.manage", get=data.show, post=data.upload, files=INBOX),
    Page("data/loads/<int:number>", "sources.manage", get=imports.follow),
    Page("data/imports/<int:number>", "sources.manage", get=imports.show, post=imports.again),
    Page("data/imports/<int:number>/rejects", "sources.manage", get=imports.rejects),
    Page("data/imports/<int:number>/rows", "sources.manage", get=imports.rows),
    Page(
        "data/imports/<int:number>/corrected",
        "sources.manage",
        get=imports.show,
        post=imports.correct,
        files=CORRECTED,
    ),
    Page("privacy", "privacy.read", get=privacy.show),
    Page("settings", "settings.manage", get=settings.show, post=settings.change),
    Page("users", "users.manage", get=people.show, post=people.create),
    Page("users/<int:user>", "users.manage", get=people.show_one, post=people.change),
    Page("keys", "keys.manage", get=keys.show, post=keys.create),
    Page("keys/revoke", "keys.manage", post=keys.revoke),
    Page("audit", "audit.read", get=people.audit),
)


def answering(listed: Page) -> View:
    """Return what answers at an address: nobody gets further who may not, and nothing is changed but by a form of ours."""

    def answer(request: HttpRequest, **parts: Any) -> HttpResponse:
        visit = visit_of(request)
        views = {"GET": listed.get, "HEAD": listed.get, "POST": listed.post}
        view = views.get(request.method or "")
        if view is None:
            refused = trouble.page(request, 405)
            refused.headers["Allow"] = ", ".join(name for name, found in views.items() if found is not None)
            return refused
        if listed.whom != EVERYBODY:
            if visit.user is None:
                return _to_sign_in(request)
            # What a page asks for by itself is no sign that anybody is there.
            if PART not in request.headers:
                actions.seen(visit.here, visit.now)
            if listed.whom != SIGNED_IN and not visit.may(listed.whom):
                return trouble.page(request, 403)
        taking = (
            uploading.receiving(request, listed.files)
            if listed.files and request.method == "POST"
            else nullcontext()
        )
        with taking:
            refused = uploading.refused(request)
            if refused is not None and listed.get is not None:
                return listed.get(request, **parts, error=refused)
            if request.method == "POST" and not visit.own_form():
                return trouble.page(request, 419)
            return view(request, **parts)

    return answer


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    asked = request.get_full_path() if request.method == "GET" else "/"
    where = "" if asked == "/" else f"?next={quote(asked, safe='')}"
    return HttpResponseRedirect(f"/sign-in{where}")


urlpatterns = [path(listed.route, answering(listed)) for listed in PAGES]
