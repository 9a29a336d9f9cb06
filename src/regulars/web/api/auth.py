"""Who asks, and whether they may: a key in the ``Authorization`` header, with the scope that the operation needs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import HttpBearer

from regulars.access import actions, queries
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.store.models import ApiKey
from regulars.web.api.limits import BUCKETS, headers


class Scope(HttpBearer):
    """Lets keys with a scope in; an operation says which with ``auth=Scope("orders:read")``."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Any:
        """Return the key of a request; raises for none, a wrong one, one without the scope, and one that asks too much."""
        return self.authenticate(request, _token(request))

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Return the key that a text is."""
        key = queries.key(token)
        if key is None:
            raise unauthenticated()
        _within_limits(request, key)
        if self.scope not in key.scopes:
            raise RegularsError(
                "api.scope",
                mark("This key may not do that: it needs the scope {scope}."),
                hint=mark("Make a key with it: regulars keys create NAME --scope {scope}"),
                kind=Kind.FORBIDDEN,
                scope=self.scope,
            )
        actions.used(key, datetime.now(UTC))
        return key


def _token(request: HttpRequest) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _within_limits(request: HttpRequest, key: ApiKey) -> None:
    left = BUCKETS.take(key.id, settings.REGULARS.api_rate, settings.REGULARS.api_burst)
    request.rate_headers = headers(left)
    if not left.allowed:
        raise RegularsError(
            "api.too_many",
            mark("This key asks too much at once."),
            hint=mark("Ask again in {retry_seconds} s."),
            kind=Kind.UNAVAILABLE,
            retry_seconds=left.retry_seconds,
        )


def unauthenticated() -> RegularsError:
    """Return the error for a request without a key that opens anything."""
    return RegularsError(
        "api.unauthenticated",
        mark("The request has no valid key."),
        hint=mark("Send the header: Authorization: Bearer rk_…"),
        kind=Kind.FORBIDDEN,
    )


def who(request: HttpRequest) -> str:
    """Return how the audit names whoever asks."""
    return f"key:{request.auth.prefix}"
