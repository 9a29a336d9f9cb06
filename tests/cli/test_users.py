"""People made, listed and changed by the command, and the link that a server prints for the first one."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.homes import opened

from regulars.cli import command

PASSWORD = "correct horse battery"
EMAIL = "ada@shop.example"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from django.contrib.auth.hashers import ScryptPasswordHasher

    monkeypatch.setattr(ScryptPasswordHasher, "work_factor", 2)
    monkeypatch.setattr(ScryptPasswordHasher, "parallelism", 1)
    opened(tmp_path / "home")
    return tmp_path / "home"


def run(home: Path, *words: str, typed: str = "") -> Any:
    return CliRunner().invoke(command, ["users", *words, "--home", str(home)], input=typed)


def made(home: Path) -> Any:
    file = home / "password"
    file.write_text(f"{PASSWORD}\nsecond line\n", encoding="utf-8")
    return run(
        home, "create", EMAIL, "--name", "Ada", "--role", "owner", "--role", "analyst",
        "--password-file", str(file),
    )  # fmt: skip


def fits(password: str) -> bool:
    from regulars.access.people import passwords, queries

    return passwords.matches(password, queries.by_email(EMAIL).password)


def test_a_person_is_made_and_listed(home: Path) -> None:
    assert made(home).stdout == f"{EMAIL} may sign in.\n"
    assert fits(PASSWORD)
    told = json.loads(run(home, "list", "--json").stdout)
    assert [(each["email"], each["name"], sorted(each["roles"])) for each in told] == [
        (EMAIL, "Ada", ["analyst", "owner"])
    ]
    assert not any("password" in name for name in told[0])
    shown = run(home, "list", "--lang", "pl").stdout
    assert EMAIL in shown
    assert "scrypt" not in shown


def test_a_password_is_asked_for_twice_and_never_shown(home: Path) -> None:
    words = ("create", EMAIL, "--role", "owner")
    asked = run(home, *words, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert asked.exit_code == 0
    assert PASSWORD not in asked.output
    assert fits(PASSWORD)
    changed = run(home, "password", EMAIL, "--password-file", "-", typed="another long password\n")
    assert changed.exit_code == 0
    assert fits("another long password")


@pytest.mark.parametrize(
    ("words", "typed", "told"),
    [
        (("create", "no e-mail", "--role", "owner"), "", "people.email"),
        (("create", EMAIL, "--role", "king"), "", "people.role"),
        (("create", EMAIL, "--role", "owner", "--password-file", "-"), "short\n", "people.password_length"),
        (("create", EMAIL, "--role", "owner", "--password-file", "-"), "password1234\n", "people.password_common"),
        (("password", EMAIL), "", "people.missing"),
        (("role", EMAIL, "--role", "owner"), "", "people.missing"),
        (("deactivate", EMAIL), "", "people.missing"),
        (("reset-two-factor", EMAIL), "", "people.missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_kept(
    home: Path, words: tuple[str, ...], typed: str, told: str
) -> None:
    from regulars.access.people import queries

    refused = run(home, *words, typed=typed)
    assert refused.exit_code != 0
    assert refused.exception.code == told
    assert not queries.anybody()


def test_an_e_mail_is_one_person(home: Path) -> None:
    made(home)
    assert made(home).exception.code == "people.twice"


def test_roles_change_but_the_last_owner_stays(home: Path) -> None:
    from regulars.access.people import queries

    made(home)
    for words in (("role", EMAIL, "--role", "analyst"), ("deactivate", EMAIL)):
        assert run(home, *words).exception.code == "people.last_owner"
    assert queries.by_email(EMAIL).is_active
    assert run(home, "role", EMAIL, "--role", "owner").exit_code == 0
    assert queries.by_email(EMAIL).roles == ["owner"]


def test_another_password_and_deactivating_end_sessions(home: Path) -> None:
    from regulars.access.people import queries
    from regulars.access.sessions import actions
    from regulars.store.models import Audit, Session

    made(home)
    run(home, "create", "bo@shop.example", "--role", "owner", "--password-file", "-", typed=f"{PASSWORD}\n")
    user, from_here = queries.by_email(EMAIL), actions.Browser("10.0.0.1", "", "")
    actions.renew(user, from_here, now=datetime.now(UTC))
    run(home, "password", EMAIL, "--password-file", "-", typed="another long password\n")
    assert not Session.objects.exists()
    actions.renew(user, from_here, now=datetime.now(UTC))
    assert run(home, "deactivate", EMAIL).exit_code == 0
    assert not queries.by_email(EMAIL).is_active
    assert not Session.objects.exists()
    assert run(home, "deactivate", EMAIL, "--undo").exit_code == 0
    assert queries.by_email(EMAIL).is_active
    who = Audit.objects.filter(what__startswith="user.").values_list("who", flat=True)
    assert set(who) == {"command"}


def test_two_factor_sign_in_is_switched_off(home: Path) -> None:
    import base64

    from regulars.access.people import actions, queries, totp

    made(home)
    user, now = queries.by_email(EMAIL), datetime.now(UTC)
    secret = actions.begin_two_factor(user.id, home)
    code = totp.code(base64.b32decode(secret), int(now.timestamp()) // 30)
    actions.confirm_two_factor(user.id, code, home, now=now)
    assert json.loads(run(home, "list", "--json").stdout)[0]["two_factor"] is True
    assert run(home, "reset-two-factor", EMAIL).exit_code == 0
    assert json.loads(run(home, "list", "--json").stdout)[0]["two_factor"] is False


def test_a_server_prints_a_link_while_there_is_nobody(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    import granian

    from regulars.access.people import queries

    monkeypatch.setattr(granian.Granian, "serve", lambda _: None)
    words = ["serve", "--home", str(home), "--no-worker", "--port", "8123"]
    links = []
    for _ in range(2):
        told = CliRunner().invoke(command, words)
        assert told.exit_code == 0
        text = "".join(told.stdout.split())
        links.append(re.search(r"http://127\.0\.0\.1:8123/link/([\w-]{43})", text)[1])  # type: ignore[index]
    now = datetime.now(UTC)
    assert queries.link(links[0], now) is None, "the later one counts"
    opened_by = queries.link(links[1], now)
    assert opened_by is not None
    assert opened_by.user is None, "it makes the first owner"
    made(home)
    assert "/link/" not in CliRunner().invoke(command, words).stdout
