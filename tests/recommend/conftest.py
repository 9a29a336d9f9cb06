"""A small shop in which people have tastes, habits and a season, drawn once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from tests.shops import make_orders

from regulars.recommend import Interactions, read

FIRST = date(2024, 1, 1)
DAYS = 200


def rows(seed: int = 0, days: int = DAYS, people: int = 90) -> list[dict[str, Any]]:
    """Order lines: each person likes one of four kinds, comes back to a favourite, and kinds go in and out of season."""
    rng = np.random.default_rng(seed)
    found = []
    for day in range(days):
        for number in range(7):
            person = int(rng.integers(people))
            kind = person % 4
            items = {f"{'abcd'[kind]}{int(at)}" for at in rng.integers(0, 8, 2)}
            if rng.random() < 0.7:
                items.add(f"{'abcd'[kind]}{person % 8}")
            if rng.random() < 0.5:
                items.add(f"season{day // 40}")
            for item in sorted(items):
                found.append(
                    {
                        "order_id": f"o{day}-{number}",
                        "customer": f"person {person}",
                        "at": FIRST + timedelta(days=day),
                        "product": item,
                        "category": item[0],
                        "amount": f"{5 + ord(item[-1]) % 8}.00",
                    }
                )
    return found


def taken(lines: list[dict[str, Any]], as_of: date | None = None) -> Interactions:
    with make_orders(lines) as orders:
        return read(orders, as_of=as_of)


@pytest.fixture(scope="session")
def shop() -> Interactions:
    return taken(rows())


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., list[dict[str, Any]]]:
    return rows


@pytest.fixture(scope="session")
def take() -> Callable[..., Interactions]:
    return taken
