"""What a server writes down about itself: one line an event, as text or as JSON, without anything that a person's data might be in."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import IO

TEXT, JSON = "text", "json"
_OURS = "regulars"
_SILENT = ("django.request", "django.security", "django.server")
"""Loggers that write down addresses as they were asked for, ids and e-mails in them."""


class Line(logging.Formatter):
    """An event as one line; of an error its kind and where it was raised, never what it says: that may quote a row."""

    def __init__(self, form: str = TEXT) -> None:
        super().__init__()
        self._json = form == JSON

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of an event."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            told |= {"error": type(error).__name__, "at": " < ".join(_places(error))}
        if self._json:
            return json.dumps(told, ensure_ascii=False)
        return " ".join(" ".join(str(value).split()) for value in told.values())


def _places(error: BaseException) -> list[str]:
    """Return where an error was raised and who called, the innermost first, ten at most."""
    frames = traceback.extract_tb(error.__traceback__)[-10:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames)]


def configure(form: str = TEXT, stream: IO[str] | None = None) -> None:
    """Let this process write its log to standard error (or a stream): all of ours, of others what is wrong. Twice is once."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Line(form))
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each.formatter, Line)]:
        root.removeHandler(old)
    root.addHandler(handler)
    logging.getLogger(_OURS).setLevel(logging.INFO)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
