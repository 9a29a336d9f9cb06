"""The home of a small demonstration, made once."""

from __future__ import annotations

import pytest
from tests.homes import opened
from tests.pictures import CUSTOMERS

from regulars import simulator
from regulars.runtime import demonstration
from regulars.runtime.settings import Settings


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    from datetime import UTC, date, datetime, timedelta

    folder = tmp_path_factory.mktemp("demo")
    today = datetime.now(UTC).date()
    world = demonstration.recent(
        simulator.demo(customers=CUSTOMERS, start=date(2025, 1, 1), events=True), today
    )
    assert world.as_of == today - timedelta(days=1)
    simulator.simulate(world, folder / "shop")
    settings = opened(folder / "home", currency=world.currency, time_zone=world.time_zone)
    demonstration.prepare(world, folder / "shop", settings)
    return settings
