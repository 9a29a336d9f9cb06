"""Where data come from: loads with what was rejected, work that is asked for, stopped and tried again, and nothing outside the inbox."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.web.console import shop
from tests.web.console.conftest import signed_in


def test_rejected_rows_are_taken_along_as_text(settings: Any) -> None:
    from regulars.store.models import Audit

    shop.made(1)
    (settings.home / "imports").mkdir(exist_ok=True)
    rows = {
        "file": ["a.csv"] * 2,
        "line": [3, -4],
        "column": ["quantity"] * 2,
        "value": ["=cmd()", "+1"],
        "reason": ["not_a_number"] * 2,
    }
    pq.write_table(pa.table(rows), settings.home / "imports" / "1.parquet")
    developer = signed_in("developer")
    page = developer.get("/data").content.decode()
    assert "/data/imports/1/rejects" in page
    told = (
        b"".join(developer.get("/data/imports/1/rejects").streaming_content)
        .decode()
        .lstrip("\ufeff")
        .splitlines()
    )
    assert told == [
        "file,line,column,value,reason",
        "a.csv,3,quantity,'=cmd(),not_a_number",
        "a.csv,-4,quantity,'+1,not_a_number",
    ]
    assert Audit.objects.filter(what="import.rejects", object="1").count() == 1
    (settings.home / "imports" / "1.parquet").unlink()
    assert developer.get("/data/imports/1/rejects").status_code == 404


def test_a_refresh_is_asked_for_once_and_can_be_stopped_and_tried_again(settings: Any) -> None:
    from regulars.store.models import Audit, Job

    owner = signed_in("owner")
    for _ in range(2):
        assert owner.post("/data", act="refresh").headers["Location"] == "/data?done=asked"
    job = Job.objects.get()
    assert owner.post("/data", act="cancel", job=str(job.id)).status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert "Try again" in owner.get("/data?done=cancelled").content.decode()
    assert owner.post("/data", act="retry", job=str(job.id)).status_code == 302
    job.refresh_from_db()
    assert job.state == "waiting"
    for told in ("", "x", "0", "999", "9" * 40, "-1"):
        assert owner.post("/data", act="cancel", job=told).status_code in (404, 422), told
    assert owner.post("/data", act="drop").status_code == 400
    assert list(Audit.objects.exclude(what__startswith="session").exclude(what__startswith="user").values_list("what", flat=True).order_by("id")) == [
        "refresh.ask", "job.cancel", "job.retry",
    ]  # fmt: skip


def test_only_files_of_the_inbox_are_loaded(settings: Any) -> None:
    from regulars.store.models import Job

    inbox = settings.home / "inbox"
    inbox.mkdir()
    (inbox / "orders & co.csv").write_text("x")
    (inbox / ".hidden").write_text("x")
    (settings.home / "other.csv").write_text("x")
    (inbox / "link.csv").symlink_to(settings.home / "other.csv")
    owner = signed_in("owner")
    page = owner.get("/data").content.decode()
    assert "orders &amp; co.csv" in page
    assert ".hidden" not in page
    for name in ("../other.csv", "/etc/passwd", "", "nothing.csv", "link.csv", "a\\b", "."):
        assert owner.post("/data", act="load", file=name).status_code == 422, name
    assert not Job.objects.exists()
    assert owner.post("/data", act="load", file="orders & co.csv").status_code == 302
    assert Job.objects.get().payload == {"file": "orders & co.csv"}
