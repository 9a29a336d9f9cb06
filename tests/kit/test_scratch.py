"""Killed runs leave no folders behind for long, and living ones keep theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from regulars.kit.files import publishing
from regulars.kit.scratch import Scratch

HOLD = """
import sys
from pathlib import Path
from regulars.kit.scratch import Scratch
scratch = Scratch("regulars-", Path(sys.argv[1]))
(scratch.path / "spill").write_text("much")
print(scratch.path.name, flush=True)
sys.stdin.read()
"""


def _holder(folder: Path) -> tuple[subprocess.Popen[str], str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    return holder, holder.stdout.readline().strip()


def test_the_next_run_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    holder, name = _holder(tmp_path)
    try:
        Scratch("regulars-", tmp_path).remove()
        assert [path.name for path in tmp_path.iterdir()] == [name], "a living run keeps its folder"
    finally:
        holder.kill()
        holder.wait()
    assert (tmp_path / name / "spill").exists()
    Scratch("regulars-", tmp_path).remove()
    assert not list(tmp_path.iterdir())


def test_strangers_are_left_alone(tmp_path: Path) -> None:
    for name in ("regulars-notes", "regulars-", "other-1-a"):
        (tmp_path / name).mkdir()
    (tmp_path / "regulars-999999999-file").write_text("a file, not a folder")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "regulars-999999998-link").symlink_to(elsewhere)
    before = sorted(tmp_path.iterdir())
    Scratch("regulars-", tmp_path).remove()
    assert sorted(tmp_path.iterdir()) == before


def test_publishing_moves_all_files_or_none(tmp_path: Path) -> None:
    target = tmp_path / "out"
    try:
        with publishing(target) as scratch:
            (scratch / "a.txt").write_text("a")
            raise RuntimeError
    except RuntimeError:
        pass
    assert not list(target.iterdir())
    with publishing(target) as scratch:
        (scratch / "a.txt").write_text("a")
        (scratch / "b.txt").write_text("b")
        assert not (target / "a.txt").exists()
    assert sorted(path.name for path in target.iterdir()) == ["a.txt", "b.txt"]
