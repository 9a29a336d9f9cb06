"""People who sign in: who they are, what proves it, where they are signed in, and how often somebody guessed."""

from __future__ import annotations

from django.db import models


class User(models.Model):
    """A person who works with the console. Nobody is deleted, so that the audit can always name them."""

    email = models.CharField(max_length=254, unique=True)
    """Normalised: see ``access.people.rules.email``."""
    name = models.CharField(max_length=100)
    language = models.CharField(max_length=8, blank=True, default="")
    """Empty for what the browser asks for."""
    roles = models.JSONField(default=list)
    password = models.CharField(max_length=256, blank=True, default="")
    """A slow hash; empty until the person has chosen one."""
    is_active = models.BooleanField(default=True)
    totp = models.TextField(blank=True, default="")
    """The secret of the second factor, encrypted; empty without one."""
    totp_pending = models.TextField(blank=True, default="")
    """A secret that was shown and not yet confirmed, encrypted."""
    totp_step = models.BigIntegerField(default=0)
    """Step of the last code that was taken: no code counts twice."""
    created_at = models.DateTimeField()
    signed_in_at = models.DateTimeField(null=True)
    password_changed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "users"


class RecoveryCode(models.Model):
    """Stands in for the second factor, once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery_codes"


class PasswordLink(models.Model):
    """A link of one use under which a person chooses a password; without a person it makes the first owner."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "password_links"


class Session(models.Model):
    """A browser in which somebody signed in, or has still to give the second factor."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    token_hash = models.CharField(max_length=64, unique=True)
    """SHA-256 of 256 random bits that only the browser has."""
    complete = models.BooleanField(default=False)
    """Whether the second factor was given too, where there is one."""
    agent = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    """Written at most once a minute."""

    class Meta:
        db_table = "sessions"


class Attempt(models.Model):
    """How often a sign-in failed lately, for an account, an address or a known browser."""

    key = models.CharField(max_length=80, primary_key=True)
    failures = models.IntegerField(default=0)
    last_at = models.DateTimeField()
    next_at = models.DateTimeField()
    """Nothing is tried before."""

    class Meta:
        db_table = "attempts"
