"""The group of verbs: lists them without importing any, and turns whatever goes wrong into an exit code."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import click

import regulars
from regulars.cli.failures import EXIT_CODES, report_failure
from regulars.cli.speaking import Verb, chosen, t, teach_click
from regulars.kit.i18n import mark, speaking

PROGRAM = "regulars"

VERBS = {
    "value": mark("What every customer is worth: figures, forecast, segments and a report."),
    "backtest": mark("What the forecast would have said on an earlier day, beside what happened."),
    "segments": mark("Who belongs to which segment, and what each segment is worth."),
    "recommend": mark("What to show whom, and why; and how good that would have been."),
    "load": mark("Take orders into the store of a server, each once."),
    "costs": mark("Take what advertising cost into the store of a server."),
    "refresh": mark("Work out everything anew from the store, and publish it."),
    "lake": mark("Say whether the lake of a server says what its store says."),
    "serve": mark("Take events, answer storefronts and the API, and keep everything fresh."),
    "worker": mark("The background work of a server, in a process of its own."),
    "keys": mark("Make, list and revoke the keys with which programs ask the server."),
    "users": mark("Make, list and change the people who sign in to the server."),
    "backup": mark("Everything of a server in one file, taken while it works."),
    "restore": mark("A server out of a backup, in a new home."),
    "simulate": mark("Write a shop that does not exist, of any size, with its truth beside it."),
    "demo": mark("Simulate a shop, analyse it and open its report."),
    "doctor": mark("Say whether this machine has what Regulars needs."),
    "completion": mark("Print the script that completes commands in your shell."),
}
"""Name and one line of each verb; the module ``regulars.cli.<name>`` holds the command ``<name>``."""

EPILOG = """\b
Exit codes
  0    done
  1    an error inside Regulars
  2    the command, a file or a setting cannot be used as given
  3    something needed is not available: Java, a database, disk space
  130  interrupted

\b
With --json an error is one JSON object on standard error:
code, kind, message, hint and exit_code.

REGULARS_DEBUG=1 shows the traceback of an error inside Regulars. REGULARS_LANG=pl speaks Polish.
"""


class Verbs(Verb, click.Group):
    """A group that knows its verbs by name and imports only the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order in which people need them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one verb."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"regulars.cli.{cmd_name}")
        return getattr(module, cmd_name)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options, then the verbs."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs from their one-line descriptions, without importing them."""
        with formatter.section(t("Commands")):
            formatter.write_dl([(name, t(line)) for name, line in VERBS.items()])

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Complete verbs without importing them, then whatever click knows about the group's options."""
        if incomplete and not incomplete[0].isalnum():
            return super().shell_complete(ctx, incomplete)
        return [
            click.shell_completion.CompletionItem(name, help=t(line))
            for name, line in VERBS.items()
            if name.startswith(incomplete)
        ]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or name the nearest one."""
        from difflib import get_close_matches

        near = get_close_matches(args[0], VERBS, n=1, cutoff=0.5)
        if args[0] not in VERBS and near and not args[0].startswith("-"):
            ctx.fail(t("There is no command {name!r}. Did you mean {near!r}?", name=args[0], near=near[0]))
        return super().resolve_command(ctx, args)


@click.command(
    PROGRAM,
    cls=Verbs,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(regulars.__version__, "-V", "--version", message="%(prog)s %(version)s")
def command() -> None:
    """Know what every customer is worth, and give each of them a reason to come back.

    Start with a file of orders:  regulars value orders.csv --out report
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    words = list(sys.argv[1:] if args is None else args)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, _end)
    language = chosen(words)
    if language != "en":
        teach_click()
    with speaking(language):
        sys.exit(_run(words))


def _run(words: list[str]) -> int:
    """Run the command and return its exit code."""
    try:
        _complete()
        # Not click's own main(): that one keeps interrupts and broken pipes to itself.
        with command.make_context(PROGRAM, words) as context:
            answer: Any = command.invoke(context)
        sys.stdout.flush()
    except SystemExit:
        raise
    except BaseException as error:
        return report_failure(error, as_json=_asks_for_json(words))
    return answer if isinstance(answer, int) and not isinstance(answer, bool) else EXIT_CODES["done"]


def _complete() -> None:
    """Answer the shell's completion script, which calls the command with a variable set."""
    variable = f"_{PROGRAM.upper()}_COMPLETE"
    if instruction := os.environ.get(variable):
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(command, {}, PROGRAM, variable, instruction))


def _asks_for_json(words: list[str]) -> bool:
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def _end(number: int, _frame: object) -> None:
    """Leave through the same doors as any error, so that temporary folders are removed."""
    sys.exit(128 + number)
