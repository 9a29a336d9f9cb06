"""What is learnt from sessions, served from files: the same answers, and single products worked out again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.recommend.test_sessions import browsing, given

from regulars.recommend import Parameters, fit_interactions
from regulars.recommend.index import Live, build, open_index

AT = Parameters(session_knn_weight=1.0, view_weight=0.5)


@pytest.fixture(scope="module")
def seen(shop):
    return given(
        shop, [row | {"customer_id": "person 5"} for row in browsing(shop)[:40]] + browsing(shop)[40:]
    )


@pytest.fixture(scope="module")
def found(seen):
    return fit_interactions(seen, tune=False, parameters=AT)


def test_files_of_sessions_are_written_only_where_they_are_needed(shop, seen, found, tmp_path):
    names = {name: set(build(fit, tmp_path / name).files) for name, fit in {
        "plain": fit_interactions(shop, tune=False),
        "seen": fit_interactions(seen, tune=False),
        "all": found,
    }.items()}  # fmt: skip
    assert {name.partition(".")[0] for name in names["seen"] - names["plain"]} == {"viewers", "following"}
    past = {f"past.{part}.npy" for part in ("starts", "items", "held_starts", "held", "rarity")}
    assert past | {"lately.starts.npy"} <= names["all"] - names["seen"]


def test_an_index_answers_sessions_as_the_fit_does(found, tmp_path):
    build(found, tmp_path)
    index = open_index(tmp_path)
    for products in (["a1"], ["a1", "b2", "a1"], ["d4", "season1", "c0"]):
        assert index.session(products, 9) == Live(index).session(products, 9) == found.session(products, 9)
        assert index.similar(products[0], 9) == found.similar(products[0], 9)
    assert index.discover("person 5", 9) == found.discover("person 5", 9)
    assert index.serving.lately(found.serving.person("person 5")).viewed


def test_a_product_is_worked_out_again_from_sessions_too(shop, seen, found, tmp_path):
    early = fit_interactions(seen.until(seen.end - 30), tune=False, parameters=AT)
    build(early, tmp_path)
    live = Live(open_index(tmp_path))
    assert live.solve_again("a1", seen)
    item = seen.catalogue.codes["a1"]
    for name in ("near", "following"):
        items, weights = getattr(live.serving, name).row(item)
        wanted = dict(zip(*(part.tolist() for part in getattr(found.serving, name).row(item)), strict=True))
        assert dict(zip(items.tolist(), weights.tolist(), strict=True)) == pytest.approx(wanted, rel=1e-5)
    before = live.serving.following.row(item)
    # Purchases alone say nothing new of what follows.
    assert live.solve_again("a1", replace(seen, sessions=None))
    assert np.array_equal(live.serving.following.row(item)[1], before[1])


def test_a_view_changes_what_is_shown_at_once(found, tmp_path):
    build(found, tmp_path)
    live = Live(open_index(tmp_path))
    assert live.viewed("a newcomer", "b2")
    pick = live.discover("a newcomer", 1).picks[0]
    assert (pick.reason, pick.seeds) == ("because_viewed", ("b2",))
