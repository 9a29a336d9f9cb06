"""Files through the browser: whole or not at all, under a safe name, and the way to put right what a load could not use."""

from __future__ import annotations

import csv
import io
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.web.console.conftest import Browser, signed_in

HEADER = "Order number;Email;Order date;Product;Quantity;Price"


def orders(rows: int = 40, bad: bool = True) -> bytes:
    """A file of orders as a shop exports it; with three cells that cannot be read and a line that is no row."""
    lines = [HEADER]
    for number in range(rows):
        order = number // 2
        day, price = f"{order % 28 + 1:02d}.03.2024", f"{10 + number},50"
        lines.append(f"{1000 + order};c{order % 7}@shop.example;{day};tea;{1 + number % 3};{price}")
    if bad:
        lines[5] = lines[5].replace(".03.2024", ".13.2024")
        lines[9] = lines[9].replace(";tea;", ";tea;=2+")
        lines[12] = lines[12].rsplit(";", 1)[0] + ";-"
        lines.insert(20, "too;many;cells;for;this;one;row")
    return "\n".join([*lines, ""]).encode()


class File(io.BytesIO):
    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def send(
    browser: Browser, *files: File, path: str = "/data/files", whole: bool = True, token: str | None = None
) -> Any:
    """Send files as the page's form does: its token, the files, and the mark that all of them came."""
    told: dict[str, Any] = {"form": browser.token() if token is None else token, "file": list(files)}
    return browser.client.post(path, told | ({"whole": "1"} if whole else {}))


def inbox(settings: Any) -> set[str]:
    folder = settings.home / "inbox"
    return {each.name for each in folder.iterdir()} if folder.is_dir() else set()


def loaded(settings: Any) -> Any:
    """Do what the worker does for the job that was asked for last; return the import."""
    from regulars.cli.options import Reading
    from regulars.runtime.load import load
    from regulars.runtime.repairing import INBOX
    from regulars.store.models import Job

    job = Job.objects.order_by("-id").first()
    assert job is not None
    told = dict(job.payload)
    file = told.pop("file")
    told["corrected"] = tuple(
        settings.home / "imports" / "corrected" / name for name in told.get("corrected", ())
    )
    given = {name: value for name, value in Reading().settings().items() if value is not None}
    done = load(str(settings.home / INBOX / file), settings, **given | told)
    Job.objects.filter(id=job.id).update(state="done", result={"import": done.record.pk})
    return done


@pytest.fixture
def settings(home: Any) -> Any:
    return home(time_zone="Europe/Warsaw", currency="PLN", upload_mb="1")


def test_a_file_comes_in_and_is_loaded_at_once(settings: Any) -> None:
    from regulars.store.models import Audit, Job

    developer = signed_in("developer")
    answer = send(developer, File(orders(bad=False), "orders & co.csv"))
    job = Job.objects.get()
    assert answer.headers["Location"] == f"/data/loads/{job.id}"
    assert job.payload == {"file": "orders & co.csv"}
    assert inbox(settings) == {"orders & co.csv"}
    assert (settings.home / "inbox" / "orders & co.csv").read_bytes() == orders(bad=False)
    assert "orders &amp; co.csv" in developer.get(f"/data/loads/{job.id}").content.decode()
    assert Audit.objects.filter(what="import.upload").count() == 1
    assert loaded(settings).orders.added == 20
    assert developer.get(f"/data/loads/{job.id}").headers["Location"] == "/data/imports/1"
    assert "nothing stands out" not in developer.get("/data/imports/1").content.decode(), (
        "no costs in the file"
    )


def test_several_files_and_one_that_is_none(settings: Any) -> None:
    from regulars.store.models import Job

    owner = signed_in("owner")
    assert (
        send(owner, File(orders(4, bad=False), "a.csv"), File(orders(6, bad=False), "b.csv")).headers[
            "Location"
        ]
        == "/data?done=uploaded"
    )
    assert [job.payload["file"] for job in Job.objects.order_by("id")] == ["a.csv", "b.csv"]
    assert "loaded one after the other" in owner.get("/data?done=uploaded").content.decode()
    picture = File(b"\x89PNG\r\n\x1a\n" + bytes(100), "c.csv")
    answer = send(owner, File(orders(4, bad=False), "d.csv"), picture)
    assert answer.status_code == 422
    assert "c.csv is a PNG picture" in answer.content.decode()
    assert inbox(settings) == {"a.csv", "b.csv"}, "all of them or none"
    assert Job.objects.count() == 2


def test_rows_are_corrected_and_loaded_as_if_the_file_had_been_right(settings: Any) -> None:
    from regulars.store.models import Order, OrderLine

    owner = signed_in("owner")
    send(owner, File(orders(), "orders.csv"))
    first = loaded(settings)
    assert first.rejected == 4
    page = owner.get("/data/imports/1").content.decode()
    assert "4 of 41 rows could not be used" in page
    assert "There are 3 of 4" in page, "what was not even a row cannot be corrected cell by cell"
    told = b"".join(owner.get("/data/imports/1/rows").streaming_content).decode().lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(told)))
    assert [row["what is wrong"].partition(":")[0] for row in rows] == ["Order date", "Quantity", "amount"]
    assert rows[1]["Quantity"] == "'=2+3", "no formula for a spreadsheet"
    rows[0]["Order date"] = rows[0]["Order date"].replace(".13.", ".03.")
    rows[1]["Quantity"] = "3"

    def written(some: list[dict[str, str]], sign: str) -> bytes:
        out = io.StringIO()
        write = csv.DictWriter(out, list(some[0]), delimiter=sign)
        write.writeheader()
        write.writerows(some)
        return out.getvalue().encode()

    # A Polish spreadsheet writes semicolons; the third row is left for later.
    answer = send(owner, File(written(rows[:2], ";"), "rows-1.csv"), path="/data/imports/1/corrected")
    assert answer.status_code == 302, answer.content
    second = loaded(settings)
    assert (second.orders.added, second.orders.changed, second.rejected) == (0, 2, 2)
    assert "with 2 corrected rows" in owner.get("/data/imports/2").content.decode()
    rest = list(
        csv.DictReader(
            io.StringIO(
                b"".join(owner.get("/data/imports/2/rows").streaming_content).decode().lstrip("\ufeff")
            )
        )
    )
    assert len(rest) == 1
    rest[0]["Price"] = "21,50"
    assert send(owner, File(written(rest, ","), "x.csv"), path="/data/imports/2/corrected").status_code == 302
    third = loaded(settings)
    assert (third.orders.added, third.orders.changed, third.orders.unchanged, third.rejected) == (0, 1, 19, 1)
    # Again, in another way or as before: nothing twice.
    assert owner.post("/data/imports/3", first="day").status_code == 302
    again = loaded(settings)
    assert (again.orders.added, again.orders.changed, again.orders.unchanged) == (0, 0, 20)
    mended = {
        (line.order.order_id, line.line, line.gross_minor)
        for line in OrderLine.objects.select_related("order")
    }
    for model in (OrderLine, Order):
        model.objects.all().delete()
    send(owner, File(orders(bad=False), "right.csv"))
    loaded(settings)
    right = {
        (line.order.order_id, line.line, line.gross_minor)
        for line in OrderLine.objects.select_related("order")
    }
    assert mended == right, "as the same file without a mistake"


def test_columns_that_nobody_recognised_are_named_in_the_page_and_in_its_language(settings: Any) -> None:
    from regulars.kit.errors import RegularsError
    from regulars.store.models import Import, Job, Order

    owner = signed_in("owner")
    rows = "\n".join(f"{n};p{n % 3};2024-03-{n:02d};1{n},00" for n in range(1, 9))
    send(owner, File(f"nr;x;y;z\n{rows}\n".encode(), "odd.csv"))
    with pytest.raises(RegularsError, match="No column was recognised"):
        loaded(settings)
    number = Import.objects.order_by("-id")[0].pk
    page = owner.get(f"/data/imports/{number}").content.decode()
    assert "No column was recognised" in page
    assert "Say below which column it is." in page
    assert "--map" not in page, "a command helps nobody who has the console alone"
    assert page.count("<option>z</option>") == 3
    owner.post("/account/language", language="pl", back="/")
    page = owner.get(f"/data/imports/{number}").content.decode()
    assert "No column was recognised" not in page
    assert "No column was recognised" not in owner.get("/data").content.decode()

    meant = {"is_customer_id": "x", "is_ordered_at": "y", "is_amount": "--query"}
    answer = owner.post(f"/data/imports/{number}", **meant)
    assert answer.status_code == 302
    assert Job.objects.order_by("-id")[0].payload["mapping"] == {"customer_id": "x", "ordered_at": "y"}, (
        "what is no column of the file is not passed on"
    )
    owner.post(f"/data/imports/{number}", **meant | {"is_amount": "z"})
    assert loaded(settings).record.state == "done"
    assert Order.objects.count() == 8


def test_what_was_said_of_columns_becomes_options_of_the_command(tmp_path: Path) -> None:
    from regulars.runtime.repairing import options

    told = {"mapping": {"ordered_at": "When = at", "home": "/etc", "--query": "x"}}
    assert options(told, tmp_path) == ["--map", "ordered_at=When = at"]


def test_corrections_of_another_file_are_not_taken(settings: Any) -> None:
    owner = signed_in("owner")
    send(owner, File(orders(), "orders.csv"))
    loaded(settings)
    (settings.home / "inbox" / "orders.csv").write_bytes(orders() + b"\n")
    answer = send(owner, File(b"row in the file,Price\n5,1\n", "x.csv"), path="/data/imports/1/corrected")
    assert answer.status_code == 422
    assert "not in the inbox any more as it was loaded" in answer.content.decode()
    assert not any((settings.home / "imports" / "corrected").iterdir())
    for number in (9, 1 << 70):
        assert send(owner, File(b"x", "x.csv"), path=f"/data/imports/{number}/corrected").status_code == 404
        assert owner.post(f"/data/imports/{number}").status_code == 404
        assert owner.get(f"/data/imports/{number}/rows").status_code == 404
        assert owner.get(f"/data/loads/{number}").status_code == 404


def test_a_table_that_is_no_correction_fails_and_says_so(settings: Any) -> None:
    from regulars.kit.errors import RegularsError

    owner = signed_in("owner")
    send(owner, File(orders(), "orders.csv"))
    loaded(settings)
    for content in (
        b"a,b\n1,2\n",
        b"row in the file,Price\n9999,1\n",
        b"row in the file,Price\nfive,1\n",
        b"row in the file,Strange\n5,1\n",
    ):
        assert send(owner, File(content, "x.csv"), path="/data/imports/1/corrected").status_code == 302
        with pytest.raises(RegularsError, match="which rows") as caught:
            loaded(settings)
        assert caught.value.code == "source.corrections"
    page = owner.get("/data/imports/2").content.decode()
    assert "does not say which rows" in page
    assert "keep the column" in page, "what to do stands there too"


def test_a_file_is_removed_with_what_was_kept_of_its_rows(settings: Any) -> None:
    owner = signed_in("owner")
    send(owner, File(orders(), "orders.csv"))
    loaded(settings)
    send(owner, File(b"row in the file,Price\n12,1\n", "x.csv"), path="/data/imports/1/corrected")
    loaded(settings)
    assert owner.post("/data", act="remove", file="orders.csv").headers["Location"] == "/data?done=removed"
    assert not inbox(settings)
    assert not list((settings.home / "imports").glob("*-rows.parquet"))
    assert not list((settings.home / "imports" / "corrected").iterdir())
    assert owner.get("/data/imports/1/rows").status_code == 404
    assert "can only be put right where they come from" in owner.get("/data/imports/1").content.decode()


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("../../evil.csv", "evil.csv"), ("..\\..\\evil.csv", "evil.csv"), ("/etc/passwd.csv", "passwd.csv"), (".hidden.csv", "hidden.csv"),
        ("-rf.csv", "rf.csv"), ("a\x00b\u202e.csv", "ab.csv"), ("ż" * 200 + ".csv", "ż" * 73 + ".csv"), ("CON:x.CSV", "CON_x.csv"),
        ("~$orders.xlsx.csv", "orders.xlsx.csv"),
    ],
)  # fmt: skip
def test_names_are_made_safe(settings: Any, told: str, kept: str) -> None:
    from regulars.runtime.arriving import safe

    assert safe(told) == kept
    name = safe(told)
    assert len(name.encode()) <= 150


@pytest.mark.parametrize(
    "told", ["", ".", "..", ".csv", "x.exe", "x", "....csv", "x.csv/..", "x.csv\n.php", "x.part"]
)
def test_names_that_no_load_takes_are_refused(told: str) -> None:
    from regulars.kit.errors import RegularsError
    from regulars.runtime.arriving import safe

    with pytest.raises(RegularsError) as caught:
        safe(told)
    assert caught.value.code == "uploads.kind"


def test_hostile_files_leave_nothing(settings: Any) -> None:
    from regulars.store.models import Job

    owner = signed_in("owner")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(300 << 20))
    for name, content, status, words in (
        ("empty.csv", b"", 422, "is empty"),
        ("orders.xlsx", bomb.getvalue(), 422, "too much for a workbook"),
        ("orders.exe", b"MZ\0", 422, "not a kind of file"),
        ("orders.csv", bytes((1 << 20) + 1), 413, "larger than 1 MB"),
        ("orders.csv", bytes(40 << 20), 413, "larger than 1 MB"),
    ):
        answer = send(owner, File(content, name))
        assert answer.status_code == status, (name, answer.content[-300:])
        assert words in answer.content.decode(), name
        assert not inbox(settings), name
    assert send(owner).status_code == 422
    assert send(owner, *(File(b"a", f"{each}.csv") for each in range(25))).status_code == 422
    assert not inbox(settings)
    assert not Job.objects.exists()


def test_half_an_upload_and_a_forged_form_leave_nothing(settings: Any) -> None:
    owner = signed_in("owner")
    assert send(owner, File(orders(), "orders.csv"), whole=False).status_code == 422
    assert send(owner, File(orders(), "orders.csv"), token="x").status_code == 403
    body = b"\r\n".join(
        [b"--cut", b'Content-Disposition: form-data; name="form"', b"", owner.token().encode(), b"--cut",
         b'Content-Disposition: form-data; name="file"; filename="orders.csv"', b"Content-Type: text/csv", b"", orders()]
    )  # fmt: skip
    answer = owner.client.generic("POST", "/data/files", body, "multipart/form-data; boundary=cut")
    assert answer.status_code == 422, "it is cut in the middle of the file"
    assert "ended before its end" in answer.content.decode()
    foreign = owner.client.post(
        "/data/files",
        {"form": owner.token(), "file": [File(orders(), "orders.csv")], "whole": "1"},
        headers={"Origin": "https://evil.example"},
    )
    assert foreign.status_code == 403
    assert not inbox(settings)


def test_no_other_form_takes_files(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    stranger = Browser()
    answer = stranger.client.post(
        "/sign-in",
        {"form": stranger.token(), "email": "a", "password": "b", "x": File(bytes(6 << 20), "x.csv")},
    )
    assert answer.status_code in (403, 422)


@pytest.mark.parametrize("role", ["marketer", "analyst", "service"])
def test_whoever_may_not_uploads_nothing(settings: Any, role: str) -> None:
    somebody = signed_in(role)
    assert send(somebody, File(orders(), "orders.csv")).status_code == 403
    assert Browser().client.post("/data/files", {"file": File(orders(), "orders.csv")}).status_code == 302
    assert somebody.get("/data/imports/1/rows").status_code == 403
    assert somebody.get("/data/loads/1").status_code == 403
    assert not inbox(settings)


def test_a_full_disk_is_said_and_leaves_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    owner = signed_in("owner")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, 1000))
    answer = send(owner, File(orders(), "orders.csv"))
    assert answer.status_code == 507
    assert "no room for orders.csv" in answer.content.decode()
    monkeypatch.undo()

    from regulars.runtime import arriving

    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    coming = arriving.Arriving(settings.home / "inbox", "x.csv", 100)
    coming._file.close()
    coming._file = Full()
    from regulars.kit.errors import RegularsError

    with pytest.raises(RegularsError, match="no room"):
        coming.write(b"x")
    assert not inbox(settings)


def test_of_two_with_one_name_each_is_kept(tmp_path: Path) -> None:
    from regulars.runtime.arriving import Arriving

    coming = [Arriving(tmp_path, "orders.csv.gz", 1 << 20) for _ in range(8)]
    for number, each in enumerate(coming):
        each.write(b"a,b\n%d,2\n" % number)
    names: list[str] = []
    threads = [threading.Thread(target=lambda each=each: names.append(each.settle())) for each in coming]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == sorted(
        ["orders.csv.gz", *(f"orders ({number}).csv.gz" for number in range(2, 9))]
    )
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(names)
    assert len({each.read_bytes() for each in tmp_path.iterdir()}) == 8


def test_what_died_on_its_way_is_never_loaded_and_is_swept(settings: Any) -> None:
    import os

    from regulars.runtime.arriving import Arriving

    owner = signed_in("owner")
    folder = settings.home / "inbox"
    dead = Arriving(folder, "orders.csv", 1 << 20)
    dead.write(orders())
    dead._file.flush()
    (part,) = folder.iterdir()
    assert part.name not in owner.get("/data").content.decode()
    assert owner.post("/data", act="load", file=part.name).status_code == 422
    send(owner, File(orders(bad=False), "a.csv"))
    assert part.exists(), "it may be on its way still"
    os.utime(part, (1, 1))
    send(owner, File(orders(bad=False), "b.csv"))
    assert inbox(settings) == {"a.csv", "b.csv"}
