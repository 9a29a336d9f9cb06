"""The page on which a segment of the shop's own is built: a form that works without a script, and two parts of it for the script."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from regulars.access import actions as access
from regulars.customers import listing
from regulars.customers.listing import Listed
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.report.speech import Speech
from regulars.runtime import asking, previewing
from regulars.runtime.publication import published
from regulars.segments import actions, queries
from regulars.segments.rules import canonical, read, said
from regulars.store import database
from regulars.store.models import Segment
from regulars.web.console import trouble
from regulars.web.console.builder import begin, mistakes, posted
from regulars.web.console.builder.draft import Condition, Group
from regulars.web.console.builder.mistakes import Mistake
from regulars.web.console.builder.offers import settle
from regulars.web.console.builder.shown import Shown, digest, text_of
from regulars.web.console.builder.written import Written, of_rule, to_rule
from regulars.web.console.desk import currency
from regulars.web.console.pages import page
from regulars.web.console.visit import Visit, visit_of

SAMPLE = 8
LONGEST_TEXT = 100_000


@dataclass
class Form:
    """What the form holds: as a browser sent it, or as a page begins with it."""

    draft: Group
    name: str = ""
    """Of the segment that is changed; empty for a new one."""
    title: str = ""
    seen: str = ""
    """When the segment was last changed, as far as whoever changes it knows."""
    text: str = ""
    """The rule as text, where somebody wrote in it; else that of the draft."""
    digest: str = ""
    text_wrong: str = ""
    unapplied: bool = False
    changed: bool = False
    """Whether a condition asks for something else than its inputs were for."""
    focus: str = ""
    written: Written = field(default_factory=Written)


@dataclass
class Counted:
    """What a rule finds, or why that is not known."""

    found: previewing.Preview | None = None
    words: str = ""
    people: list[Listed] = field(default_factory=list)
    mistake: Mistake | None = None
    reason: str = ""


def new(request: HttpRequest) -> HttpResponse:
    """Show the form with nothing in it, or with one of the rules to begin with."""
    visit, begun = visit_of(request), begin.start(request.GET.get("begin", ""))
    draft = of_rule(begun.rule, visit.language) if begun else Group(parts=[Condition()])
    title = visit.t(begun.title) if begun else ""
    return _shown(request, Form(draft, title=title))


def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Show the form with a segment's rule; one that this release cannot read stands there as text."""
    kept = queries.segment(name)
    if kept is None:
        return trouble.page(request, 404)
    form = Form(Group(), name, kept.title, kept.updated_at.isoformat())
    language = visit_of(request).language
    try:
        form.draft = of_rule(canonical(read(kept.rule)), language)
    except RegularsError as error:
        form.text, form.text_wrong = text_of(kept.rule), " ".join(error.said(language))
    return _shown(request, form)


def make(request: HttpRequest) -> HttpResponse:
    """Do what a button of the form for a new segment says."""
    return _done(request, "")


def change(request: HttpRequest, name: str) -> HttpResponse:
    """Do what a button of the form for a known segment says."""
    return trouble.page(request, 404) if queries.segment(name) is None else _done(request, name)


def part(request: HttpRequest) -> HttpResponse:
    """Answer with the form's rule and text after a button, for the script to put in their place."""
    form = _sent(request, request.POST.get("segment", ""))
    if form is None:
        return trouble.page(request, 400)
    _act(form, request.POST.get("act", ""), visit_of(request))
    return page(request, "segment_part.html.j2", **_values(request, form))


def count(request: HttpRequest) -> HttpResponse:
    """Answer with whom the rule finds now, for the script to put in its place."""
    form = _sent(request, request.POST.get("segment", ""))
    if form is None:
        return trouble.page(request, 400)
    values = _values(request, form)
    return page(request, "segment_counted.html.j2", **values, counted=_counted(form, visit_of(request)))


def _done(request: HttpRequest, name: str) -> HttpResponse:
    visit, act = visit_of(request), request.POST.get("act", "")
    form = _sent(request, name)
    if form is None:
        return trouble.page(request, 400)
    if act == "save" and not form.unapplied and not form.changed:
        return _saved(request, form)
    if act == "save":
        return _shown(request, form, error=_not_yet(form))
    _act(form, act, visit)
    return _shown(request, form, counted=_counted(form, visit) if act == "look" else None)


def _sent(request: HttpRequest, name: str) -> Form | None:
    """Read the form; None for one that no page of ours sends."""
    told = request.POST
    try:
        draft = posted.read(told, dict(told.lists()))
    except posted.UnreadableError:
        return None
    text = told.get("text", "")[:LONGEST_TEXT].replace("\r", "")
    form = Form(draft, name[:40], told.get("title", "")[:200], told.get("seen", "")[:40])
    form.changed = settle(draft)
    if text.strip() and digest(text) != told.get("text-digest", ""):
        form.text, form.unapplied = text, True
    return form


def _act(form: Form, act: str, visit: Visit) -> None:
    """Do to the draft what a button says."""
    if act == "json":
        _apply(form, visit.language)
    elif act == "untext":
        form.text, form.unapplied = "", False
    elif ":" in act:
        form.focus = posted.act(form.draft, act)
        settle(form.draft)


def _apply(form: Form, language: str) -> None:
    """Let the text be the rule; what is wrong with it is said beside it, and the draft stays as it was."""
    form.unapplied = False
    if not form.text:
        return
    try:
        form.draft, form.text = of_rule(canonical(read(json.loads(form.text))), language), ""
    except RegularsError as error:
        form.text_wrong = " ".join(error.said(language))
    except (ValueError, RecursionError) as error:
        form.text_wrong = _no_json(error).said(language)[0]


def _no_json(error: Exception) -> RegularsError:
    line = getattr(error, "lineno", 0)
    if not line:
        return RegularsError("segments.text", mark("That is no JSON."))
    return RegularsError("segments.text", mark("That is no JSON: look at line {line}."), line=line)


def _not_yet(form: Form) -> RegularsError:
    if form.unapplied:
        return RegularsError(
            "segments.unapplied",
            mark("The rule as text was changed, and not applied."),
            hint=mark("Apply the text, or take its changes back."),
        )
    return RegularsError(
        "segments.changed_form",
        mark("A condition asks for something else now, and has other inputs."),
        hint=mark("Look it through, then keep it."),
    )


def _saved(request: HttpRequest, form: Form) -> HttpResponse:
    visit = visit_of(request)
    form.written = to_rule(form.draft, visit.language)
    try:
        kept = _kept(form, visit)
    except RegularsError as error:
        if error.code != "segments.rule":
            return _shown(request, form, error=error)
        wrong = mistakes.found(error, form.draft, form.written, visit.language)
        return _shown(request, form, error=_unfinished(), counted=Counted(mistake=wrong))
    return HttpResponseRedirect(f"/segments/own/{kept.name}?done={'changed' if form.name else 'made'}")


def _unfinished() -> RegularsError:
    return RegularsError(
        "segments.unfinished",
        mark("The rule cannot be kept like this."),
        hint=mark("It says at the place what is wrong."),
    )


def _kept(form: Form, visit: Visit) -> Segment:
    """Keep the segment with a note of who did, in one transaction."""
    who, rule = f"user:{visit.me.id}", form.written.rule
    with database.writing("segments"):
        if not form.name:
            title = actions.titled(form.title)
            made = actions.create(actions.free_name(title), title, rule, visit.now)
            access.note(who, "segment.create", made.name, {"title": made.title}, visit.now)
            asking.segments(visit.now)
            return made
        known = queries.segment(form.name)
        if known is not None and known.updated_at.isoformat() != form.seen:
            raise RegularsError(
                "segments.changed",
                mark("Somebody else changed this segment while you did."),
                hint=mark("Open it again in another tab, and bring your changes there."),
                kind=Kind.CONFLICT,
            )
        changed = actions.change(form.name, form.title, rule, visit.now)
        access.note(who, "segment.change", changed.name, {"title": changed.title}, visit.now)
        asking.segments(visit.now)
        return changed


def _counted(form: Form, visit: Visit) -> Counted:
    form.written = to_rule(form.draft, visit.language)
    try:
        found = previewing.preview(
            settings.REGULARS, form.written.rule, visit.now, name=form.name or None, sample=SAMPLE
        )
    except RegularsError as error:
        if error.code in ("segments.rule", "segments.cycle"):
            return Counted(mistake=mistakes.found(error, form.draft, form.written, visit.language))
        return Counted(reason=error.said(visit.language)[0])
    run = published()
    people = listing.of(run and run.id, found.sample)
    titles = {each.name: each.title for each in queries.segments()}
    return Counted(found, said(found.rule, visit.language, titles=titles), people)


def _values(request: HttpRequest, form: Form, wrong: Mistake | None = None) -> dict[str, Any]:
    """Return what every part of the form is laid out with."""
    visit, unit = visit_of(request), currency()
    form.written = to_rule(form.draft, visit.language)
    if not form.text:
        form.text, form.unapplied = text_of(form.written.rule), False
        form.digest = digest(form.text)
    own = {each.name: each.title for each in queries.segments() if each.name != form.name}
    shown = Shown(form.draft, visit.t, unit, own, wrong, form.focus)
    return {"form": form, "b": shown, "s": Speech(visit.language, unit or None)}


def _shown(
    request: HttpRequest, form: Form, *, error: RegularsError | None = None, counted: Counted | None = None
) -> HttpResponse:
    known = queries.segment(form.name) if form.name else None
    fresh = request.method == "GET" and not form.name and not form.title
    return page(
        request,
        "segment_form.html.j2",
        error=error,
        **_values(request, form, counted.mistake if counted else None),
        counted=counted,
        action=request.path_info,
        kept_title=known.title if known else "",
        starts=begin.STARTS if fresh else (),
    )
