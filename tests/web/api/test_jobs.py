"""Jobs by the API: asked for once, followed, stopped, tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.web.api.told import problem
from tests.web.conftest import Program, key_of


def taken() -> Any:
    from regulars.jobs import actions

    return actions.take("worker", ["refresh", "load"], datetime.now(UTC))


def test_a_refresh_is_asked_for_followed_and_done(program: Program) -> None:
    from regulars.jobs import actions
    from regulars.store.models import Audit

    asked = program("POST", "refreshes")
    assert asked.status_code == 202
    job = asked.json()
    assert (job["kind"], job["state"], job["progress"], job["error"]) == ("refresh", "waiting", 0.0, None)
    again = program("POST", "refreshes")
    assert (again.status_code, again.json()) == (200, job), "one that waits is enough"
    begun = taken()
    actions.renew(begun, datetime.now(UTC), 0.25, "value")
    shown = program.get(f"jobs/{job['id']}").json()
    assert (shown["state"], shown["progress"], shown["step"], shown["attempts"]) == (
        "running",
        0.25,
        "value",
        1,
    )
    later = program("POST", "refreshes")
    assert later.status_code == 202, "orders may have come since that one began"
    actions.finish(begun, {"run": 1}, datetime.now(UTC))
    done = program.get(f"jobs/{job['id']}").json()
    assert (done["state"], done["result"], done["progress"]) == ("done", {"run": 1}, 1.0)
    assert [each["id"] for each in program.get("jobs").json()["jobs"]] == [later.json()["id"], job["id"]]
    assert [each["id"] for each in program.get("jobs?state=done&kind=refresh").json()["jobs"]] == [job["id"]]
    assert program.get("jobs?kind=load").json()["jobs"] == []
    page = program.get("jobs?limit=1").json()
    assert program.get(f"jobs?limit=1&cursor={page['next']}").json()["jobs"][0]["id"] == job["id"]
    assert Audit.objects.filter(what="refresh.ask").count() == 2
    metrics = program.get("metrics").content.decode()
    assert 'regulars_jobs{state="done"} 1' in metrics


def test_an_idempotency_key_asks_once(program: Program) -> None:
    first = program("POST", "refreshes", Idempotency_Key="r")
    taken()
    again = program("POST", "refreshes", Idempotency_Key="r")
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"


def test_jobs_are_stopped_and_tried_again(program: Program) -> None:
    from regulars.jobs import actions

    number = program("POST", "refreshes").json()["id"]
    assert program("POST", f"jobs/{number}/cancel").json()["state"] == "cancelled"
    assert program("POST", f"jobs/{number}/retry").json()["state"] == "waiting"
    problem(program("POST", f"jobs/{number}/retry"), 409, "jobs.no_retry")
    job = taken()
    shown = program("POST", f"jobs/{number}/cancel").json()
    assert (shown["state"], shown["cancel_asked"]) == ("running", True)
    actions.fail(job, "refresh.no_orders", datetime.now(UTC), again=False)
    assert program.get(f"jobs/{number}").json()["state"] == "cancelled"
    program("POST", f"jobs/{number}/retry")
    actions.fail(taken(), "refresh.no_orders", datetime.now(UTC), again=False)
    dead = program.get(f"jobs/{number}").json()
    assert (dead["state"], dead["error"]) == ("dead", "refresh.no_orders")
    problem(program("POST", f"jobs/{number}/cancel"), 409, "jobs.ended")
    for missing in ("0", "-1", "99", str(10**30)):
        problem(program.get(f"jobs/{missing}"), 404, "jobs.missing")
        problem(program("POST", f"jobs/{missing}/cancel"), 404, "jobs.missing")
    problem(program.get("jobs/one"), 422, "api.invalid")
    problem(program.get("jobs?state=lost"), 422, "api.invalid")


def test_only_files_of_the_inbox_are_loaded(light: Any) -> None:
    mine = Program(key_of(light))
    (light.home / "inbox").mkdir()
    (light.home / "outside.csv").touch()
    (light.home / "inbox" / "link.csv").symlink_to(light.home / "outside.csv")
    (light.home / "inbox" / "folder").mkdir()
    (light.home / "inbox" / "-o żółw.csv").touch()
    for name in ("none.csv", "link.csv", "folder", "..", "."):
        problem(mine("POST", "imports", {"file": name}), 404, "imports.no_file")
    for name in ("../outside.csv", "/etc/passwd", "a\\b", ""):
        problem(mine("POST", "imports", {"file": name}), 422, "api.invalid")
    job = mine("POST", "imports", {"file": "-o żółw.csv"}).json()
    assert (job["kind"], job["payload"]) == ("load", {"file": "-o żółw.csv"})
