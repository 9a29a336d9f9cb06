"""Every example of the pages runs, and every command in them exists."""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from tests.docs import calls
from tests.docs.pages import PAGES, ROOT, alike, blocks, examples, name, prose

from regulars.cli import command

WITH_PYTHON = [page for page in PAGES if any(block.language == "python" for block in blocks(page))]


END = "\0"
"""Printed where a block ends, to tell whose output is whose."""


class Ran(NamedTuple):
    """How a page's Python went."""

    failed: int
    printed: list[str]
    errors: str
    left_behind: list[str]
    called: frozenset[str]
    """Public functions that the page itself called."""


@functools.cache
def ran(page: Path) -> Ran:
    """Run the blocks of a page one after another, as a reader would paste them, in a folder with ``examples``."""
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        (folder / "examples").symlink_to(ROOT / "examples")
        script, called = folder / "page.py", folder / "called.json"
        told: list[str] = []
        for block, _ in examples(page):
            told += [""] * (block.line - 1 - len(told))  # so that an error names the line of the page
            told += [*block.text.split("\n"), f"print({END!r}, end='')"]
        script.write_text("\n".join(told), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "error::SyntaxWarning", calls.__file__, script.name, called.name],
            cwd=folder,
            env=os.environ | {"TMPDIR": held, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            timeout=400,
            check=False,
        )
        left = [one.name for one in folder.glob("regulars-*")]
        names = json.loads(called.read_text(encoding="utf-8")) if called.exists() else []
    return Ran(done.returncode, done.stdout.split(END), done.stderr, left, frozenset(names))


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name)
def test_the_python_of_a_page_runs_and_prints_what_it_shows(page: Path) -> None:
    done = ran(page)
    assert done.failed == 0, done.errors[-3000:]
    assert not done.left_behind, "an example leaves a working folder behind"
    for (block, shown), printed in zip(examples(page), done.printed, strict=False):
        if shown is not None:
            assert alike(printed, shown), f"{name(page)}, line {block.line}, prints:\n{printed}"
        elif {"ideas", "models"} & set(page.parts):
            assert not printed, f"{name(page)}, line {block.line}, does not show what it prints:\n{printed}"


def test_every_public_function_of_the_models_and_of_value_is_shown_at_work() -> None:
    """Called by an example of ``docs`` itself, not only by the library on its behalf."""
    pages = [page for page in WITH_PYTHON if page.is_relative_to(ROOT / "docs")]
    called = frozenset[str]().union(*(ran(page).called for page in pages))
    wanted = [full for _, _, full in calls.public(calls.modules())]
    assert len(wanted) > 100, "the search for functions finds few"
    assert not (missing := sorted(set(wanted) - called)), f"no example calls {', '.join(missing)}"


@pytest.mark.parametrize(
    ("told", "shown", "same"),
    [
        ("a 1.24  b", "a 1.25 b\n", True),
        ("a 1.23", "a 1.25", False),
        ("12 rows", "13 rows", False),
        ("9.99 | -0.00", "10.00 | 0.00", True),
        ("a 1.2", "b 1.2", False),
        ("1.20", "1.2", False),
        ("1 2", "1", False),
    ],
)
def test_an_output_may_differ_in_the_last_decimal_only(told: str, shown: str, same: bool) -> None:
    assert alike(told, shown) is same


def commands(page: Path) -> list[str]:
    """Return what a page tells its reader to type after ``regulars``."""
    found = []
    for block in blocks(page):
        if block.language in {"", "sh", "bash", "console", "shell"}:
            text = block.text.replace("\\\n", " ")
            found += re.findall(r"^\s*\$?\s*(?:\.venv/bin/)?regulars (.+)$", text, re.MULTILINE)
    found += re.findall(r"`(?:\.venv/bin/)?regulars (\S[^`]*)`", prose(page))
    return [text for text in found if not text.startswith(("VERB", "…"))]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=name)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    group = click.Context(command, info_name="regulars")
    for text in commands(page):
        if page.name == "command.md" and "[OPTIONS]" in text:
            continue
        words = shlex.split(text, comments=True)
        verb = words[0] if not words[0].startswith("-") else None
        known = {option for param in command.get_params(group) for option in param.opts}
        if verb is not None:
            found = command.get_command(group, verb)
            assert found is not None, f"there is no `regulars {verb}`"
            behind = {inner.name: inner for inner in getattr(found, "further", ())}
            found = behind.get(words[1] if len(words) > 1 else None, found)
            context = click.Context(found, info_name=verb, parent=group)
            known = {
                option
                for param in found.get_params(context)
                for option in (*param.opts, *param.secondary_opts)
            }
        for word in words:
            if word.startswith("-") and word != "-":
                assert word.split("=")[0] in known, f"`regulars {text}`: no option {word}"


def test_options_in_the_text_exist() -> None:
    group = click.Context(command, info_name="regulars")
    known = {"--help", "--version"}
    for verb in command.list_commands(group):
        found = command.get_command(group, verb)
        assert found is not None
        for each in (found, *getattr(found, "further", ())):
            known |= {option for param in each.params for option in (*param.opts, *param.secondary_opts)}
    for page in PAGES:
        if "decisions" in page.parts:
            continue  # these also tell of other tools' options
        for option in re.findall(r"`(--[a-z][a-z-]*)", prose(page)):
            assert option in known, f"{name(page)} speaks of {option}"


def test_make_targets_in_the_pages_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page in PAGES:
        code = "\n".join(block.text for block in blocks(page) if block.language != "python")
        told = re.findall(r"^\s*make ([a-z-]+)", code, re.MULTILINE) + re.findall(
            r"`make ([a-z-]+)`", prose(page)
        )
        assert set(told) <= targets, f"{name(page)}: {set(told) - targets}"
