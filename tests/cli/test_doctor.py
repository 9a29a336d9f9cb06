"""The doctor says what is there and what is not, and survives both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from regulars.cli import doctor


def test_everything_is_looked_at_and_told_twice() -> None:
    told = CliRunner().invoke(doctor.doctor, ["--json"])
    answer = json.loads(told.stdout)
    names = [check["name"] for check in answer["checks"]]
    assert {
        "Python",
        "Libraries",
        "Processor",
        "Memory",
        "Temporary folder",
        "Engine duckdb",
        "Engine spark",
        "Languages",
    } <= set(names)
    assert answer["ok"] is True
    plain = CliRunner().invoke(doctor.doctor, [])
    assert all(name in plain.stdout for name in names)
    assert "\x1b" not in plain.stdout


def test_what_is_missing_is_bad_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "LIBRARIES", ("numpy", "no-such-library"))
    monkeypatch.setattr(doctor, "ASSETS", tmp_path / "none")
    monkeypatch.setattr(doctor.shutil, "which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    result = CliRunner().invoke(doctor.doctor, [], standalone_mode=False)
    assert result.return_value == 3
    assert "BAD" in result.stdout
    assert "Missing: no-such-library" in result.stdout
    assert "Java not found" in result.stdout
    assert "make setup" in result.stdout


def test_a_temporary_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor.tempfile, "gettempdir", lambda: str(tmp_path / "absent"))
    check = doctor._scratch()
    assert check.state == "bad"
    assert "TMPDIR" in check.advice


@pytest.mark.parametrize(
    ("said", "major"), [('openjdk version "17.0.9" 2023', 17), ('java version "1.8.0_39"', 8), ("oops", None)]
)
def test_javas_version_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, major: int | None
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert doctor.java_version() == major
