"""The documentation becomes a site: every page has its place and every link leads on, and nobody else is asked for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a page without a place or a link that leads nowhere is an error."""
    folder = tmp_path_factory.mktemp("site")
    # Warnings count only where they are not silenced.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    told = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        place = (site / page.relative_to(ROOT / "docs")).with_suffix(".html")
        assert place.is_file() or (page.name == "README.md" and (place.parent / "index.html").is_file()), page
    for name in ("index", "architecture", "changelog", "measured/segments"):
        assert (site / f"{name}.html").is_file()


def test_pages_ask_nobody_else(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text(encoding="utf-8")
        asked = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(https?:)?//[^\" >]+", text)
        styles = re.findall(
            r"<link\b[^>]*\brel=\"?(?:stylesheet|preconnect|icon)\b[^>]*\bhref=\"?https?:", text
        )
        assert not asked, page
        assert not styles, page


def test_a_link_out_of_the_folder_leads_to_the_page_of_the_site(site: Path) -> None:
    text = (site / "segments-rules.html").read_text(encoding="utf-8")
    assert 'href="measured/segments.html"' in text
    assert 'href="docs/' not in (site / "index.html").read_text(encoding="utf-8")
