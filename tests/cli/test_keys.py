"""Keys made, listed and revoked by the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.homes import opened

from regulars.cli import command


def run(home: Path, *words: str) -> Any:
    return CliRunner().invoke(command, ["keys", *words, "--home", str(home)])


def test_a_key_is_made_listed_and_revoked(tmp_path: Path) -> None:
    home = tmp_path / "home"
    opened(home)
    from regulars.access import queries

    made = run(home, "create", "Order sync", "--scope", "orders:write", "--scope", "orders:read")
    text = made.stdout.strip()
    assert text.startswith("rk_")
    key = queries.key(text)
    assert key is not None
    assert (key.name, key.scopes) == ("Order sync", ["orders:read", "orders:write"])
    listed = run(home, "list").stdout
    assert key.prefix in listed
    assert text not in listed
    assert "Revoked: " in run(home, "revoke", key.prefix).stdout
    assert queries.key(text) is None
    shop = json.loads(run(home, "create", "Shop", "--scope", "collect", "--json").stdout)
    name, _, signing = queries.write_keys(home)[shop["prefix"]]
    assert (name, signing) == ("Shop", shop["signing_secret"])
    told = json.loads(run(home, "list", "--json").stdout)
    assert [each["prefix"] for each in told] == [shop["prefix"], key.prefix]


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for words in (("create", "x", "--scope", "everything"), ("revoke", "nobody")):
        failed = run(home, *words)
        assert failed.exit_code != 0
        assert failed.exception.code in ("access.scope", "access.no_key")
