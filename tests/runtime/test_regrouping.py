"""The shop's own segments between two refreshes: rules that are new or changed, events that came since, and what happens meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.homes import Opened

from regulars.kit.errors import RegularsError

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
HEAD = "order_id,customer_id,date,product,quantity,amount,currency"
OFTEN = {"field": "orders", "operator": ">=", "value": 2}
TEA_NOW = {"event": {"type": "purchase", "operator": ">=", "value": 1, "window": {"last_days": 30},
                     "where": {"property": "product", "operator": "is", "value": "tea"}}}  # fmt: skip


def written(path: Path, *rows: str) -> str:
    path.write_text("\n".join((HEAD, *rows)), encoding="utf-8")
    return str(path)


@pytest.fixture
def settings(home: Opened, tmp_path: Path) -> Any:
    """A shop of three, refreshed: Ada came twice, Ben and Cleo once."""
    from regulars.runtime.load import load
    from regulars.runtime.refresh import refresh

    found = home()
    rows = (
        "1,ada,2024-05-01,tea,1,10,EUR",
        "2,ada,2024-05-20,cup,1,10,EUR",
        "3,ben,2024-05-21,cup,1,10,EUR",
        "4,cleo,2024-05-22,cup,1,10,EUR",
    )
    load(written(tmp_path / "orders.csv", *rows), found)
    refresh(found)
    return found


def members() -> dict[str, set[str]]:
    """Who is in each of the shop's own segments, as is shown."""
    from regulars.runtime import publication
    from regulars.store.models import Identifier, Membership, Segment

    run = publication.published()
    found: dict[str, set[str]] = {name: set() for name in Segment.objects.values_list("name", flat=True)}
    for one in Membership.objects.filter(run=run.id, segment__in=list(found)):
        found[one.segment].add(Identifier.objects.get(customer_id=one.customer_id, kind="store_id").value)
    return found


def own() -> dict[str, Any]:
    from regulars.runtime import publication

    summary = publication.published().summary
    return {row["name"]: row for row in summary["segments"]["families"]["own"]["segments"]}


def test_a_new_rule_a_changed_one_and_what_came_since(settings: Any, tmp_path: Path) -> None:
    from regulars.runtime import publication
    from regulars.runtime.load import load
    from regulars.runtime.regrouping import regroup
    from regulars.segments import actions

    actions.create("often", "Often", OFTEN, NOW)
    actions.create("tea", "Tea lately", TEA_NOW, NOW)
    assert members() == {"often": set(), "tea": set()}
    run = publication.published().id
    first = regroup(settings, clock=lambda: NOW)
    assert (first.run, first.segments, first.entered, first.left) == (run, 2, 1, 0)
    assert members() == {"often": {"ada"}, "tea": set()}, "it was a month ago that Ada bought tea"
    assert (own()["often"]["customers"], own()["often"]["net"], own()["tea"]["customers"]) == (1, 20, 0)

    # An order counts as soon as it is told: its event at once, its figures with the next refresh.
    load(written(tmp_path / "more.csv", "5,ben,2024-05-30,tea,1,10,EUR"), settings)
    second = regroup(settings, clock=lambda: NOW)
    assert (second.entered, second.left) == (1, 0)
    assert members() == {"often": {"ada"}, "tea": {"ben"}}

    # Time passes, and nobody did anything.
    third = regroup(settings, clock=lambda: NOW + timedelta(days=40))
    assert (third.entered, third.left) == (0, 1)
    actions.change("often", "Often", {"field": "orders", "operator": ">=", "value": 1}, NOW)
    regroup(settings, clock=lambda: NOW)
    assert members() == {"often": {"ada", "ben", "cleo"}, "tea": {"ben"}}
    assert own()["often"]["version"] == 2
    sizes = publication.published().sizes["own"]
    assert {name: row["customers"] for name, row in sizes.items()} == {"often": 3, "tea": 1}
    again = regroup(settings, clock=lambda: NOW)
    assert (again.entered, again.left) == (0, 0)


def test_it_says_what_a_refresh_says(settings: Any) -> None:
    from regulars.runtime.refresh import refresh
    from regulars.runtime.regrouping import regroup
    from regulars.segments import actions

    actions.create("often", "Often", OFTEN, NOW)
    actions.create("rest", "The rest", {"not": {"segment": "often"}}, NOW)
    regroup(settings, clock=lambda: NOW)
    told = members(), own()
    refresh(settings)
    assert (members(), own()) == told


def test_what_changes_meanwhile_keeps_what_it_has(settings: Any, monkeypatch: Any) -> None:
    from regulars.runtime import segmenting
    from regulars.runtime.regrouping import regroup
    from regulars.segments import actions

    for name in ("changed", "gone", "kept"):
        actions.create(name, name, OFTEN, NOW)
    regroup(settings, clock=lambda: NOW)
    found = segmenting.everybody

    def slow(*given: Any) -> Any:
        told = found(*given)
        actions.change("changed", "changed", {"not": OFTEN}, NOW)
        actions.delete("gone")
        return told

    actions.change("kept", "kept", {"not": OFTEN}, NOW)
    monkeypatch.setattr(segmenting, "everybody", slow)
    done = regroup(settings, clock=lambda: NOW)
    assert (done.segments, done.entered, done.left) == (1, 2, 1)
    assert members() == {"changed": {"ada"}, "kept": {"ben", "cleo"}}
    assert sorted(own()) == ["changed", "kept"]
    assert own()["changed"]["version"] == 1


def test_who_objects_meanwhile_is_in_none(settings: Any, monkeypatch: Any) -> None:
    from regulars.privacy import actions as privacy
    from regulars.runtime import segmenting
    from regulars.runtime.regrouping import regroup
    from regulars.segments import actions
    from regulars.store.models import Identifier

    actions.create("all", "All", {"field": "orders", "operator": ">=", "value": 1}, NOW)
    ben = Identifier.objects.get(kind="store_id", value="ben").customer_id
    found = segmenting.everybody

    def slow(*given: Any) -> Any:
        told = found(*given)
        privacy.say(ben, "profiling", granted=False, at=NOW, source="letter", now=NOW)
        return told

    monkeypatch.setattr(segmenting, "everybody", slow)
    regroup(settings, clock=lambda: NOW)
    assert members() == {"all": {"ada", "cleo"}}


def test_without_a_run_and_beside_a_refresh_it_waits(settings: Any, home: Opened) -> None:
    from regulars.runtime.refresh import alone
    from regulars.runtime.regrouping import regroup
    from regulars.store.models import Run

    with alone(settings.home), pytest.raises(RegularsError) as refused:
        regroup(settings)
    assert refused.value.code == "refresh.running"
    Run.objects.all().delete()
    with pytest.raises(RegularsError) as refused:
        regroup(settings)
    assert refused.value.code == "segments.no_run"


def test_it_is_due_each_quarter_of_an_hour_and_after_a_change(settings: Any) -> None:
    from tests.runtime.test_worker import Begun

    from regulars.runtime import asking
    from regulars.runtime.tasks import Outcome
    from regulars.runtime.worker import Worker
    from regulars.segments import actions
    from regulars.store.models import Job, Run

    at, begun = [datetime.now(UTC) + timedelta(hours=1)], Begun()
    Run.objects.update(started_at=at[0] + timedelta(days=1))  # no night is due
    busy = Worker(settings, clock=lambda: at[0], begin=begun)
    busy.step()
    assert not Job.objects.exists(), "the shop has no segments of its own"
    actions.create("often", "Often", OFTEN, NOW)
    for _ in range(3):
        busy.step()
    assert [job.kind for job in begun.jobs] == ["segments"]
    begun.outcome = Outcome({"run": 1})
    busy.step()
    busy.step()
    assert len(begun.jobs) == 1, "once a quarter"
    at[0] += timedelta(minutes=15)
    busy.step()
    assert [job.kind for job in begun.jobs] == ["segments"] * 2
    assert Job.objects.count() == 1, "only the last one is remembered"
    begun.outcome = Outcome({"run": 1})
    busy.step()
    asking.segments(at[0])
    asking.segments(at[0])
    assert Job.objects.filter(state=Job.WAITING).count() == 1
    busy.step()
    assert len(begun.jobs) == 3
    busy.close()
