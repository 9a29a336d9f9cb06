"""Help and usage errors in the language of whoever runs the command; click's own words included."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from itertools import pairwise
from typing import Any

import click

from regulars.kit.i18n import LANGUAGES, mark, spoken, translator

VARIABLE = "REGULARS_LANG"
_TEACHABLE = ("core", "decorators", "exceptions", "formatting", "parser", "types")
CLICK = (
    mark("Usage:"),
    mark("[OPTIONS]"),
    mark("COMMAND [ARGS]..."),
    mark("Options"),
    mark("Show this message and exit."),
    mark("Show the version and exit."),
    mark("default: {default}"),
    mark("required"),
    mark("Missing argument"),
    mark("Missing option"),
    mark("Missing command."),
    mark("Choose from:\n\t{choices}"),
    mark("Invalid value: {message}"),
    mark("Invalid value for {param_hint}: {message}"),
    mark("No such option {name!r}."),
    mark("No such command {name!r}."),
    mark("Did you mean {possibility}?"),
    mark("(Did you mean one of: {possibilities}?)"),
    mark("Got unexpected extra argument ({args})"),
    mark("Got unexpected extra arguments ({args})"),
    mark("Option {name!r} does not take a value."),
    mark("Option {name!r} requires an argument."),
    mark("{value!r} is not {choice}."),
    mark("{value!r} is not one of {choices}."),
    mark("{value!r} is not a valid {number_type}."),
    mark("{value} is not in the range {range}."),
    mark("integer range"),
    mark("float range"),
    mark("integer"),
    mark("float"),
)
"""What click says by itself, word for word."""


def chosen(words: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """Return the language asked for by ``--lang`` among the words of a command, else by REGULARS_LANG, else English.

    The words are looked at before they are parsed, because it is parsing that fails.
    """
    said = list(words[: words.index("--")] if "--" in words else words)
    asked = [word.partition("=")[2] for word in said if word.startswith("--lang=")]
    asked += [value for option, value in pairwise(said) if option == "--lang"]
    known = [language for language in (*asked, environment.get(VARIABLE)) if language in LANGUAGES]
    return known[0] if known else "en"


def t(message: str, **values: object) -> str:
    """Translate a sentence into the language spoken, and fill it."""
    return translator(spoken())(message, **values)


def paragraphs(text: str) -> list[tuple[str, str]]:
    r"""Return each paragraph of a help text: what keeps its lines (``\b``, or nothing), and its message id."""
    parts = inspect.cleandoc(text).split("\n\n")
    return [
        ("\b\n", part.removeprefix("\b\n"))
        if part.startswith("\b")
        else ("", " ".join(line.strip() for line in part.splitlines()))
        for part in parts
    ]


def told(text: str) -> str:
    """Translate a help text, paragraph by paragraph."""
    return "\n\n".join(before + t(part) for before, part in paragraphs(text))


class Verb(click.Command):
    """A command whose help speaks the language of whoever asks."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command is for."""
        click.Command(None, help=told(self.help or "")).format_help_text(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what follows the options."""
        click.Command(None, epilog=told(self.epilog or "")).format_epilog(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options with their help."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = [_spoken_option(option).get_help_record(ctx) for option in options]
        with formatter.section(t("Options")):
            formatter.write_dl([record for record in records if record])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the parts of the line that says how the command is written."""
        return [t(piece) if piece in CLICK else piece for piece in super().collect_usage_pieces(ctx)]

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Complete options, with their help for shells that show it."""
        items = super().shell_complete(ctx, incomplete)
        for item in items:
            item.help = t(item.help) if item.help else item.help
        return items


def _spoken_option(option: click.Option) -> click.Option:
    spoken_option = copy(option)
    spoken_option.help = t(option.help) if option.help else option.help
    return spoken_option


def teach_click() -> None:
    """Let click look up its own words where we keep ours; it would ask the system's gettext, which has no Polish ones."""
    for name in _TEACHABLE:
        module = getattr(click, name)
        module._ = _Template.of
        if hasattr(module, "ngettext"):
            module.ngettext = _counted


class _Template(str):
    """A translated template of click's, which translates the words of click's that it is filled with."""

    __slots__ = ()

    @classmethod
    def of(cls, message: str) -> _Template:
        return cls(t(message))

    def format(self, *args: object, **values: Any) -> str:
        known: Callable[[Any], Any] = lambda value: t(value) if value in _NAMES else value  # noqa: E731
        return super().format(*args, **{name: known(value) for name, value in values.items()})


_NAMES = ("integer range", "float range", "integer", "float")


def _counted(one: str, many: str, number: int) -> str:
    return _Template.of(one if number == 1 else many)
