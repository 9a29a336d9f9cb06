"""The pages of the documentation, taken apart for their tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@dataclass(frozen=True)
class Block:
    """A fenced block: its language (may be empty), its text and its first line in the page."""

    page: Path
    language: str
    text: str
    line: int


def name(page: Path) -> str:
    """Return a page's path as tests are called by it."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    fence, start, language, held = "", 0, "", []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        found = re.match(r"\s*(```+|~~~+)\s*(\w*)", line)
        if found and not fence:
            fence, language, start, held = found[1], found[2], number + 1, []
        elif found and fence and found[1].startswith(fence) and not found[2]:
            yield Block(page, language, "\n".join(held), start)
            fence = ""
        elif fence:
            held.append(line)
    assert not fence, f"{name(page)} has a block that does not end (line {start})"


def examples(page: Path) -> Iterator[tuple[Block, str | None]]:
    """Yield the Python blocks of a page, each with the output shown: the ``text`` block that follows it, if one does."""
    found, lines = list(blocks(page)), page.read_text(encoding="utf-8").splitlines()
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block.language != "python":
            continue
        shown = None
        if after is not None and after.language == "text":
            between = lines[block.line + block.text.count("\n") + 1 : after.line - 2]
            shown = None if "".join(between).strip() else after.text
        yield block, shown


NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?")


def alike(told: str, shown: str) -> bool:
    """Whether an output is the one a page shows: the same words, whole numbers too; decimals may round the other way.

    Machines differ in the last bits of a float, so the last decimal shown may be off by one. Spaces count once.
    """
    words = [" ".join(NUMBER.sub("0", text).split()) for text in (told, shown)]
    numbers = [NUMBER.findall(text) for text in (told, shown)]
    return words[0] == words[1] and all(map(_near, *numbers))


def _near(told: str, shown: str) -> bool:
    decimals = [len(text.partition(".")[2]) for text in (told, shown)]
    values = [float(text.replace(",", "").replace("−", "-")) for text in (told, shown)]
    reach = 1.001 * 10.0 ** -decimals[1] if decimals[1] else 0.0
    return decimals[0] == decimals[1] and abs(values[0] - values[1]) <= reach


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    text = page.read_text(encoding="utf-8")
    for block in blocks(page):
        text = text.replace(block.text, "")
    return text


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the usual renderers make them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+\s+(.*)$", prose(page), re.MULTILINE)
    }
