"""Who is in which segment, worked by hand and again by a slow oracle that reads the rows one by one."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segments.conftest import scores
from tests.shops import make_orders

from regulars.kit.i18n import translator
from regulars.kit.unknown import Unknown
from regulars.lake import Capabilities
from regulars.segments import Segments, Thresholds, assign, catalogue, rfm, shipped, tiers

AS_OF = date(2024, 6, 30)
ALL = Capabilities(discounts=True, refunds=True)


def buys(customer: int | None, days_ago: int, amount: float = 50, **more: Any) -> dict[str, Any]:
    return {"customer": customer, "at": AS_OF - timedelta(days=days_ago), "amount": amount, **more}


CAST = [
    # 1 Ada: loyal, full price. 2 Ben: first order. 3 Cleo: one order long ago. 4 Dan: sends half of it back.
    *(buys(1, ago) for ago in (5, 25, 45, 65, 85)),
    buys(2, 60),
    buys(3, 61),
    buys(4, 10, 100, refunded=60),
    buys(4, 50, 100),
    buys(4, 90, 100),
    buys(4, 9, 60, kind="refund"),
    # 5 Eve: only ever at a discount. 6 Fay: back after a silence. 7 Gus: a single large order. 8 Hal: drifting.
    *(buys(5, ago, 60, discount=20) for ago in (30, 70, 110)),
    buys(6, 20),
    buys(6, 90),
    buys(7, 400, 900),
    buys(8, 41, 70),
    buys(8, 81, 70),
    # Nobody's order, a cancelled one, and one that lies in the future of AS_OF.
    buys(None, 3, 10_000),
    buys(2, 2, 10_000, status="cancelled"),
    buys(3, -1, 10_000),
]
P_ALIVE = {1: 0.95, 2: 0.8, 3: 0.5, 4: 0.7, 5: 0.5, 6: 0.6, 7: 0.1, 8: 0.2}
CLV = {1: 300.0, 2: 40.0, 3: 10.0, 4: 80.0, 5: 60.0, 6: 50.0, 7: 5.0, 8: 20.0}


def run(
    rows: list[dict[str, Any]],
    *,
    thresholds: Thresholds | None = None,
    capabilities: Capabilities = ALL,
    as_of: date = AS_OF,
    **about: Any,
) -> Segments:
    with make_orders(rows, capabilities=capabilities) as orders:
        return assign(orders, scores(rows, as_of, **about), thresholds=thresholds)


def members(result: Segments) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for row in result.customers.to_pylist():
        for name in row["segments"]:
            found[name].add(row["customer_key"])
    return found


@pytest.fixture(scope="module")
def cast() -> Segments:
    return run(CAST, p_alive=P_ALIVE, clv=CLV)


def test_the_cast_is_where_its_definitions_say(cast: Segments) -> None:
    assert members(cast) == {
        "first_time": {2},
        "one_time_lapsed": {2, 3, 7},
        "repeat": {1, 4, 5, 6, 8},
        "loyal": {1},
        # Net of 365 days: Ada 250, Dan 180, Eve 120, Hal 140, Fay 100, Ben 50, Cleo 50; P90 of 7 buyers is the 7th.
        "big_spender": {1},
        # AOV: Gus 900, Hal 70, Dan 60, others 40–50; P80 of 8 is the 7th = 70, P90 the 8th = 900.
        "high_aov": {7, 8},
        "vip": {1},
        "full_price": {1, 4, 6, 8},
        "discount_buyer": {5},
        "at_risk": {8},
        "won_back": {6},
        # Dan paid 300 and got 120 back: exactly 40%.
        "serial_returner": {4},
    }
    assert cast.boundaries == {
        "big_spender_net": 250.0,
        "high_aov": 70.0,
        "high_aov_single": 900.0,
        "vip_clv": 300.0,
    }


def test_lifecycle_and_tiers_of_the_cast(cast: Segments) -> None:
    by_key = {row["customer_key"]: row for row in cast.customers.to_pylist()}
    assert {key: row["lifecycle"] for key, row in by_key.items()} == {
        1: "active",
        2: "new",
        3: "lapsed",
        4: "active",
        5: "active",
        6: "won_back",
        7: "lapsed",
        8: "at_risk",
    }
    assert {key: row["tier"] for key, row in by_key.items()} == {
        1: "top",
        4: "high",
        5: "middle",
        6: "middle",
        2: "low",
        8: "low",
        3: "low",
        7: "low",
    }
    # Recency 5, 9→10, 20, 30, 41, 60, 61, 400 days; net 250, 180, 100, 120, 140, 50, 50, 900.
    assert by_key[1]["rfm"] == "R5F4M5"
    assert by_key[7]["rfm"] == "R1F1M5"
    assert by_key[2]["rfm"].endswith("M1")
    assert by_key[3]["rfm"].endswith("M1")
    assert by_key[1]["rfm_group"] == "champions"
    assert cast.customers["segments"].type == pa.list_(pa.string())


def test_the_summary_adds_up(cast: Segments) -> None:
    for family, partition in (("tier", True), ("rfm", True), ("lifecycle", True), ("behaviour", False)):
        rows = cast.families[family]
        if partition:
            assert sum(row.customers for row in rows) == 8
            assert math.isclose(sum(row.net for row in rows), 1790.0)
            assert math.isclose(sum(row.share for row in rows), 1)
            assert math.isclose(sum(row.clv for row in rows), sum(CLV.values()))
            assert sum(row.orders for row in rows) == 18
    vip = cast.row("behaviour", "vip")
    assert (vip.customers, vip.net, vip.orders, vip.aov, vip.clv) == (1, 250.0, 5, 50.0, 300.0)
    assert (vip.share, vip.median_recency_days) == (0.125, 5)
    empty = cast.row("behaviour", "lapsed")
    assert (empty.customers, empty.net, empty.aov, empty.median_recency_days) == (0, 0.0, None, None)
    assert sum(cell["customers"] for cell in cast.rfm_map) == 8
    with pytest.raises(KeyError):
        cast.row("behaviour", "nobody")


def test_segments_that_need_events_say_so(cast: Segments) -> None:
    for name in ("cart_abandoner", "browse_abandoner"):
        row = cast.row("behaviour", name)
        assert row.customers is None
        assert row.unknown.code == "segments.no_events"
    prospects = cast.row("behaviour", "prospect")
    assert (prospects.customers, prospects.unknown) == (0, None)


def test_thresholds_move_the_boundaries() -> None:
    moved = run(
        CAST,
        p_alive=P_ALIVE,
        clv=CLV,
        thresholds=Thresholds.parse(
            [
                "first_time_days=59",
                "repeat_orders=3",
                "loyal_orders=2",
                "churn_gap_days=61",
                "returner_share=0.41",
                "at_risk_p_alive=0.51",
                "vip_percentile=80",
                "big_spender_percentile=80",
                "tier_shares=25/25/25/25",
            ]
        ),
    )
    found = members(moved)
    assert found["first_time"] == set()
    assert found["one_time_lapsed"] == {7}, "61 days are not beyond 61 days"
    assert found["repeat"] == {1, 4, 5}
    assert found["loyal"] == {1, 4, 5, 6, 8}
    assert found["serial_returner"] == set()
    assert found["at_risk"] == {5}, "Hal has two orders only now"
    assert found["vip"] == {1, 4}
    assert found["big_spender"] == {1, 4}
    assert [row.customers for row in moved.families["tier"]] == [2, 2, 2, 2]
    assert moved.row("behaviour", "loyal").told(translator())[1] == (
        "At least 2 orders, the last within the usual gap between orders (61 days)."
    )


def test_without_a_forecast_the_tiers_follow_net_spend_and_say_so() -> None:
    result = run(CAST)
    assert {row["customer_key"]: row["tier"] for row in result.customers.to_pylist()} == {
        7: "top", 1: "high", 4: "middle", 8: "middle", 5: "low", 6: "low", 2: "low", 3: "low"
    }  # fmt: skip
    top = result.row("tier", "top")
    assert "net spend to date" in top.told(translator())[1]
    assert top.clv is None
    for name in ("vip", "at_risk", "lapsed"):
        assert result.row("behaviour", name).unknown.code == "segments.no_scores"
        assert name not in members(result)
    assert {row["customer_key"]: row["lifecycle"] for row in result.customers.to_pylist()} == {
        1: "active", 2: "new", 3: "lapsed", 4: "active", 5: "active", 6: "won_back", 7: "lapsed", 8: "lapsed"
    }  # fmt: skip


def test_the_models_own_reason_is_kept() -> None:
    why = Unknown.because("value.too_few", "Only {n} customers.", n=8)
    with make_orders(CAST, capabilities=ALL) as orders:
        value = scores(CAST, AS_OF)
        value.unknown = why
        result = assign(orders, value)
    assert result.row("behaviour", "vip").unknown is why
    assert result.to_json()["families"]["behaviour"]["segments"][7]["unknown"] == {
        "code": "value.too_few",
        "reason": "Only 8 customers.",
    }


def test_what_the_file_does_not_say_is_unknown_not_empty() -> None:
    result = run(CAST, capabilities=Capabilities(), p_alive=P_ALIVE, clv=CLV)
    assert result.row("behaviour", "full_price").unknown.code == "segments.no_discounts"
    assert result.row("behaviour", "discount_buyer").unknown.code == "segments.no_discounts"
    assert result.row("behaviour", "serial_returner").unknown.code == "segments.no_refunds"


def test_without_a_usual_gap_nobody_is_called_lapsed_by_it() -> None:
    gap = Unknown.because("metrics.no_gaps", "Nobody ordered twice.")
    rows = [buys(1, 10), buys(2, 200), buys(3, 366)]
    result = run(rows, gap=gap)
    for name in ("one_time_lapsed", "loyal", "won_back"):
        assert result.row("behaviour", name).unknown is gap
    assert result.customers["lifecycle"].to_pylist() == ["new", "active", "lapsed"]
    assert "365 days" in result.row("lifecycle", "lapsed").told(translator())[1]


def test_one_customer_of_one_day() -> None:
    result = run([buys(1, 0)])
    assert result.customers.to_pylist() == [
        {
            "customer_key": 1,
            "rfm": "R5F1M3",
            "rfm_group": "active",
            "tier": "top",
            "lifecycle": "new",
            "segments": ["first_time", "big_spender", "high_aov"],
        }
    ]


def test_no_customers_at_all() -> None:
    result = run([buys(None, 0)])
    assert len(result.customers) == 0
    assert result.customers.schema.names == [
        "customer_key",
        "rfm",
        "rfm_group",
        "tier",
        "lifecycle",
        "segments",
    ]
    assert result.row("tier", "top").customers == 0
    assert result.row("tier", "top").share is None
    json.dumps(result.to_json())


def test_a_silence_that_ended_inside_the_last_days_counts_although_more_orders_followed() -> None:
    rows = [buys(1, 2), buys(1, 9), buys(1, 70), buys(2, 2), buys(2, 29), buys(3, 31), buys(3, 90)]
    assert members(run(rows))["won_back"] == {1}
    assert members(run(rows, gap=20))["won_back"] == {1, 2}, "a short usual gap can end within the window"
    assert members(run(rows, thresholds=Thresholds(won_back_days=31)))["won_back"] == {1, 3}


def test_words_have_no_empty_placeholder_and_json_is_plain(cast: Segments) -> None:
    for result in (cast, run(CAST, gap=Unknown.because("x", "Because."))):
        text = json.dumps(result.to_json())
        assert "{" not in "".join(
            row["definition"] + row["title"]
            for family in result.to_json()["families"].values()
            for row in family["segments"]
        )
        assert json.loads(text)["thresholds"]["tier_shares"] == [5, 15, 30, 50]
        assert "NaN" not in text


def test_the_catalogue_names_what_the_rules_decide() -> None:
    assert [entry.name for entry in catalogue.TIERS] == list(tiers.TIERS)
    assert [entry.name for entry in catalogue.RFM] == list(rfm.GROUPS)
    assert [entry.name for entry in catalogue.LIFECYCLE] == list(shipped.LIFECYCLE)


# The oracle: the same definitions, row by row, without arrays or an engine.


def oracle(rows: list[dict[str, Any]], value: Any, at: Thresholds) -> dict[int, tuple[str, list[str]]]:
    facts: dict[int, dict[str, Any]] = {row["customer_key"]: row for row in value.customers.to_pylist()}
    paid = [row for row in rows if row.get("status", "paid") == "paid" and row["at"] <= AS_OF]
    orders = {k: [r for r in paid if r["customer"] == k and r.get("kind", "order") == "order"] for k in facts}
    notes = {k: [r for r in paid if r["customer"] == k and r.get("kind") == "refund"] for k in facts}
    gap = value.churn_gap_days

    def net(row: dict[str, Any]) -> float:
        if row.get("kind") == "refund":
            return -float(row["amount"])
        return float(row["amount"]) - float(row.get("discount", 0)) - float(row.get("refunded", 0))

    def reached(values: list[float], percent: float) -> float:
        ranked = sorted(values)
        return ranked[max(0, math.ceil(round(len(ranked) * percent / 100, 9)) - 1)] if ranked else math.inf

    since = AS_OF - timedelta(days=at.big_spender_days)
    yearly = {k: sum(net(r) for r in orders[k] + notes[k] if r["at"] > since) for k in facts}
    buyers = [k for k in facts if any(r["at"] > since for r in orders[k])]
    p_net = reached([yearly[k] for k in buyers], at.big_spender_percentile)
    aovs = [facts[k]["aov"] for k in facts]
    p_aov, p_single = reached(aovs, at.high_aov_percentile), reached(aovs, at.high_aov_single_percentile)
    p_clv = reached([facts[k]["clv"] for k in facts], at.vip_percentile)
    result = {}
    for k, told in facts.items():
        n, alive = len(orders[k]), told["p_alive"]
        days = sorted({r["at"] for r in orders[k]})
        back = [
            (b - a).days
            for a, b in pairwise(days)
            if (AS_OF - b).days <= at.won_back_days and (b - a).days > gap
        ]
        discounted = sum(1 for r in orders[k] if r.get("discount", 0))
        gross = sum(float(r["amount"]) - float(r.get("discount", 0)) for r in orders[k])
        returned = sum(float(r.get("refunded", 0)) for r in orders[k]) + sum(
            float(r["amount"]) for r in notes[k]
        )
        ago = (AS_OF - days[-1]).days
        holds = {
            "first_time": n == 1 and (AS_OF - days[0]).days <= at.first_time_days,
            "one_time_lapsed": n == 1 and ago > gap,
            "repeat": n >= at.repeat_orders,
            "loyal": n >= at.loyal_orders and ago <= gap,
            "big_spender": k in buyers and yearly[k] >= p_net,
            "high_aov": (n >= 2 and told["aov"] >= p_aov) or (n == 1 and told["aov"] >= p_single),
            "vip": told["clv"] >= p_clv and n >= at.vip_orders and alive >= at.vip_p_alive,
            "full_price": n >= at.discount_orders and discounted * 10 <= n,
            "discount_buyer": n >= at.discount_orders and discounted * 10 >= 7 * n,
            "at_risk": n >= at.repeat_orders and at.lapsed_p_alive <= alive < at.at_risk_p_alive,
            "lapsed": n >= at.repeat_orders and alive < at.lapsed_p_alive,
            "won_back": bool(back),
            "serial_returner": n >= at.returner_orders and returned > 0 and returned * 10 >= 4 * gross,
        }
        names = [name for name, true in holds.items() if true]
        if holds["won_back"]:
            stage = "won_back"
        elif holds["first_time"]:
            stage = "new"
        elif holds["one_time_lapsed"] or (n > 1 and alive < at.lapsed_p_alive):
            stage = "lapsed"
        elif n > 1 and alive < at.at_risk_p_alive:
            stage = "at_risk"
        else:
            stage = "active"
        result[k] = (stage, names)
    return result


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "customer": st.sampled_from([1, 2, 3, 4, 5, None]),
            "at": st.integers(-3, 420).map(lambda ago: AS_OF - timedelta(days=ago)),
            "amount": st.sampled_from([0, 10, 20, 25, 40]),
        },
        optional={
            "discount": st.sampled_from([0, 5]),
            "refunded": st.sampled_from([0, 4, 5]),
            "kind": st.sampled_from(["order", "order", "refund"]),
            "status": st.sampled_from(["paid", "paid", "paid", "cancelled", "unpaid"]),
        },
    ).map(
        lambda row: (
            {**row, "discount": 0, "refunded": 0}
            if row.get("kind") == "refund" or row["amount"] == 0
            else row
        )
    ),
    max_size=30,
)
SHARES = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 0.6, 1.0])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=ROWS,
    alive=st.lists(SHARES, min_size=5, max_size=5),
    clv=st.lists(st.sampled_from([0.0, 5.0, 90.0]), min_size=5, max_size=5),
    gap=st.sampled_from([5.0, 30.5, 90.0]),
    random=st.randoms(),
)
def test_any_shop_agrees_with_the_oracle_and_row_order_changes_nothing(
    rows: list[dict[str, Any]], alive: list[float], clv: list[float], gap: float, random: Any
) -> None:
    about = {
        "p_alive": dict(enumerate(alive, 1)),
        "clv": dict(enumerate(clv, 1)),
        "gap": gap,
    }
    result = run(rows, **about)
    told = result.customers.to_pylist()
    slow = oracle(rows, scores(rows, AS_OF, **about), Thresholds())
    assert {row["customer_key"]: (row["lifecycle"], row["segments"]) for row in told} == slow
    for family in ("tier", "rfm", "lifecycle"):
        assert sum(row.customers for row in result.families[family]) == len(told)
    shuffled = rows.copy()
    random.shuffle(shuffled)
    again = run(shuffled, **about).customers.to_pylist()
    assert sorted(again, key=lambda row: row["customer_key"]) == sorted(
        told, key=lambda row: row["customer_key"]
    )
