"""What every test may use: the real data sets when they stand beside the checkout, and a home on each kind of store."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from tests.browsing import photographed
from tests.homes import Opened, database_of, opened
from tests.servers import postgres_binaries, postgres_server

# A busy machine is slow, not wrong: no deadline, no complaint about slow input. The same commit gives the same answer
# everywhere; REGULARS_EXPLORE=1 looks for new examples (and whoever finds one adds it with @example).
settings.register_profile(
    "regulars",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("REGULARS_EXPLORE") != "1",
)
settings.load_profile("regulars")

# Learning takes longer than all the rest of a forecast: tests ask for it where it is theirs.
os.environ.setdefault("REGULARS_LEARNER", "off")

# Hundreds of processes are started: where nothing compiled is kept, each compiles every module anew for a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

SHARED_DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))

PICTURES = Path(__file__).resolve().parents[1] / "build" / "failed"
"""Where a failed test in a browser leaves what was on the screen."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file with one worker."""
    from tests.scheduling import WholeFiles

    return WholeFiles(config, log)


def pytest_report_header() -> str:
    there = SHARED_DATA.is_dir()
    return f"real data: {'found' if there else 'NOT found, tests marked real_data are skipped'} ({SHARED_DATA.name})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep a picture of what was on the screen where a test in a browser failed."""
    report = yield
    if report.when == "call" and report.failed and "browser" in item.keywords:
        for path in photographed(item.nodeid, PICTURES):
            report.sections.append(("Screen at the failure", str(path)))
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if SHARED_DATA.is_dir():
        return
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="the real data sets are not beside this checkout"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; only for tests marked ``real_data``."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of the session."""
    if postgres_binaries() is None:
        pytest.skip("no PostgreSQL server is installed")
    with postgres_server() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a store with nothing in it; empty for SQLite."""
    if request.param == "sqlite":
        yield ""
        return
    with database_of(request.getfixturevalue("postgres"), up_to_date=True) as address:
        yield address


@pytest.fixture
def home(store: str, tmp_path: Path) -> Opened:
    """Open the test's home with settings."""
    return lambda **settings: opened(tmp_path / "home", store, **settings)
