"""Money, dates and counts as people of each language write them."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.kit.unknown import Unknown
from regulars.report.model import Sentence
from regulars.report.speech import Speech

NARROW = "\u202f"
HARD = "\xa0"


def plain(text):
    return text.replace(NARROW, " ").replace(HARD, " ")


@pytest.mark.parametrize(
    ("language", "currency", "amount", "written"),
    [
        ("en", "EUR", 1234567.89, "€1,234,568"),
        ("en", "EUR", 70.678, "€70.68"),
        ("en", "EUR", -0.001, "€0.00"),
        ("en", "GBP", -1500, "-£1,500"),
        ("en", "USD", 1_234_000_000, "$1.2B"),
        ("en", None, 1234.6, "1,235"),
        ("en", None, 12.5, "12.50"),
        ("pl", "PLN", 1234567.89, "1 234 568 zł"),
        ("pl", "PLN", 70.678, "70,68 zł"),
        ("en", "XYZ", 10, "XYZ10.00"),
    ],
)
def test_money(language, currency, amount, written):
    assert plain(Speech(language, currency).money(amount)) == written


def test_cents_are_always_written_where_asked_for():
    assert Speech("en", "EUR").cents(17743429.731) == "€17,743,429.73"


def test_shares_and_signs():
    en, pl = Speech("en"), Speech("pl")
    assert en.share(0.1234) == "12.3%"
    assert plain(pl.share(0.1234)) == "12,3%"
    assert en.percent(0.41) == "41%"
    assert en.percent(0.004) == "0.4%"
    assert en.signed(-0.06, 0) == "−6%"
    assert en.signed(0.38, 0) == "+38%"


def test_counted_words_bend_in_polish():
    pl = Speech("pl")
    assert [plain(pl.days(n)) for n in (1, 2, 5, 22)] == ["1 dzień", "2 dni", "5 dni", "22 dni"]
    assert [plain(pl.orders(n)) for n in (1, 3, 5, 22, 112)] == [
        "1 zamówienie",
        "3 zamówienia",
        "5 zamówień",
        "22 zamówienia",
        "112 zamówień",
    ]
    assert Speech("en").customers(1) == "1 customer"


def test_dates():
    assert Speech("en").month(date(2011, 1, 1)) == "Jan 2011"
    assert Speech("pl").month(date(2011, 1, 1)) == "sty 2011"
    assert Speech("pl").day(date(2011, 12, 9)) == "9 gru 2011"


def test_an_unknown_is_never_a_number():
    en = Speech("en", "EUR")
    why = Unknown.because("few", "Needs {needed}; there are {found}.", needed=5000, found=41)
    assert en.value(why, "money") == "–"
    assert en.value(None, "share") == "–"
    assert en.value(float("nan"), "money") == "–"
    assert en.value(float("inf"), "count") == "–"
    assert en.say(why) == "Needs 5,000; there are 41."


def test_values_inside_sentences_are_written_by_locale():
    words = Sentence.of("{n} and {d}", n=1234.6, d=date(2026, 1, 2))
    assert Speech("en").say(words) == "1,235 and Jan 2, 2026"
    assert "2 sty 2026" in Speech("pl").say(words)
