"""Thresholds are read with care: a slip gets a sentence that says what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars.kit.errors import RegularsError
from regulars.segments import Thresholds


def test_settings_are_read_over_the_defaults() -> None:
    read = Thresholds.parse(
        [
            "vip_orders=5",
            " VIP-p-alive = 70% ",
            "churn_gap_days=45.5",
            "tier_shares=10/20/30/40",
            "rfm_frequency=2,4,6,9",
        ]
    )
    assert read == Thresholds(
        vip_orders=5,
        vip_p_alive=0.7,
        churn_gap_days=45.5,
        tier_shares=(10, 20, 30, 40),
        rfm_frequency=(2, 4, 6, 9),
    )
    assert Thresholds.parse([]) == Thresholds()
    assert Thresholds.parse(["vip_percentile=97.5%"]).vip_percentile == 97.5


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("vip_order=5", "Did you mean 'vip_orders'?"),
        ("zzz=1", "There are: first_time_days"),
        ("vip_orders", "has no value"),
        ("vip_orders=", "has no value"),
        ("vip_orders=many", "a number"),
        ("vip_orders=2.5", "a whole number from 1 up"),
        ("vip_orders=0", "a whole number from 1 up"),
        ("vip_p_alive=1.2", "a share between 0 and 1"),
        ("vip_p_alive=nan", "a share between 0 and 1"),
        ("vip_percentile=100", "a percentile between 0 and 100"),
        ("churn_gap_days=-3", "a positive number of days"),
        ("tier_shares=5/15/30/49", "add up to 100"),
        ("tier_shares=50/50", "four positive"),
        ("tier_shares=a/b", "a list such as"),
        ("rfm_frequency=2/2/5/8", "rising"),
        ("rfm_frequency=1/2/5/8", "rising"),
        ("lapsed_p_alive=0.7", "at most at_risk_p_alive (0.5)"),
        ("full_price_share=0.7", "below discount_share (0.7)"),
    ],
)
def test_a_slip_says_what_to_write(setting: str, said: str) -> None:
    with pytest.raises(RegularsError) as caught:
        Thresholds.parse([setting])
    assert caught.value.code == "segments.threshold"
    assert said in str(caught.value)
    assert "inf" not in str(caught.value)


def test_every_threshold_is_documented_with_its_default() -> None:
    page = (Path(__file__).parents[2] / "docs" / "segments.md").read_text(encoding="utf-8")
    for name in Thresholds().to_json():
        assert f"`{name}`" in page, name
    for name in (
        "first_time_days",
        "repeat_orders",
        "loyal_orders",
        "big_spender_days",
        "lapsed_days",
        "won_back_days",
    ):
        assert f" {getattr(Thresholds(), name)} " in page, name
