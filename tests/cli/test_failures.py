"""What went wrong, as an exit code."""

from __future__ import annotations

import pytest

from regulars.cli.failures import EXIT_CODES, report_failure


@pytest.mark.parametrize(
    "asked",
    [KeyboardInterrupt(), RuntimeError("Query interrupted"), type("InterruptException", (Exception,), {})()],
)
def test_however_an_engine_says_it_being_asked_to_stop_is_no_error(asked, capsys) -> None:
    assert report_failure(asked) == EXIT_CODES["interrupted"]
    assert "Interrupted" in capsys.readouterr().err


def test_any_other_error_is_one_of_ours(capsys) -> None:
    assert report_failure(RuntimeError("Query interrupted by a bug")) == EXIT_CODES["internal"]
    assert "please report it" in capsys.readouterr().err
