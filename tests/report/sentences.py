"""Collects every sentence the product can say, and brings the catalogues up to date.

Run ``python -m tests.report.sentences`` after writing new sentences: missing ones are added untranslated, those that nobody
says any more are dropped, and what still waits for a translation is listed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from regulars.cli import command, speaking

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "regulars"
KEYWORDS = {"mark": None, "t": None, "_": None, "plural": (1, 2)}
HEADER = """\
# Every sentence Regulars says; kept in step with the code by `python -m tests.report.sentences`.
msgid ""
msgstr ""
"Project-Id-Version: regulars\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural};\\n"

"""
METHODS = {"*.py": "python", "*.j2": "jinja2.ext:babel_extract"}


def collect() -> Catalog:
    """Return a catalogue of everything said in Python files and templates, with where it is said."""
    found = Catalog(project="regulars", charset="utf-8")
    for pattern, method in METHODS.items():
        for path in sorted(SOURCE.rglob(pattern)):
            place = path.relative_to(ROOT).as_posix()
            options = {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
            with path.open("rb") as handle:
                for _, message, _, _ in extract(method, handle, KEYWORDS, options=options):
                    if message:
                        found.add(message, locations=[(place, 0)])
    for place, text in helps():
        for _, message in speaking.paragraphs(text):
            found.add(message, locations=[(place, 0)])
    return found


def helps() -> Iterator[tuple[str, str]]:
    """Yield the help texts of the command, its verbs and their options; docstrings cannot be marked."""
    context = click.Context(command)
    verbs = [command, *(command.get_command(context, name) for name in command.list_commands(context))]
    further = [(verb, inner) for verb in verbs for inner in getattr(verb, "further", ())]
    for verb, inner in [*((verb, verb) for verb in verbs), *further]:
        place = f"src/regulars/cli/{'group' if verb is command else verb.name}.py"
        shown = [inner.help, inner.epilog, *(param.help for param in inner.params)]
        yield from ((place, text) for text in shown if text)


def catalogue_path(language: str) -> Path:
    return SOURCE / "locale" / language / "LC_MESSAGES" / "regulars.po"


def catalogue(language: str) -> Catalog:
    with catalogue_path(language).open("rb") as handle:
        return read_po(handle, locale=language)


def key(identifier: str | tuple[str, ...] | list[str]) -> str:
    return identifier if isinstance(identifier, str) else identifier[0]


def untranslated(language: str) -> list[str]:
    """Return the sentences without a (whole) translation."""
    have = catalogue(language)
    missing = []
    for message in collect():
        if not message.id:
            continue
        found = have.get(message.id)
        string = found.string if found else ""
        if not string or (isinstance(string, tuple) and not all(string)) or found.fuzzy:
            missing.append(key(message.id))
    return missing


def update(language: str) -> None:
    """Add missing sentences, drop obsolete ones, keep translations."""
    old, new = catalogue(language), Catalog(locale=language, project="regulars", charset="utf-8")
    for message in sorted(
        (each for each in collect() if each.id), key=lambda each: (each.locations[0], key(each.id))
    ):
        found = old.get(message.id)
        new.add(message.id, found.string if found else "", locations=message.locations)
    body = io.BytesIO()
    write_po(body, new, width=110, include_lineno=False, omit_header=True)
    header = HEADER.format(language=language, plural=old.plural_forms.rstrip(";"))
    catalogue_path(language).write_bytes(header.encode() + body.getvalue())


if __name__ == "__main__":
    for code in ("pl",):
        update(code)
        waiting = untranslated(code)
        print(f"{code}: {len(waiting)} sentences wait for a translation")
        for sentence in waiting:
            print(f"  {sentence}")
