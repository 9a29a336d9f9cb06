"""The pages say what the program does: links lead somewhere, every code, figure, option and variable is described."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from tests.docs.pages import PAGES, ROOT, anchors, name, prose
from tools import document

from regulars.cli.failures import EXIT_CODES
from regulars.runtime.settings import PREFIX, Settings


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{name(page)} links to {target}"
        assert place.is_relative_to(ROOT), f"{name(page)} links out of the project: {target}"
        if anchor and place.suffix == ".md":
            assert anchor in anchors(place), f"{name(page)} links to {target}, which has no such heading"


@pytest.mark.parametrize("page", sorted(ROOT / "docs" / name for name in document.PAGES), ids=name)
def test_generated_pages_are_fresh(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == document.pages()[page], (
        "run: .venv/bin/python tools/document.py"
    )


def test_every_error_is_described() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))
    raised = document.error_codes()
    assert len(raised) > 30, "the search for codes finds none"
    covered = {
        code if code in described or not code.startswith("simulator.") else "simulator.<setting>"
        for code in raised
    }
    assert covered <= described, f"not in docs/errors.md: {sorted(covered - described)}"
    gone = described - covered - {"interrupted"}
    assert not gone, f"docs/errors.md describes what nothing raises: {sorted(gone)}"


def test_every_exit_code_is_described() -> None:
    text = (ROOT / "docs" / "command.md").read_text(encoding="utf-8")
    described = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert described == set(EXIT_CODES.values())


def test_every_environment_variable_is_described() -> None:
    used = set()
    for path in (ROOT / "src").rglob("*.py"):
        used |= set(re.findall(r"[\"'](REGULARS_[A-Z_]+)[\"']", path.read_text(encoding="utf-8")))
    used |= {PREFIX + each.name.upper() for each in fields(Settings) if each.name != "origins"}
    described = set(
        re.findall(r"`(REGULARS_[A-Z_]+)`", (ROOT / "docs" / "command.md").read_text(encoding="utf-8"))
    )
    assert used == described


def test_pages_name_no_machine() -> None:
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(home|root|work|Users)/", page.read_text(encoding="utf-8")), name(
            page
        )
