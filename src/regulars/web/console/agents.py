"""Browsers in plain words: which one, on which system, as far as they say."""

from __future__ import annotations

from regulars.kit.i18n import Translator, mark

# The first that is found counts: Edge calls itself Chrome too, Chrome calls itself Safari, and Android Linux.
BROWSERS = (
    (("Edg/", "EdgA/", "EdgiOS/"), "Edge"),
    (("OPR/", "Opera"), "Opera"),
    (("Vivaldi/",), "Vivaldi"),
    (("SamsungBrowser/",), "Samsung Internet"),
    (("Firefox/", "FxiOS/"), "Firefox"),
    (("Chrome/", "CriOS/", "Chromium/"), "Chrome"),
    (("Safari/",), "Safari"),
)
SYSTEMS = (
    (("iPhone",), "iPhone"),
    (("iPad",), "iPad"),
    (("Android",), "Android"),
    (("CrOS",), "ChromeOS"),
    (("Windows",), "Windows"),
    (("Macintosh", "Mac OS X"), "macOS"),
    (("Linux", "X11"), "Linux"),
)


def told(agent: str, t: Translator) -> str:
    """Return what a ``User-Agent`` header says: "Firefox on Windows"; what is unknown is left out."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser and system:
        return t(mark("{browser} on {system}"), browser=browser, system=system)
    return browser or system or t(mark("Another program"))


def _first(known: tuple[tuple[tuple[str, ...], str], ...], agent: str) -> str:
    return next((name for signs, name in known if any(sign in agent for sign in signs)), "")
