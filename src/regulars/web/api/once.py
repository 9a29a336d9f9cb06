"""Changes are made once: a request that comes again under the same ``Idempotency-Key`` gets the answer that it had."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from regulars.access import actions
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.web.api.auth import who

HEADER = "Idempotency-Key"
JSON = "application/json"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def write(view: Callable[..., tuple[int, Any]]) -> Callable[..., HttpResponse]:
    """Make a view a change: one transaction with its answer; the view returns a status and a schema."""

    @wraps(view)
    def once(request: HttpRequest, *args: Any, **given: Any) -> HttpResponse:
        digest = hashlib.sha256(request.body).hexdigest()
        asked = f"{request.method} {request.get_full_path()}"
        with actions.once(request.auth.id, _key(request), asked, digest, now()) as change:
            if change.kept is not None:
                status, body = change.kept
                return _answer(status, body, replayed=True)
            status, told = view(request, *args, **given)
            body = "" if told is None else told.model_dump_json()
            change.answer = (status, body if told is None else _kept(told))
        return _answer(status, body)

    # Whoever reads the signature would look for its names here, not where the view is written.
    once.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return once


def _kept(told: Any) -> str:
    """An answer as it may be kept: without secrets, which are shown once."""
    return told.model_dump_json(exclude=getattr(told, "secrets_once", None))


def _answer(status: int, body: str, *, replayed: bool = False) -> HttpResponse:
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    return HttpResponse(body, status=status, content_type=JSON, headers=headers)


def _key(request: HttpRequest) -> str | None:
    told = request.headers.get(HEADER)
    if told is not None and not _KEY.fullmatch(told):
        raise RegularsError(
            "api.idempotency_key",
            mark("An Idempotency-Key has 1 to 200 visible ASCII characters."),
            location=f"header.{HEADER}",
        )
    return told


def note(request: HttpRequest, what: str, thing: str, **details: Any) -> None:
    """Write down what was changed; call inside a view that is a change."""
    actions.note(who(request), what, thing, details, now())


def now() -> datetime:
    """Return the moment, in UTC."""
    return datetime.now(UTC)
