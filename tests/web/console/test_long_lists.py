"""Long lists are the same whether they are walked whole or by where their people stand, from every place, and after somebody is gone."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from tests.web.console import shop

from regulars.customers import listing, stretches
from regulars.customers.listing import NEW, SORTINGS, Wanted

SORTS = [*SORTINGS, NEW]
TIERS = ("", "top", "middle", "low", "nobody's")
CUSTOMERS = 70


@pytest.fixture
def long(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop whose lists count as long: equal values, unknown ones, segments at either end and mixed."""
    from regulars.store.models import Membership, Score

    shop.made(CUSTOMERS)
    chance = random.Random(4)
    Membership.objects.filter(run=1).delete()
    for key in range(1, CUSTOMERS + 1):
        Score.objects.filter(run=1, customer_id=key).update(
            clv_minor=chance.choice([None, 5, 5, 7, 900 - key]),
            net_minor=key // 9,
            last_on=shop.DAY - timedelta(days=chance.randrange(9)),
            p_alive=chance.choice([None, 0.1, 0.1 + 0.2, 1 / key]),
            tier=chance.choice(["top", "middle"]) if key < 60 else "low",
        )
        for name, inside in (("first", key < 20), ("last", key > 50), ("mixed", chance.random() < 0.3)):
            if inside:
                Membership.objects.create(run=1, segment=name, customer_id=key)
    Score.objects.filter(run=1, customer_id__in=[13, 55]).delete()
    monkeypatch.setattr(stretches, "FEW", 0)
    monkeypatch.setattr(listing, "FEW", 0)
    monkeypatch.setattr(stretches, "ROWS", 4)


def expected(wanted: Wanted) -> list[int]:
    """What a list has, in plain Python."""
    from regulars.store.models import Customer, Membership, Score

    inside = set(Customer.objects.values_list("id", flat=True))
    scores = {score.customer_id: score for score in Score.objects.filter(run=1)}
    if wanted.segment:
        rows = Membership.objects.filter(run=1, segment=wanted.segment)
        inside &= set(rows.values_list("customer_id", flat=True))
    if wanted.tier:
        inside &= {key for key, score in scores.items() if score.tier == wanted.tier}
    if wanted.sort == NEW:
        return sorted(inside, reverse=True)
    column, falling = SORTINGS[wanted.sort].column, SORTINGS[wanted.sort].falling
    told = [(getattr(scores[key], column), key) for key in inside & set(scores)]
    return [key for _, key in sorted((each for each in told if each[0] is not None), reverse=falling)]


def walked(wanted: Wanted, limit: int) -> list[int]:
    found: list[int] = []
    cursor = ""
    while True:
        rows, cursor = listing.page(1, wanted, cursor, size=None, limit=limit)
        found += [row.customer.id for row in rows]
        if not cursor:
            return found
        assert len(rows) == limit, "a page is full while there are more"


@pytest.mark.parametrize("sort", SORTS)
def test_every_list_has_the_same_people_in_the_same_order(long: None, sort: str) -> None:
    from regulars.store.models import Stretches

    every = [Wanted(name, tier, sort) for name in ("", "first", "last", "mixed", "none") for tier in TIERS]
    before = [walked(wanted, 3) for wanted in every]
    assert before == [expected(wanted) for wanted in every]
    assert sum(map(len, before)) > CUSTOMERS
    stretches.build(1)
    assert Stretches.objects.filter(segment="last", tier="low").count() == len(stretches.COLUMNS)
    assert [walked(wanted, 3) for wanted in every] == before
    assert [walked(wanted, 100) for wanted in every] == before


@pytest.mark.parametrize("sort", SORTS)
def test_who_is_gone_since_is_passed(long: None, sort: str) -> None:
    from regulars.store.models import Customer, Membership

    stretches.build(1)
    Customer.objects.filter(id__in=[2, 3, 52, 53, 54, 56, 57, 68]).delete()
    Membership.objects.filter(segment="mixed", customer_id__lt=30).delete()
    for name in ("first", "last", "mixed"):
        for tier in ("", "middle", "low"):
            wanted = Wanted(name, tier, sort)
            assert walked(wanted, 2) == expected(wanted), wanted


def test_parts_without_anybody_are_not_walked(long: None) -> None:
    stretches.build(1)
    found = stretches.spans(1, stretches.KEY, "last", "", falling=True, after=None)
    assert found is not None
    assert [(part.first, part.beyond) for part in found] == [((50, 50), None)]
    assert stretches.spans(1, "net_minor", "first", "low", falling=True, after=None) == []
    assert stretches.spans(1, "net_minor", "unheard of", "", falling=True, after=None) is None
    assert stretches.spans(2, "net_minor", "last", "", falling=True, after=None) is None


def test_short_lists_keep_nothing(long: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from regulars.store.models import Stretches

    stretches.build(1)
    assert Stretches.objects.exists()
    monkeypatch.setattr(stretches, "FEW", CUSTOMERS)
    stretches.build(1)
    assert not Stretches.objects.exists()
