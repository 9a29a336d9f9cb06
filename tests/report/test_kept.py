"""A page that is kept says the same in every language as the one it was made of."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from tests.report.sample import bare, failed, page

from regulars.report import kept, render
from regulars.report.model import Page, ValueBin


@pytest.mark.parametrize("made", [page(), bare(), failed()], ids=["whole", "bare", "failed"])
def test_it_comes_back_whole(made: Page) -> None:
    told = json.loads(json.dumps(kept.written(made), allow_nan=False))
    found = kept.read(told)
    assert found == made
    for language in ("en", "pl"):
        assert render(found, language=language) == render(made, language=language)


def test_numbers_of_other_libraries_are_numbers() -> None:
    made = dataclasses.replace(bare(), orders=np.int64(7))
    assert kept.read(json.loads(json.dumps(kept.written(made)))) == dataclasses.replace(bare(), orders=7)


def test_what_a_later_version_added_is_left_out_and_what_is_missing_is_no_page() -> None:
    told = kept.written(bare())
    assert kept.read(told | {"later": 1}) == bare()
    assert kept.read({name: value for name, value in told.items() if name != "customers"}) is None
    broken: list[Any] = [None, {}, [], "x", {"is": "Page"}, {"is": "nothing"}, {"is": "date", "day": "x"}, told | {"cards": [{"is": "Later"}]}]  # fmt: skip
    for each in broken:
        assert kept.read(each) is None


def test_what_is_no_part_of_a_page_is_not_written() -> None:
    with pytest.raises(TypeError, match="cannot be kept"):
        kept.written(dataclasses.replace(bare(), version=object()))  # type: ignore[arg-type]
    assert ValueBin.__name__ in kept.CLASSES
