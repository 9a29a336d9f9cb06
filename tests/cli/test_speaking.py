"""The command in Polish, as a shell sees it: errors, help, the doctor and the simulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from regulars.cli import doctor, group, speaking

HEAVY = {"ibis", "duckdb", "pyarrow", "numpy", "scipy", "pandas", "rich", "babel", "jinja2"}
ENGLISH = ("Usage", "Options", "Commands", "Show", " the ", "default:", "Write ", " with ", "[OPTIONS]")


def shell(*words: str, language: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "REGULARS_LANG": language, "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "regulars", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        timeout=120,
        cwd=cwd,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "variable", "language"),
    [
        ([], "", "en"),
        ([], "pl", "pl"),
        ([], "klingon", "en"),
        (["--lang", "pl"], "", "pl"),
        (["--lang=en"], "pl", "en"),
        (["--lang", "klingon"], "pl", "pl"),
        (["--", "--lang", "pl"], "", "en"),
        (["--lang"], "", "en"),
    ],
)
def test_the_option_goes_before_the_variable(words: list[str], variable: str, language: str) -> None:
    assert speaking.chosen(["value", *words], {"REGULARS_LANG": variable}) == language


def test_errors_are_told_in_the_language_of_the_option_or_of_the_variable(tmp_path: Path) -> None:
    polish = "Nie ma pliku ani folderu {0}{name!r}.csv.\nSprawdź ścieżkę.\n"
    for words, language in ((("--lang", "pl"), ""), ((), "pl"), (("--lang", "pl"), "klingon")):
        done = shell("value", "{0}{name!r}.csv", *words, language=language, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (2, polish)
    done = shell("value", "nowhere.csv", language="klingon", cwd=tmp_path)
    assert done.stderr == "There is no file or folder nowhere.csv.\nCheck the path.\n"
    done = shell("value", "nowhere.csv", "--lang", "en", language="pl", cwd=tmp_path)
    assert "There is no file" in done.stderr


def test_programs_get_the_same_code_in_any_language(tmp_path: Path) -> None:
    done = shell("value", "nowhere.csv", "--json", language="pl", cwd=tmp_path)
    problem = json.loads(done.stderr)
    assert (problem["code"], problem["kind"], problem["exit_code"]) == ("source.missing", "missing", 2)
    assert (problem["message"], problem["hint"]) == (
        "Nie ma pliku ani folderu nowhere.csv.",
        "Sprawdź ścieżkę.",
    )


def test_usage_errors_are_polish_with_clicks_own_words(tmp_path: Path) -> None:
    for words, said in (
        (("valu",), "Nie ma polecenia 'valu'. Czy chodziło o 'value'?"),
        (("value",), "Brakuje argumentu 'ORDERS'."),
        (("value", "x", "--margin", "lots"), "'lots' to nie udział; zapisz go jako 0.35 lub 35%."),
        (("value", "x", "--nonsense"), "Nie ma opcji '--nonsense'."),
        (("simulate", "--customers", "0", "--out", "x"), "0 jest poza zakresem x>=1."),
        (("simulate", "--customers", "x", "--out", "x"), "'x' to nie liczba całkowita z zakresu."),
        (("value", "x", "--lang", "xx"), "'xx' to żadna z wartości: 'en', 'pl'."),
    ):
        done = shell(*words, language="pl", cwd=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Zobacz: regulars" in done.stderr


@pytest.mark.parametrize("verb", ["", *group.VERBS])
def test_help_is_polish_throughout(verb: str) -> None:
    told = shell(*filter(None, [verb]), "--help", language="pl").stdout
    assert told.startswith("Użycie: regulars")
    assert "Opcje:" in told
    left = [word for word in ENGLISH if word in told]
    assert not left, f"still English: {left}\n{told}"


def test_polish_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom regulars.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "REGULARS_LANG": "pl", "PYTHONUTF8": "1"},
        timeout=120,
        check=True,
    )
    assert "Polecenia:" in done.stdout
    assert set(done.stdout.splitlines()[-1].split()) & HEAVY == set()


def test_what_click_says_is_what_we_translate() -> None:
    """A word of click's that changes in a new version would silently be English again."""
    source = "".join(
        Path(str(getattr(click, name).__file__)).read_text(encoding="utf-8")
        for name in ("core", "decorators", "exceptions", "formatting", "parser", "types")
    )
    gone = [word for word in speaking.CLICK if word.split("\n")[0] not in source]
    assert not gone


def test_the_doctor_speaks_polish_and_keeps_names_for_programs() -> None:
    runner = CliRunner()
    plain = runner.invoke(doctor.doctor, ["--lang", "pl"]).stdout
    assert "Folder tymczasowy" in plain
    assert "Processor" not in plain
    answer = json.loads(runner.invoke(doctor.doctor, ["--lang", "pl", "--json"]).stdout)
    assert "Processor" in {check["name"] for check in answer["checks"]}
    assert any("rdzenie" in check["found"] for check in answer["checks"])
    assert "Processor" in runner.invoke(doctor.doctor, []).stdout


def test_the_simulator_speaks_polish(tmp_path: Path) -> None:
    done = shell("simulate", "--customers", "50", "--lang", "pl", "--out", "shop", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "50  klienci" in done.stdout
    assert "Zapisano w shop" in done.stdout
    assert "Przeanalizuj poleceniem: regulars value shop" in done.stdout
