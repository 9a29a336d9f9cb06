"""One Spark session for all laws of engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from regulars.lake import Workspace, open_workspace


@pytest.fixture(scope="session")
def spark() -> Iterator[Workspace]:
    workspace = open_workspace(engine="local[2]", memory_limit="500MB")
    yield workspace
    workspace.close()
