"""Several processes of one server count attempts together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.homes import environment
from tests.web.console.conftest import person

ROOT = Path(__file__).resolve().parents[3]
GUESSER = """
import sys
from datetime import UTC, datetime
from regulars.runtime.home import open_home

settings = open_home()
from django.contrib.auth.hashers import ScryptPasswordHasher
from regulars.access.sessions import actions
from regulars.kit.errors import RegularsError

ScryptPasswordHasher.work_factor, ScryptPasswordHasher.parallelism = 2, 1
now = datetime(2026, 1, 1, tzinfo=UTC)
print("ready", flush=True)
sys.stdin.readline()
for turn in range(12):
    try:
        actions.sign_in("owner@shop.example", "wrong wrong", actions.Browser("10.0.0.1", "", ""), settings.home, now=now)
    except RegularsError as error:
        print(error.code)
"""


def test_two_processes_that_guess_have_five_attempts_together(settings: Any) -> None:
    person("owner")
    known = environment() | {
        "REGULARS_HOME": str(settings.home),
        "PYTHONPATH": f"{ROOT / 'src'}",
    }
    guessers = [
        subprocess.Popen(
            [sys.executable, "-c", GUESSER],
            env=known,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        assert [each.stdout.readline() for each in guessers if each.stdout] == ["ready\n"] * 2
        for each in guessers:
            each.stdin.write("\n")  # type: ignore[union-attr]
            each.stdin.flush()  # type: ignore[union-attr]
        told = [each.communicate(timeout=30)[0].split() for each in guessers]
    finally:
        for each in guessers:
            each.kill()
    assert [len(codes) for codes in told] == [12, 12]
    assert sum(codes.count("people.wrong") for codes in told) == 5
    assert {code for codes in told for code in codes} == {"people.wrong", "people.wait"}
