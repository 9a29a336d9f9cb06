"""What a person sees: aligned plain text in a pipe, colour and lines in a terminal, in their language."""

from __future__ import annotations

import io
import re
from datetime import date

import pyarrow as pa
import pytest

from regulars.cli.present import Screen
from regulars.cli.terminal import Column, clean
from regulars.kit.unknown import Unknown
from regulars.report.model import Card, Intake, Rule
from regulars.segments import Row
from regulars.value import Backtest
from regulars.value.backtest import Score


def screen(language: str = "en", *, rich: bool = False) -> tuple[Screen, io.StringIO]:
    stream = io.StringIO()
    return Screen(language, "EUR", stream, rich=rich), stream


VIP = Row(
    "behaviour", "vip", "VIP", "At least {vip_orders} orders.", (("vip_orders", "3"),),
    customers=1200, share=0.05, net=123456.0, orders=9000, aov=13.7, clv=70000.0, median_recency_days=12.0,
)  # fmt: skip
CARTS = Row(
    "behaviour", "cart_abandoner", "Cart abandoner", "Left a cart.", (), unknown=Unknown("x", "Needs carts.")
)


def test_a_table_in_a_pipe_is_aligned_text_and_nothing_else() -> None:
    shown, stream = screen()
    shown.table([Column("Name", numeric=False), Column("Value")], [("Ada", "1"), ("日本", "12,345")])
    assert stream.getvalue() == "Name   Value\nAda        1\n日本  12,345\n"
    shown.table([Column("Name")], [])
    assert stream.getvalue().count("\n") == 3, "no rows, no table"


def test_segments_in_a_pipe() -> None:
    shown, stream = screen()
    shown.segments([VIP, CARTS])
    titles, row, why = stream.getvalue().splitlines()
    assert re.split(r"  +", row) == ["VIP", "1,200", "5.0%", "€123,456", "€70,000", "€13.70", "12"]
    assert titles.startswith("Segment  Customers")
    assert why == "Cart abandoner: Needs carts."
    assert "\x1b" not in stream.getvalue()
    assert "\u00a0" not in stream.getvalue()


def test_definitions_on_request() -> None:
    shown, stream = screen()
    shown.segments([VIP], definitions=True)
    assert "At least 3 orders." in stream.getvalue()


def test_segments_in_a_terminal_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    shown, stream = screen(rich=True)
    shown.segments([VIP])
    assert "\x1b[" in stream.getvalue()
    assert "─" in stream.getvalue()
    assert "€123,456" in stream.getvalue()


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_narrow_terminal_gets_fewer_columns_but_never_a_cut_one(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown, stream = screen(rich=True)
    shown.segments([VIP, CARTS], definitions=True)
    text = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert max(len(line.rstrip()) for line in text.splitlines()) <= columns
    assert "…" not in text
    assert re.search(r"VIP +1,200", text)
    assert "€123,456" in text
    assert ("Days" in text) == (columns > 60)
    assert "VIP: At least 3 orders." in text
    assert "Cart abandoner: Needs carts." in text


def test_money_is_written_as_the_language_writes_it() -> None:
    shown, stream = screen("pl")
    shown.cards([Card("net", "Net", 1234567.0, "money", "…", previous=1000000.0)])
    assert re.search(r"1 234 567 €  +\+23,5%", stream.getvalue())


def test_an_unknown_card_gives_its_reason() -> None:
    shown, stream = screen()
    shown.cards(
        [
            Card("a", "Orders", 12.0, "count", "…", previous=0.0),
            Card("b", "Payback", Unknown.because("x", "Needs {n} costs.", n=2), "days", "…"),
        ]
    )
    assert stream.getvalue().splitlines()[1:] == ["Orders      12", "Payback      –          Needs 2 costs."]


def test_names_from_files_cannot_drive_the_terminal() -> None:
    assert clean("a\x1b[31mb\r\n\x07c\u202ed\u0085") == "a[31mb  cd"
    shown, stream = screen(rich=True)
    shown.table([Column("x", numeric=False)], [("[bold]\x1b]0;owned\x07[/bold]",)])
    assert "\x1b]0" not in stream.getvalue()
    assert "[bold]]0;owned[/bold]" in stream.getvalue()


def backtest(**changes: object) -> Backtest:
    score = Score("model", "Regulars", 0.8127, 0.5, 0.61, -0.123, 12.345, 40.0)
    plain = Score("everyone_alike", "Everybody alike", float("nan"), float("nan"), 0.1, 0.5, 30.0, 50.0)
    told: dict[str, object] = {
        "cutoff": date(2024, 3, 1), "horizon_days": 90, "scores": (score, plain), "deciles": (), "decile_error": 0.1,
        "interval": 0.8, "coverage": 0.85, "coverage_told": 0.79, "predicted_total": 900.0, "actual_total": 1026.0, "predicted_orders": 9.0,
        "actual_orders": 10, "customers": pa.table({}), "problems": (),
    }  # fmt: skip
    return Backtest(**(told | changes))  # type: ignore[arg-type]


def test_a_backtest_stands_beside_the_plain_forecasts() -> None:
    shown, stream = screen()
    shown.backtest(backtest(problems=("Its total was off.",)))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "As of Mar 1, 2024, for the 90 days after it: predicted €900.00, happened €1,026."
    assert re.split(r"  +", lines[2]) == ["Regulars", "0.813", "0.500", "61.0%", "−12.3%", "€12.35"]
    assert re.split(r"  +", lines[3]) == ["Everybody alike", "–", "–", "10.0%", "+50.0%", "€30.00"]
    assert lines[4:] == [
        "The 80% interval held the actual value of 79% of the customers of whom more than nothing was expected.",
        "Its total was off.",
    ]


def test_no_backtest_is_told_with_its_reason() -> None:
    shown, stream = screen()
    shown.backtest(Unknown.because("x", "Only {n} customers.", n=12))
    assert stream.getvalue() == "Only 12 customers.\n"


def test_intake_rule_by_rule() -> None:
    shown, stream = screen()
    shown.intake(
        Intake(
            read=1000,
            accepted=990,
            repaired=5,
            rejected=10,
            rules=(Rule("No date", "rejected", 10, "n/a\n"),),
            warnings=("Two currencies.",),
        )
    )
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Rows read 1,000, accepted 990, repaired 5, rejected 10."
    assert re.split(r"  +", lines[2]) == ["No date", "rejected", "10", "n/a"]
    assert lines[3] == "Two currencies."
