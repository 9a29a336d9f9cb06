"""Who may ask the server for what: keys, answers kept for requests that come twice, and who changed what."""

from __future__ import annotations

from django.db import models


class ApiKey(models.Model):
    """A key of a program. Its secret is shown once, when it is made; here is only what proves it."""

    prefix = models.CharField(max_length=16, unique=True)
    """The part by which a key is found, and named in lists."""
    secret_hash = models.CharField(max_length=64)
    """SHA-256 of the rest; as random as it is, it needs no salt and no slow hash."""
    name = models.CharField(max_length=100)
    scopes = models.JSONField(default=list)
    signing = models.TextField(blank=True, default="")
    """Of a write key: the secret with which the shop signs whom it says a visitor is, encrypted."""
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    """Written at most once a minute."""
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_keys"


class Idempotency(models.Model):
    """The answer to a change that was made, so that the same request gets it again and changes nothing."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request = models.TextField()
    """Method and path."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the body."""
    status = models.IntegerField()
    answer = models.TextField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "idempotency"
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="idempotency_once")]


class Audit(models.Model):
    """One change that somebody made: kept as it was told, whatever becomes of its object."""

    who = models.CharField(max_length=100)
    """``key:PREFIX``, or the command."""
    what = models.CharField(max_length=60)
    object = models.CharField(max_length=260)
    details = models.JSONField(default=dict)
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "audit"
