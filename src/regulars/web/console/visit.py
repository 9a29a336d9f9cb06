"""One request of a person: who it is, in which language, from where, and with which form token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from regulars.access.people import rules
from regulars.access.sessions import actions, queries
from regulars.access.sessions.actions import Browser
from regulars.access.sessions.rules import ABSOLUTE
from regulars.kit.i18n import LANGUAGES, Translator, translator
from regulars.kit.secrets import secret
from regulars.store.models import Session, User

SESSION, FORM, DEVICE, THEME = "regulars-session", "regulars-form", "regulars-device", "regulars-theme"
PART = "X-Part"
"""What a page sends with a request that it makes by itself, for a part of it."""
THEMES = ("light", "dark")
_YEAR_SECONDS = 365 * 86_400
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{1,200}")


class Visit:
    """A request to the console; ``request.visit``."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.now = datetime.now(UTC)
        self._set: dict[str, tuple[str, int | None]] = {}

    # Where it comes from.

    @cached_property
    def secure(self) -> bool:
        """Whether the browser speaks https: by our own socket, or by a proxy that may be believed."""
        told = self.request.headers.get("X-Forwarded-Proto", "") if settings.REGULARS.behind_proxy else ""
        return self.request.scheme == "https" or told.rpartition(",")[2].strip() == "https"

    @cached_property
    def browser(self) -> Browser:
        """Address, program and device, as attempts are counted by."""
        told = self.request.headers.get("X-Forwarded-For", "") if settings.REGULARS.behind_proxy else ""
        # The proxy adds the address that it saw at the end; what stands before is anybody's word.
        address = told.rpartition(",")[2].strip() or str(self.request.META.get("REMOTE_ADDR") or "")
        return Browser(address, self.request.headers.get("User-Agent", ""), self.cookie(DEVICE))

    # Who it is.

    @cached_property
    def session(self) -> Session | None:
        """The session, complete or not."""
        token = self.cookie(SESSION)
        return queries.session(token, self.now) if token else None

    @property
    def user(self) -> User | None:
        """Who is signed in, with every factor that they have."""
        return self.session.user if self.session is not None and self.session.complete else None

    @property
    def me(self) -> User:
        """Who is signed in, on pages that are only for them; raises ``LookupError`` elsewhere."""
        if self.user is None:
            raise LookupError("nobody is signed in")
        return self.user

    @property
    def here(self) -> Session:
        """The session of who is signed in; raises ``LookupError`` without one."""
        if self.session is None:
            raise LookupError("nobody is signed in")
        return self.session

    def may(self, permission: str) -> bool:
        """Tell whether whoever is signed in may do something."""
        return self.user is not None and rules.may(self.user.roles, permission)

    def enter(self, token: str, session: Session) -> None:
        """Go on with another session; a complete one makes the browser known."""
        self.session = session
        self._set[SESSION] = (token, int(ABSOLUTE.total_seconds()))
        if session.complete:
            self._set[DEVICE] = (actions.device(session.user, settings.REGULARS.home), _YEAR_SECONDS)

    def leave(self) -> None:
        """Go on without a session."""
        self._set[SESSION] = ("", 0)

    # What it reads.

    @cached_property
    def language(self) -> str:
        """The person's own language, else the first one that the browser asks for and we speak."""
        if self.user is not None and self.user.language in LANGUAGES:
            return str(self.user.language)
        for told in self.request.headers.get("Accept-Language", "")[:200].lower().split(","):
            language = told.strip()[:2]
            if language in LANGUAGES:
                return language
        return "en"

    @property
    def theme(self) -> str:
        """Light or dark, as somebody chose in this browser; empty for the system's own."""
        told = self.cookie(THEME)
        return told if told in THEMES else ""

    def choose_theme(self, theme: str) -> None:
        """Remember light or dark in this browser; anything else leaves it to the system."""
        self._set[THEME] = (theme, _YEAR_SECONDS) if theme in THEMES else ("", 0)

    @property
    def t(self) -> Translator:
        """Sentences in the person's language."""
        return translator(self.language)

    # Forms come from our own pages.

    @cached_property
    def form_token(self) -> str:
        """What every form carries: only who can read a page of this very browser and session knows it."""
        return self._form_token(self._form_cookie)

    @cached_property
    def _form_cookie(self) -> str:
        known = self.cookie(FORM)
        if known:
            return known
        fresh = secrets.token_urlsafe(24)
        self._set[FORM] = (fresh, None)
        return fresh

    def _form_token(self, cookie: str) -> str:
        bound = f"{cookie}|{self._set.get(SESSION, (self.cookie(SESSION), 0))[0]}"
        digest = hashlib.blake2b(
            bound.encode(), key=secret(settings.REGULARS.home), digest_size=24, person=b"form"
        ).digest()
        return base64.urlsafe_b64encode(digest).decode()

    def own_form(self) -> bool:
        """Tell whether a form was sent from a page of ours, by this browser in this session."""
        origin = self.request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != self.request.get_host():
            return False
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return False
        cookie, told = self.cookie(FORM), str(self.request.POST.get("form", ""))
        return bool(cookie) and hmac.compare_digest(told.encode(), self._form_token(cookie).encode())

    # Cookies.

    def cookie(self, name: str) -> str:
        """Return a cookie's value; empty for none, and for what we would not have set."""
        told = str(self.request.COOKIES.get(self._named(name), ""))
        return told if _TOKEN.fullmatch(told) else ""

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def finish(self, answer: HttpResponse) -> None:
        """Write the cookies that changed."""
        for name, (value, seconds) in self._set.items():
            answer.set_cookie(
                self._named(name), value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="Lax"
            )  # fmt: skip


def visit_of(request: Any) -> Visit:
    """Return the visit of a request; made where a request failed before it had one."""
    if not hasattr(request, "visit"):
        request.visit = Visit(request)
    found: Visit = request.visit
    return found


def own_path(told: str) -> str:
    """Return where to go after signing in: a path of ours, and nothing else that could be in an address."""
    fine = (
        told.startswith("/")
        and not told.startswith(("//", "/\\"))
        and told.isprintable()
        and "\\" not in told
    )
    return told if fine and len(told) <= 500 else "/"
