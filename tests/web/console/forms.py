"""A form as a browser without scripts has it: its fields read from a page, filled in, and sent with one of its buttons."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class Form(HTMLParser):
    """Fields of the form of an id, or of the whole of a fragment: ``fields`` has name and value in their order."""

    def __init__(self, html: str, name: str = "") -> None:
        super().__init__(convert_charrefs=True)
        self.fields: list[tuple[str, str]] = []
        self.options: dict[str, list[str]] = {}
        self.ids: dict[str, dict[str, str | None]] = {}
        self.buttons: list[str] = []
        self._name, self._open = name, not name
        self._select: list[Any] = []
        self._text: list[Any] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if told.get("id"):
            self.ids[told["id"] or ""] = told
        if tag == "form" and told.get("id") == self._name:
            self._open = True
        if not self._open:
            return
        name = told.get("name")
        if tag == "button" and name == "act":
            self.buttons.append(told["value"] or "")
        elif tag == "input" and name and (told.get("type") != "checkbox" or "checked" in told):
            value = told.get("value") or ""
            # Browsers take signs out that cannot stand in one line, and dates that are none.
            self.fields.append((name, value))
        elif tag == "select":
            self._select = [name, None, []]
        elif tag == "option" and self._select:
            value = told.get("value") or ""
            self._select[2].append(value)
            if "selected" in told:
                self._select[1] = value
        elif tag == "textarea":
            self._text = [name, ""]

    def handle_data(self, data: str) -> None:
        if self._text:
            self._text[1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._name:
            self._open = False
        if tag == "select" and self._select:
            name, chosen, options = self._select
            self.fields.append((name, options[0] if chosen is None else chosen))
            self.options[name] = options
            self._select = []
        if tag == "textarea" and self._text:
            name, text = self._text
            self.fields.append((name, text.removeprefix("\n").replace("\n", "\r\n")))
            self._text = []

    def set(self, **values: str) -> Form:
        """Fill fields in; ``r_0_what`` is ``r-0-what``."""
        for told, value in values.items():
            name = told.replace("_", "-")
            assert name in dict(self.fields), (name, sorted(dict(self.fields)))
            if name in self.options:
                assert value in self.options[name], (value, self.options[name])
            self.fields = [(each, value if each == name else known) for each, known in self.fields]
        return self

    @property
    def lists(self) -> dict[str, list[str]]:
        """Values by name, as they are sent."""
        found: dict[str, list[str]] = {}
        for name, value in self.fields:
            found.setdefault(name, []).append(value)
        return found
