"""What a person or a program is told when something goes wrong, and the exit code that goes with it."""

from __future__ import annotations

import errno
import json
import os
import sys
import traceback
from typing import Any

import click

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import Translator, mark, spoken, translator

EXIT_CODES = {"done": 0, "internal": 1, "bad": 2, "unavailable": 3, "interrupted": 130}
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE, errno.ENOMEM}


def report_failure(error: BaseException, *, as_json: bool = False) -> int:
    """Tell about an error on standard error and return the exit code.

    An error that a person can act on is one sentence and a hint; with ``as_json`` one JSON object. A reader that went
    away (``| head``) is no error.
    """
    if isinstance(error, BrokenPipeError):
        _silence(sys.stdout)
        return EXIT_CODES["done"]
    if _interrupted(error):
        _say(
            {"code": "interrupted", "kind": "interrupted", "message": _t()(mark("Interrupted."))},
            as_json,
            130,
        )
        return EXIT_CODES["interrupted"]
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return EXIT_CODES["bad"]
    problem, code = describe(error)
    if code == EXIT_CODES["internal"] and os.environ.get("REGULARS_DEBUG") == "1":
        traceback.print_exception(error)
    _say(problem, as_json, code)
    return code


def _interrupted(error: BaseException) -> bool:
    """Tell whether somebody asked to stop; DuckDB says so in words of its own, by where it was asked."""
    if isinstance(error, KeyboardInterrupt | click.Abort) or type(error).__name__ == "InterruptException":
        return True
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


def describe(error: BaseException) -> tuple[dict[str, Any], int]:
    """Return an error as a problem (code, kind, message, hint) in the language spoken, and its exit code."""
    t = _t()
    if isinstance(error, RegularsError):
        code = EXIT_CODES["unavailable" if error.kind is Kind.UNAVAILABLE else "bad"]
        return _problem(error.code, error.kind.value, *error.said(spoken())), code
    if isinstance(error, click.ClickException):
        where = getattr(error, "ctx", None)
        hint = t("See: {command} --help", command=where.command_path) if where is not None else ""
        return _problem("cli.usage", "invalid", error.format_message(), hint), EXIT_CODES["bad"]
    if isinstance(error, OSError) and error.errno in _DISK:
        place = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
        message = t("The system refused: {reason}.", reason=place)
        hint = t(
            "Check free space and permissions, of the folder for results and of the temporary folder (TMPDIR)."
        )
        return _problem("system.refused", "unavailable", message, hint), EXIT_CODES["unavailable"]
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
        message = t("The memory given to Regulars was not enough.")
        hint = t(
            "Give more with --memory (for example --memory 8GB), or free disk space for spilling (TMPDIR)."
        )
        return _problem("system.memory", "unavailable", message, hint), EXIT_CODES["unavailable"]
    told = " ".join(str(error).split())[:300]
    message = t(
        "An error inside Regulars: {what}.",
        what=f"{type(error).__name__}: {told}" if told else type(error).__name__,
    )
    hint = t("Run again with REGULARS_DEBUG=1 for the traceback, and please report it.")
    return _problem("internal", "internal", message, hint), EXIT_CODES["internal"]


def _t() -> Translator:
    return translator(spoken())


def _problem(code: str, kind: str, message: str, hint: str) -> dict[str, Any]:
    return {"code": code, "kind": kind, "message": message, "hint": hint}


def _say(problem: dict[str, Any], as_json: bool, exit_code: int) -> None:
    try:
        if as_json:
            text = json.dumps(problem | {"exit_code": exit_code}, ensure_ascii=False)
        else:
            text = "\n".join(part for part in (problem["message"], problem.get("hint", "")) if part)
        click.echo(text, err=True)
    except BrokenPipeError:
        _silence(sys.stderr)


def _silence(stream: Any) -> None:
    """Point a broken stream nowhere, or the interpreter complains about it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
