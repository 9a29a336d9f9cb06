"""One line an event, as text or JSON, and nothing in it that an error quotes."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from regulars.kit import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("regulars")
    handlers, level = list(root.handlers), ours.level
    silent = {name: logging.getLogger(name).level for name in logs._SILENT}
    yield
    root.handlers[:] = handlers
    ours.setLevel(level)
    for name, was in silent.items():
        logging.getLogger(name).setLevel(was)


def written(form: str) -> io.StringIO:
    out = io.StringIO()
    logs.configure(form, io.StringIO())
    logs.configure(form, out)
    return out


def fail() -> None:
    raise ValueError("DETAIL: Key (value)=(ada@example.com) exists\nsecond line")


def test_json_is_one_object_a_line() -> None:
    out = written(logs.JSON)
    logging.getLogger("regulars.runtime").info("job %s\nbegins: żółw", 7)
    (line,) = out.getvalue().splitlines()
    told = json.loads(line)
    assert (told["level"], told["logger"], told["event"]) == (
        "info",
        "regulars.runtime",
        "job 7\nbegins: żółw",
    )
    assert told["time"].endswith("Z")
    assert list(told) == ["time", "level", "logger", "event"]


@pytest.mark.parametrize("form", [logs.TEXT, logs.JSON])
def test_an_error_is_told_by_its_kind_and_place_alone(form: str) -> None:
    out = written(form)
    try:
        fail()
    except ValueError as error:
        logging.getLogger("regulars.web").error("GET v1/orders", exc_info=error)
    (line,) = out.getvalue().splitlines()
    assert "ValueError" in line
    assert "test_logs.py:" in line
    assert "fail" in line
    assert "ada" not in line


def test_addresses_that_were_asked_are_not_written_down() -> None:
    out = written(logs.TEXT)
    logging.getLogger("django.request").warning("Not Found: /v1/customers/ada@example.com")
    logging.getLogger("django.db").info("quiet")
    logging.getLogger("other").warning("heard")
    (line,) = out.getvalue().splitlines()
    assert line.endswith("warning other heard")


def test_an_event_is_one_line_of_text() -> None:
    out = written(logs.TEXT)
    logging.getLogger("regulars").warning("a\nb\tc")
    assert out.getvalue().endswith(" warning regulars a b c\n")
