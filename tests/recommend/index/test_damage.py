"""Whatever happens to the files of an index or to who writes them: readers see a whole version, or an error and what was popular."""

from __future__ import annotations

import pickle
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from regulars.kit.errors import RegularsError
from regulars.recommend.index import build, open_index, serve
from regulars.recommend.index.layout import CURRENT, MANIFEST, POPULAR, VERSIONS

BUILDER = """
import pickle, sys
from regulars.recommend.index import build
with open(sys.argv[1], "rb") as handle:
    recommender = pickle.load(handle)
print("begun", flush=True)
while True:
    build(recommender, sys.argv[2])
"""


def put(path, content):
    # A new file under the old name: who has mapped the old one keeps it.
    path.unlink()
    path.write_bytes(content)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x20
    put(path, bytes(content))


def truncate(path):
    put(path, path.read_bytes()[:-1])


def empty(path):
    put(path, b"")


def remove(path):
    path.unlink()


@pytest.mark.parametrize("harm", [flip, truncate, empty, remove])
def test_every_file_is_missed(recommender, folder, tmp_path, harm):
    popular = recommender.trending(4).product_ids
    held = serve(folder)
    inside = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert len(inside) > 20
    for name in inside:
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        before = serve(copy)
        harm(copy / name)
        if str(name) == POPULAR:
            # Only the copy that stands in for a lost index; the versions have their own.
            assert open_index(copy).for_customer("person 5") == held.slots.for_customer("person 5")
            continue
        with pytest.raises(RegularsError) as error:
            open_index(copy)
        wanted = "missing" if (harm, str(name)) == (remove, CURRENT) else "corrupt"
        assert error.value.code == f"recommend.index_{wanted}", name
        if wanted == "corrupt":
            assert error.value.values["file"].endswith(name.name)
        served = serve(copy)
        assert served.error.code == error.value.code
        answer = served.slots.for_customer("person 5", 4)
        assert answer.product_ids == popular
        assert answer.fallback.code == "recommend.no_index"
        before.refresh()
        assert before.slots.for_customer("person 5") == held.slots.for_customer("person 5")


def test_what_was_popular_obeys_the_question(recommender, folder):
    (folder / CURRENT).unlink()
    slots, first = serve(folder).slots, recommender.trending(1).product_ids[0]
    catalogue = recommender.catalogue
    factor = [0.0 if name == first else 1.0 for name in catalogue.product_ids]
    for answer in (
        slots.for_cart([first], 5),
        slots.cross_sell([first], 5, factor=np.array(factor)),
        slots.up_sell("b0", 5, exclude=[first]),
        slots.trending(5, factor=np.array(factor)),
        slots.similar("b0", 5, exclude=[first]),
    ):
        assert len(answer.picks) == 5
        assert first not in answer.product_ids
    assert all(name[0] == "b" for name in slots.trending(5, category="b").product_ids)


def test_unchecked_opening_still_compares_sizes(folder):
    version = open_index(folder).manifest.version
    flip(folder / version / "again.npy")
    open_index(folder, checked=False)
    truncate(folder / version / "again.npy")
    with pytest.raises(RegularsError):
        open_index(folder, checked=False)
    remove(folder / version / MANIFEST)
    with pytest.raises(RegularsError):
        open_index(folder, checked=False)


@pytest.fixture
def kept(recommender, tmp_path):
    path = tmp_path / "recommender.pickle"
    path.write_bytes(pickle.dumps(recommender))
    return path


def begin(kept, home):
    builder = subprocess.Popen([sys.executable, "-c", BUILDER, kept, home], stdout=subprocess.PIPE)
    assert builder.stdout.readline() == b"begun\n"
    return builder


def stop(builder):
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    builder.stdout.close()


def test_builders_killed_at_any_moment_leave_whole_versions(recommender, kept, tmp_path):
    home, chance = tmp_path / "home", random.Random(0)
    build(recommender, home)
    wanted = recommender.for_customer("person 5")
    versions = set()
    for turn in range(6):
        before = (home / CURRENT).read_bytes()
        builder = begin(kept, home)
        while turn % 2 and (home / CURRENT).read_bytes() == before:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.1)
        stop(builder)
        index = open_index(home)
        versions.add(index.manifest.version)
        assert index.for_customer("person 5") == wanted
    assert len(versions) > 1
    build(recommender, home)
    assert len(list(home.glob(f"{VERSIONS}*"))) == 2
    assert sorted(path.name for path in home.iterdir() if not path.name.startswith(VERSIONS)) == [
        CURRENT,
        POPULAR,
    ]


def test_two_builders_and_a_reader_at_once(recommender, kept, tmp_path):
    home = tmp_path / "home"
    build(recommender, home)
    wanted = recommender.for_customer("person 5")
    builders = [begin(kept, home) for _ in range(2)]
    try:
        seen, until = set(), time.monotonic() + 60
        served = serve(home, every_seconds=0)
        while len(seen) < 20 and time.monotonic() < until:
            index = open_index(home)
            seen.add(index.manifest.version)
            assert index.for_customer("person 5") == wanted
            assert served.slots.for_customer("person 5") == wanted
            assert served.error is None
    finally:
        for builder in builders:
            stop(builder)
    assert len(seen) == 20


def test_many_threads_may_ask_while_it_switches(recommender, folder):
    served, wrong = serve(folder, every_seconds=0), []
    wanted = recommender.because_viewed(["b1", "c2"], 5)
    over = threading.Event()

    def ask():
        while not over.is_set():
            if served.slots.because_viewed(["b1", "c2"], 5) != wanted:
                wrong.append(served.index)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        build(recommender, folder)
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert served.error is None
