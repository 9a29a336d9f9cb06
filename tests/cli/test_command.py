"""The command as a shell sees it: quick help, exit codes, errors a person can act on, quiet pipes."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import regulars
from regulars.cli import failures, group
from regulars.kit.errors import Kind, RegularsError

HEAVY = {
    "ibis",
    "duckdb",
    "pyarrow",
    "numpy",
    "scipy",
    "pandas",
    "rich",
    "babel",
    "jinja2",
    "sqlglot",
    "pyspark",
}


def shell(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **more.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "regulars", *words],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        **more,
    )


def imported_by(*words: str) -> set[str]:
    """The top-level modules that a run of the command imported."""
    script = (
        "import sys\nfrom regulars.cli import main\n"
        f"try: main({list(words)!r})\nexcept SystemExit: pass\n"
        "print('\\n' + ' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("--version",),
        ("completion", "bash"),
        ("simulate", "--help"),
        ("doctor", "--help"),
        ("valu",),
    ],
)
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert imported_by(*words) & HEAVY == set()


@pytest.mark.parametrize("verb", group.VERBS)
def test_every_verb_that_is_listed_exists_and_stays_light(verb: str) -> None:
    if not (Path(group.__file__).parent / f"{verb}.py").is_file():
        pytest.fail(f"regulars.cli.{verb} is listed but not there")
    assert imported_by(verb, "--help") & HEAVY == set()
    command = group.command.get_command(click.Context(group.command), verb)
    assert command is not None
    assert command.name == verb
    assert command.help


def test_help_lists_verbs_and_exit_codes() -> None:
    done = shell("--help")
    assert done.returncode == 0
    for word in (*group.VERBS, "Exit codes", "130", "REGULARS_DEBUG"):
        assert word in done.stdout


def test_version() -> None:
    assert shell("--version").stdout == f"regulars {regulars.__version__}\n"


def test_usage_errors_are_one_sentence_with_a_way_on_and_exit_2() -> None:
    done = shell("valu")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "There is no command 'valu'. Did you mean 'value'?\nSee: regulars --help\n"
    assert shell().returncode == 2
    missing = shell("simulate")
    assert missing.returncode == 2
    assert "--out" in missing.stderr
    assert "See: regulars simulate --help" in missing.stderr


def test_errors_can_be_read_by_programs() -> None:
    done = shell("simulate", "--json", "--customers", "0", "--out", "x")
    assert (done.returncode, done.stdout) == (2, "")
    problem = json.loads(done.stderr)
    assert set(problem) == {"code", "kind", "message", "hint", "exit_code"}
    assert (problem["code"], problem["exit_code"]) == ("cli.usage", 2)


@pytest.mark.parametrize(
    ("shell_name", "sign"),
    [("bash", "complete -o nosort"), ("zsh", "#compdef regulars"), ("fish", "complete --no-files")],
)
def test_completion_scripts_are_printed(shell_name: str, sign: str) -> None:
    done = shell("completion", shell_name)
    assert done.returncode == 0
    assert sign in done.stdout
    assert "_REGULARS_COMPLETE" in done.stdout


def test_verbs_are_completed_without_importing_them() -> None:
    environment = {"_REGULARS_COMPLETE": "bash_complete", "COMP_WORDS": "regulars s", "COMP_CWORD": "1"}
    done = shell(env=environment)
    assert done.stdout.split() == ["plain,segments", "plain,serve", "plain,simulate"]


def test_options_are_completed() -> None:
    environment = {
        "_REGULARS_COMPLETE": "bash_complete",
        "COMP_WORDS": "regulars simulate --s",
        "COMP_CWORD": "2",
    }
    assert "plain,--seed" in shell(env=environment).stdout.split()


# The group's own handling, without a process of its own.


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException | int | None], None]:
    """Make ``regulars value`` do one thing: return a number, or raise."""

    def make(outcome: BaseException | int | None) -> None:
        @click.command()
        @click.option("--json", "as_json", is_flag=True)
        def value(as_json: bool) -> int | None:
            click.echo("begun")
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(group.Verbs, "get_command", lambda *_: value)

    return make


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        group.main(words)
    return int(left.value.code or 0)


@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        (None, 0, ""),
        (3, 3, ""),
        (RegularsError("source.no_date", "No date.", hint="Map one."), 2, "No date.\nMap one.\n"),
        (RegularsError("x", "No file.", kind=Kind.MISSING), 2, "No file.\n"),
        (RegularsError("x", "No Java.", kind=Kind.UNAVAILABLE), 3, "No Java.\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (click.Abort(), 130, "Interrupted.\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/x/y"),
            3,
            "The system refused: No space left on device: /x/y.",
        ),
        (MemoryError(), 3, "--memory"),
        (BrokenPipeError(), 0, ""),
        (ZeroDivisionError("a\nb"), 1, "An error inside Regulars: ZeroDivisionError: a b.\n"),
    ],
)
def test_outcomes_become_exit_codes(
    verb: Callable[..., None],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    outcome: BaseException | int | None,
    code: int,
    said: str,
) -> None:
    monkeypatch.delenv("REGULARS_DEBUG", raising=False)
    silenced = []
    monkeypatch.setattr(failures, "_silence", silenced.append)
    verb(outcome)
    assert run("value") == code
    told = capfd.readouterr()
    assert told.out == "begun\n"
    assert said in told.err
    assert "Traceback" not in told.err
    assert bool(told.err) == bool(said)
    assert bool(silenced) == isinstance(outcome, BrokenPipeError)


def test_a_program_gets_code_and_hint(verb: Callable[..., None], capfd: pytest.CaptureFixture[str]) -> None:
    verb(RegularsError("source.no_date", "Keine „Daten“.", hint="Map one.", kind=Kind.MISSING))
    assert run("value", "--json") == 2
    assert json.loads(capfd.readouterr().err) == {
        "code": "source.no_date",
        "kind": "missing",
        "message": "Keine „Daten“.",
        "hint": "Map one.",
        "exit_code": 2,
    }


def test_the_traceback_is_there_for_those_who_ask(
    verb: Callable[..., None], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_DEBUG", "1")
    verb(ZeroDivisionError("oh"))
    assert run("value") == 1
    assert "Traceback (most recent call last)" in capfd.readouterr().err


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    script = "import click, regulars.cli.group as g\nv = click.Command('value', callback=lambda: [click.echo('x' * 100) for _ in range(9999)])\ng.Verbs.get_command = lambda *_: v\ng.main(['value'])"
    path = tmp_path / "run.py"
    path.write_text(script)
    reader, writer = os.pipe()
    process = subprocess.Popen([sys.executable, str(path)], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    os.read(reader, 10)
    os.close(reader)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_leave_through_the_clean_up(tmp_path: Path, number: int, code: int) -> None:
    script = """
import click, time, tempfile, sys, regulars.cli.group as g
def work():
    with tempfile.TemporaryDirectory(dir=sys.argv[1]):
        print("ready", flush=True)
        time.sleep(60)
v = click.Command("value", callback=work)
g.Verbs.get_command = lambda *_: v
g.main(["value"])
"""
    path = tmp_path / "run.py"
    path.write_text(script)
    place = tmp_path / "scratch"
    place.mkdir()
    process = subprocess.Popen(
        [sys.executable, str(path), str(place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Traceback" not in err
    assert list(place.iterdir()) == []
