"""Keys, made and revoked by whoever may."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from regulars.access import actions, queries, rules
from regulars.store.models import ApiKey
from regulars.web.api.auth import Scope, who
from regulars.web.api.once import now, write
from regulars.web.api.schemas.common import instant
from regulars.web.api.schemas.operations import KeyIn, KeyOut, Keys, NewKey
from regulars.web.api.shop import settings

router = Router(tags=["Keys"])


@router.get("", response=Keys, auth=Scope("keys:write"))
def list_keys(request: HttpRequest) -> Keys:  # noqa: ARG001
    """List every key without its secret."""
    return Keys(keys=[KeyOut(**_told(each)) for each in queries.all_keys()])


@router.post("", response={201: NewKey}, auth=Scope("keys:write"))
@write
def create_key(request: HttpRequest, told: KeyIn) -> tuple[int, NewKey]:
    """Make a key with some of the scopes of the key that asks; its secret is in this answer only."""
    rules.check(told.scopes)
    rules.granted(told.scopes, request.auth.scopes)
    made = actions.create(told.name, told.scopes, settings().home, who=who(request), now=now())
    return 201, NewKey(**_told(made.key), key=made.text, signing_secret=made.signing or None)


@router.delete("/{prefix}", response=KeyOut, auth=Scope("keys:write"))
@write
def revoke_key(request: HttpRequest, prefix: str) -> tuple[int, KeyOut]:
    """Let a key open nothing any more."""
    return 200, KeyOut(**_told(actions.revoke(prefix, who=who(request), now=now())))


def _told(key: ApiKey) -> dict[str, object]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": key.scopes,
        "created_at": instant(key.created_at),
        "last_used_at": instant(key.last_used_at),
        "revoked_at": instant(key.revoked_at),
    }
