"""A table takes the place of its own days and channels, whatever it holds: held against a plain loop."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from regulars.advertising.rules import Place, Spend, replaced, summed

PLACES = st.builds(
    Place,
    st.sampled_from([date(2024, 1, 1), date(2024, 1, 2)]),
    st.sampled_from(["", "google", "mail"]),
    st.sampled_from(["", "a", "b"]),
)
TABLES = st.lists(st.builds(Spend, PLACES, st.integers(0, 1000)), max_size=12)


@given(st.lists(TABLES, max_size=6))
def test_the_latest_word_on_each_day_of_a_channel_stands(tables: list[list[Spend]]) -> None:
    kept: dict[Place, int] = {}
    for table in tables:
        told = summed(table)
        for place in replaced(kept, told):
            del kept[place]
        kept.update(told)

    plain: dict[tuple[date, str], list[Spend]] = {}
    for table in tables:
        for spend in table:
            plain[spend.place[:2]] = []
        for spend in table:
            plain[spend.place[:2]].append(spend)
    right: dict[Place, int] = {}
    for spends in plain.values():
        for spend in spends:
            right[spend.place] = right.get(spend.place, 0) + spend.minor
    assert kept == right
