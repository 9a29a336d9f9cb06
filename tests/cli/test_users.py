"""People made and changed by the command; the first owner by the link that a server prints."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.homes import environment, opened

from regulars.cli import command

PASSWORD = "correct horse battery\n"


def run(home: Path, *words: str, told: str = "") -> Any:
    return CliRunner().invoke(command, ["users", *words, "--home", str(home)], input=told)


def everybody(home: Path) -> dict[str, Any]:
    return {each["email"]: each for each in json.loads(run(home, "list", "--json").stdout)}


def test_somebody_comes_changes_and_goes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    opened(home)
    made = run(home, "create", "Ada@Shop.example", "--role", "owner", "--password-file", "-", told=PASSWORD)
    assert made.exit_code == 0, made.output
    run(home, "create", "ben@shop.example", "--role", "analyst", "--password-file", "-", told=PASSWORD)
    assert everybody(home)["ada@shop.example"]["roles"] == ["owner"]
    assert run(home, "role", "ben@shop.example", "--role", "marketer", "--role", "service").exit_code == 0
    assert sorted(everybody(home)["ben@shop.example"]["roles"]) == ["marketer", "service"]
    assert run(home, "deactivate", "ben@shop.example").exit_code == 0
    assert not everybody(home)["ben@shop.example"]["is_active"]
    run(home, "deactivate", "ben@shop.example", "--undo")
    assert everybody(home)["ben@shop.example"]["is_active"]
    from regulars.store.models import User

    before = User.objects.get(email="ben@shop.example").password
    assert PASSWORD.strip() not in before
    assert (
        run(home, "password", "ben@shop.example", "--password-file", "-", told="another long one\n").exit_code
        == 0
    )
    assert User.objects.get(email="ben@shop.example").password != before
    assert "ben@shop.example" in run(home, "list").stdout


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    opened(home)
    run(home, "create", "ada@shop.example", "--role", "owner", "--password-file", "-", told=PASSWORD)
    for words, told in (
        (("deactivate", "ada@shop.example"), ""),  # the last owner
        (("role", "ada@shop.example", "--role", "analyst"), ""),
        (("create", "ada@shop.example", "--role", "owner", "--password-file", "-"), PASSWORD),
        (("create", "new@shop.example", "--role", "king", "--password-file", "-"), PASSWORD),
        (("create", "new@shop.example", "--role", "owner", "--password-file", "-"), "short\n"),
        (("create", "new@shop.example", "--role", "owner", "--password-file", "-"), "password1234\n"),
        (("create", "no mail", "--role", "owner", "--password-file", "-"), PASSWORD),
        (("password", "nobody@shop.example", "--password-file", "-"), PASSWORD),
    ):
        failed = run(home, *words, told=told)
        assert failed.exit_code != 0, words
        assert failed.exception.code.startswith("people."), words
    assert list(everybody(home)) == ["ada@shop.example"]


def test_the_first_owner_gets_a_link(tmp_path: Path) -> None:
    home = tmp_path / "home"
    opened(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [
        sys.executable,
        "-m",
        "regulars",
        "serve",
        "--home",
        str(home),
        "--port",
        str(port),
        "--no-worker",
    ]
    server = subprocess.Popen(
        words, env=environment() | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        found = (re.search(rf"http://127\.0\.0\.1:{port}(/[\w/-]{{20,}})", line) for line in server.stdout)
        path = next(each[1] for each in found if each)
    finally:
        server.terminate()
        server.communicate(timeout=30)
    from django.test import Client

    assert Client().get(path).status_code == 200
    assert Client().get(path[:-3] + "AAA").status_code in (403, 404, 410, 422)
