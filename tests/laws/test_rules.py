"""The law of rules: Spark finds the members of segments that Python finds one by one, as DuckDB does."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segments.rules.conftest import World
from tests.segments.rules.test_same_answer import NOWS, ZONES, person, rule

from regulars.lake import Workspace
from regulars.segments.rules import Clock, read

pytestmark = [
    pytest.mark.spark,
    pytest.mark.xdist_group("spark"),
    pytest.mark.skipif(shutil.which("java") is None, reason="needs Java"),
    pytest.mark.skipif(find_spec("pyspark") is None, reason="needs regulars[spark]"),
]


class Sparkling(World):
    """People in files that Spark reads, as a lake lays them out."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace, self.folder = workspace, folder

    def table(self, name: str, schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> Any:
        path = self.folder / f"{name}-{uuid4().hex}.parquet"
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
        return self.workspace.engine.read(path)


@pytest.fixture(scope="module")
def sparkling(spark: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Sparkling:
    return Sparkling(spark, tmp_path_factory.mktemp("people"))


@st.composite
def crowds(draw: Any) -> Any:
    """More rules and people at once than elsewhere: on Spark it is the number of questions that takes time."""
    clock = Clock(draw(st.sampled_from(NOWS)), draw(st.sampled_from(ZONES)))
    told = {f"rule_{n}": draw(rule(clock.today, ["vip", "repeat"])) for n in range(8)}
    told["last"] = draw(rule(clock.today, ["rule_0", "rule_1", "at_risk"]))
    return clock, told, [draw(person(clock)) for _ in range(6)]


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(crowd=crowds())
def test_everybody_on_spark_and_each(sparkling: Sparkling, crowd: Any) -> None:
    clock, told, people = crowd
    rules = {name: read(each) for name, each in told.items()}
    sparkling.both(people, rules, list(rules), clock)
