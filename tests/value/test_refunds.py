"""The refund layer: the shop's share, how far customers are trusted to differ from it, and its bounds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regulars.value import refunds


def test_customers_who_do_not_differ_are_given_the_shops_share() -> None:
    rng = np.random.default_rng(1)
    purchases = rng.integers(1, 20, 5000)
    refunded = np.array([rng.binomial(n, 0.1) for n in purchases]).astype(float)
    share = refunds.fit(purchases, purchases.astype(float), refunded)
    assert abs(share.shop - 0.1) < 0.01
    assert share.prior_purchases > 50
    expected = share.expected(purchases.astype(float), refunded)
    assert expected.std() < 0.03


def test_customers_who_differ_are_believed() -> None:
    rng = np.random.default_rng(2)
    own = rng.beta(1, 3, 5000)
    purchases = rng.integers(5, 30, 5000)
    refunded = rng.binomial(purchases, own).astype(float)
    share = refunds.fit(purchases, purchases.astype(float), refunded)
    assert 2 < share.prior_purchases < 8  # the truth is 1 + 3
    expected = share.expected(purchases.astype(float), refunded)
    assert np.corrcoef(expected, own)[0, 1] > 0.8


def test_one_huge_order_that_came_back_outweighs_small_ones_that_stayed() -> None:
    purchases, spend = np.full(1000, 5), np.full(1000, 100.0)
    refunded = np.zeros(1000)
    refunded[:100] = 40.0
    spend[0], refunded[0] = 50_000.0, 49_900.0
    share = refunds.fit(purchases, spend, refunded)
    assert share.expected(spend, refunded)[0] > 0.85


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1e6), st.floats(0, 1e7)), min_size=1, max_size=30))
def test_shares_stay_between_nothing_and_all(rows: list[tuple[int, float, float]]) -> None:
    purchases, spend, refunded = (np.array(column) for column in zip(*rows, strict=True))
    share = refunds.fit(purchases, spend, refunded)
    expected = share.expected(spend, refunded)
    assert np.isfinite(expected).all()
    assert ((expected >= 0) & (expected <= 1)).all()
