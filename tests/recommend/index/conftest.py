"""One fitted shop and the folder of its index."""

from __future__ import annotations

import pytest

from regulars.recommend import fit_interactions
from regulars.recommend.index import build


@pytest.fixture(scope="session")
def recommender(shop):
    return fit_interactions(shop, tune=False)


@pytest.fixture
def folder(recommender, tmp_path):
    build(recommender, tmp_path / "index")
    return tmp_path / "index"
