"""One-time codes by the clock (RFC 6238: SHA-1, 30 seconds, six digits, as every authenticator understands them)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """Return 160 random bits in base 32, as RFC 4226 asks for."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """Return the code of a step (RFC 4226, section 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, told: str, now_seconds: float, after: int) -> int | None:
    """Return the step whose code was told, one step early or late allowed and none up to ``after``; None for a wrong code."""
    key = base64.b32decode(secret)
    here = int(now_seconds) // STEP_SECONDS
    found = None
    for step in (here - 1, here, here + 1):
        # All three are compared, so that the time tells nothing.
        if hmac.compare_digest(code(key, step).encode(), told.encode()) and step > after:
            found = step
    return found


def address(secret: str, email: str, shop: str) -> str:
    """Return what an authenticator reads from the QR code."""
    query = urlencode({"secret": secret, "issuer": shop, "digits": DIGITS, "period": STEP_SECONDS})
    return f"otpauth://totp/{quote(f'{shop}:{email}')}?{query}"


def recovery_codes() -> list[str]:
    """Return fresh codes that each stand in for the authenticator once: 79 bits each."""
    drawn = ["".join(secrets.choice(_ALPHABET) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    return ["-".join(text[at : at + 4] for at in range(0, 16, 4)) for text in drawn]


def recovery_hash(told: str) -> str:
    """Return what is kept of a recovery code, however it was typed; as random as it is, it needs no slow hash."""
    plain = "".join(sign for sign in told.lower() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
