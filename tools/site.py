"""Brings pages that stand elsewhere in the repository into the site of the documentation, each link led to where its page is there."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    **{
        path.relative_to(ROOT).as_posix(): f"measured/{path.name}"
        for path in sorted((ROOT / "bench" / "results").glob("*.md"))
    },
}
"""Pages outside ``docs`` by their place in the repository, and where they are in the site."""
_LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?(?:\s+\"[^\"]*\")?\))")


def on_config(config: Any) -> Any:
    """List every decision, so that a new one is there by being written."""
    pages = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    listed = ["decisions/README.md", *(f"decisions/{page.name}" for page in pages)]
    config.nav = [{"Decisions": listed} if "Decisions" in part else part for part in config.nav]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that stand elsewhere."""
    for source, place in ELSEWHERE.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=led(text, source)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links out of ``docs`` to where their pages are in the site."""
    source = f"docs/{page.file.src_uri}"
    return led(markdown, source) if (ROOT / source).is_file() else markdown


def led(text: str, source: str) -> str:
    """Return a page whose links lead to places in the site; ``source`` is its own place in the repository."""
    here = site_place(source)
    if here is None:
        raise ValueError(source)

    def target(found: re.Match[str]) -> str:
        told = found[2]
        if re.match(r"[a-z]+:", told):
            return found[0]
        place = site_place(posixpath.normpath(posixpath.join(posixpath.dirname(source), told)))
        if place is None:
            # What is no page, such as a folder, is named and not led to.
            return f"](#{found[3]}" if found[3].startswith(")") else found[0]
        return f"{found[1]}{posixpath.relpath(place, posixpath.dirname(here) or '.')}{found[3]}"

    return _LINK.sub(target, text)


def site_place(source: str) -> str | None:
    """Return where something of the repository is in the site; None for what is not there."""
    if source in ELSEWHERE:
        return ELSEWHERE[source]
    inside = source.removeprefix("docs/")
    return inside if inside != source and (ROOT / source).is_file() else None
