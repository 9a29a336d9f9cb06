"""How a shop wants the page to look: a few values, each of a form that can do nothing but look so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

FONTS = {
    "system": 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
    "serif": 'Georgia, "Times New Roman", serif',
    "rounded": 'ui-rounded, "Hiragino Maru Gothic ProN", Quicksand, system-ui, sans-serif',
}
SCHEMES = ("light", "dark", "auto")
_COLOUR = re.compile(r"[0-9a-f]{6}")
_CHECKS: Mapping[str, Callable[[str], object]] = {
    "accent": _COLOUR.fullmatch,
    "ground": _COLOUR.fullmatch,
    "text": _COLOUR.fullmatch,
    "radius": re.compile(r"[0-9]|1[0-9]|2[0-4]").fullmatch,
    "font": FONTS.__contains__,
    "scheme": SCHEMES.__contains__,
}
"""What can be said, as ``accent:0a7d55,radius:8``."""


def readable(told: str) -> bool:
    """Tell whether every value has a form that there is; nothing said is fine too."""
    parts = [part.partition(":") for part in told.split(",")] if told else []
    return len(told) <= 200 and all(name in _CHECKS and _CHECKS[name](value) for name, _, value in parts)


def style(told: str) -> str:
    """Return the style sheet of a look that is readable; text on the accent is black or white, whichever is easier to read."""
    said = dict(part.split(":") for part in told.split(",")) if told else {}
    lines = []
    scheme = said.get("scheme", "auto")
    if "ground" in said:
        scheme = "light" if _light(said["ground"]) else "dark"
    lines.append(f"color-scheme: {'light dark' if scheme == 'auto' else scheme}")
    for name in ("accent", "ground", "text"):
        if name in said:
            lines.append(f"--me-{name}: #{said[name]}")
    if "accent" in said:
        lines.append(f"--me-accent-text: {'#000000' if _light(said['accent']) else '#ffffff'}")
    if "radius" in said:
        lines.append(f"--me-radius: {said['radius']}px")
    if "font" in said:
        lines.append(f"--me-font: {FONTS[said['font']]}")
    return ":root { " + "; ".join(lines) + "; }\n"


def _light(colour: str) -> bool:
    """Tell whether black is easier to read on a colour than white (WCAG's relative luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179
