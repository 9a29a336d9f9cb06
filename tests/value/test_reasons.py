"""The reason of each customer: whole sentences, in every language, the same one by one as all at once."""

from __future__ import annotations

import numpy as np
import pytest
from tests.shops import make_orders, named_cast

from regulars import value
from regulars.kit.i18n import LANGUAGES, fill
from regulars.value import reasons as room
from regulars.value.reasons import Reasons


def reasons(*rows: tuple[int, float, int]) -> Reasons:
    orders, gap, ago = (np.array(column) for column in zip(*rows, strict=True))
    return Reasons(orders, gap.astype(float), ago)


CASES = [
    ((3, 35, 63), "3 orders, about every 5 weeks, the last one 9 weeks ago", "3 zamówienia, mniej więcej co 5 tygodni, ostatnie 9 tygodni temu"),
    ((2, 7 * 2, 0), "2 orders, about every 2 weeks, the last one today", "2 zamówienia, mniej więcej co 2 tygodnie, ostatnie dzisiaj"),
    ((61, 0.4, 1), "61 orders, about every day, the last one a day ago", "61 zamówień, mniej więcej codziennie, ostatnie wczoraj"),
    ((22, 90, 740), "22 orders, about every 3 months, the last one 2 years ago", "22 zamówienia, mniej więcej co 3 miesiące, ostatnie 2 lata temu"),
    ((5, 365, 365 * 5), "5 orders, about every 12 months, the last one 5 years ago", "5 zamówień, mniej więcej co 12 miesięcy, ostatnie 5 lat temu"),
    ((1, np.nan, 14), "1 order, 2 weeks ago", "1 zamówienie, 2 tygodnie temu"),
    ((2, np.nan, 3), "2 orders on one day, 3 days ago", "2 zamówienia jednego dnia, 3 dni temu"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "english", "polish"), CASES)
def test_a_reason_in_both_languages(row: tuple[int, float, int], english: str, polish: str) -> None:
    assert reasons(row).texts("en").to_pylist() == [english]
    assert reasons(row).texts("pl").to_pylist() == [polish]


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_by_one_and_all_at_once_agree(language: str) -> None:
    rng = np.random.default_rng(4)
    orders = rng.geometric(0.4, 800)
    gap = np.where(orders > 1, rng.gamma(0.7, 60, 800) + 0.1, np.nan)
    many = Reasons(orders, gap, rng.integers(0, 2000, 800))
    each = [
        fill(phrase.message, dict(phrase.values), language)
        for phrase in (many.phrase(row) for row in range(len(orders)))
    ]
    assert many.texts(language).to_pylist() == each


def test_the_named_cast() -> None:
    with make_orders(named_cast()) as orders:
        told = value.estimate(orders)
        said = dict(
            zip(told.named()["customer_id"].to_pylist(), told.reasons.texts().to_pylist(), strict=True)
        )
    assert said["Ada"] == "20 orders, about every 7 days, the last one today"
    assert said["Ben"].startswith("1 order, ")
    assert said["Eve"].startswith("4 orders, about every 6 weeks, ")


def test_nobody_has_no_reason() -> None:
    empty = np.zeros(0, np.int64)
    assert Reasons(empty, empty.astype(float), empty).texts().to_pylist() == []


def test_what_was_written_in_english_is_read_back() -> None:
    for orders in (1, 2, 35):
        for gap, unit in ((0, 0), (1, 0), (13, 0), (9, 1), (1, 2), (23, 2), (2, 3)):
            for ago, since in ((0, 0), (1, 0), (13, 0), (1, 1), (9, 1), (23, 2), (1, 3), (4, 3)):
                phrase = room._phrase(orders, gap if orders > 1 else 0, unit if orders > 1 else 0, ago, since)
                found = room.read(str(phrase))
                assert found is not None, str(phrase)
                assert fill(found.message, dict(found.values), "pl") == fill(
                    phrase.message, dict(phrase.values), "pl"
                )
    for other in ("", "3 orders", "because", "x orders, today"):
        assert room.read(other) is None
