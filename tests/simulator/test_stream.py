"""The same seed gives the same shop, however it is cut; a folder is complete or not there; memory does not grow."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from regulars.kit.errors import RegularsError
from regulars.simulator import World, demo, simulate, sized, stream
from regulars.simulator.world import BLOCK

SMALL = World(customers=300, seed=5)
SHORT = World(customers=2 * BLOCK + 100, start=date(2024, 1, 1), as_of=date(2024, 2, 15), future_days=20)


def content(folder):
    """Every table of a simulated folder, by its place."""
    tables = {}
    for path in sorted(folder.rglob("*.parquet")):
        place = path.relative_to(folder)
        tables.setdefault(place.parent if place.name.startswith("part-") else place, []).append(
            pq.read_table(path)
        )
    import pyarrow as pa

    return {place: pa.concat_tables(parts) for place, parts in tables.items()}


def test_the_same_seed_gives_the_same_shop(tmp_path) -> None:
    one, two = (simulate(SMALL, tmp_path / name) for name in ("one", "two"))
    assert one.counts == two.counts
    for first, second in zip(sorted(one.folder.rglob("*.*")), sorted(two.folder.rglob("*.*")), strict=True):
        assert first.read_bytes() == second.read_bytes()
    other = simulate(World(customers=300, seed=6), tmp_path / "other")
    assert other.counts != one.counts


def test_how_the_work_is_cut_changes_nothing(tmp_path, monkeypatch) -> None:
    whole = simulate(SHORT, tmp_path / "whole", workers=1)
    monkeypatch.setattr(stream, "BLOCKS_PER_PART", 1)
    cut = simulate(SHORT, tmp_path / "cut", workers=3)
    assert len(list(whole.paths["order_lines"].iterdir())) == 1
    assert len(list(cut.paths["order_lines"].iterdir())) == 3
    assert whole.counts == cut.counts
    one, two = content(whole.folder), content(cut.folder)
    assert one.keys() == two.keys()
    for place, table in one.items():
        assert table.equals(two[place]), place


def test_more_tables_and_more_customers_leave_the_first_block_alone(tmp_path) -> None:
    small = World(customers=BLOCK, start=SHORT.start, as_of=SHORT.as_of, future_days=20)
    alone = simulate(small, tmp_path / "alone")
    more = World(
        customers=BLOCK + 10,
        start=SHORT.start,
        as_of=SHORT.as_of,
        future_days=20,
        events=True,
        newsletters=True,
    )
    beside = simulate(more, tmp_path / "beside")
    first = pq.read_table(alone.paths["order_lines"])
    assert pq.read_table(beside.paths["order_lines"]).slice(0, first.num_rows).equals(first)


def test_a_csv_says_the_same(tmp_path) -> None:
    parquet, plain = simulate(SMALL, tmp_path / "p"), simulate(SMALL, tmp_path / "c", format="csv")
    table = pq.read_table(parquet.paths["order_lines"])
    with plain.paths["order_lines"].open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert plain.paths["order_lines"].name == "orders.csv"
    assert list(rows[0]) == table.column_names
    assert len(rows) == table.num_rows == plain.counts["order_lines"]
    for name in ("unit_price", "discount", "tax", "refunded", "shipping"):
        assert sum(Decimal(row[name]) for row in rows) == sum(table[name].to_pylist())
    assert rows[0]["ordered_at"].startswith(table["ordered_at"][0].as_py().strftime("%Y-%m-%d %H:%M:%S"))
    assert plain.paths["costs"].suffix == plain.paths["products"].suffix == ".csv"
    assert (plain.folder / "truth" / "customers.parquet").is_file()


def test_emails_and_titles_are_a_choice(tmp_path) -> None:
    talkative = simulate(World(customers=200, emails=True), tmp_path / "talkative")
    quiet = simulate(World(customers=200, titles=False), tmp_path / "quiet")
    assert pq.read_table(talkative.paths["order_lines"])["email"].null_count == 0
    assert "product_title" not in pq.read_table(quiet.paths["order_lines"]).column_names
    assert "product_title" in pq.read_table(quiet.paths["products"]).column_names


def test_a_failed_run_leaves_nothing(tmp_path) -> None:
    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(SMALL, tmp_path / "shop", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_simulation_is_replaced_and_a_strangers_folder_is_not(tmp_path) -> None:
    target = tmp_path / "shop"
    simulate(World(customers=50, events=True), target)
    simulate(World(customers=60), target)
    assert not (target / "events").exists()
    assert json.loads((target / "world.json").read_text(encoding="utf-8"))["customers"] == 60
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all my work")
    with pytest.raises(RegularsError, match="something else"):
        simulate(SMALL, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").is_file()
    with pytest.raises(RegularsError, match="is a file"):
        simulate(SMALL, tmp_path / "mine" / "thesis.txt")


def test_progress_reaches_one(tmp_path) -> None:
    shares: list[float] = []
    simulate(SMALL, tmp_path / "shop", progress=shares.append)
    assert shares[-1] == 1.0


def test_settings_survive_their_file(tmp_path) -> None:
    world = demo(seed=99)
    simulate(World(customers=20, seed=1), tmp_path / "shop")
    assert World.from_json(world.to_json()) == world
    assert World.from_json((tmp_path / "shop" / "world.json").read_text(encoding="utf-8")).customers == 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("customers", 0),
        ("rate_shape", 0.0),
        ("spend_shape", 1.0),
        ("as_of", date(2020, 1, 1)),
        ("cancelled_share", 1.0),
        ("channels", ()),
        ("mean_order", float("nan")),
        ("seed", -1),
    ],
)
def test_a_world_that_makes_no_shop_is_refused(name, value) -> None:
    with pytest.raises(RegularsError, match=name):
        World(**{name: value})


def test_a_shop_of_a_size_has_about_that_size(tmp_path) -> None:
    world = sized(150_000, seed=2)
    found = simulate(world, tmp_path / "shop").counts
    assert abs(found["order_lines"] / 150_000 - 1) < 0.05
    assert 15 < found["order_lines"] / found["customers"] < 25
    assert abs(sized(100_000_000).customers / 5_000_000 - 1) < 0.2


def test_the_tiniest_shop(tmp_path) -> None:
    found = simulate(World(customers=1, events=True, newsletters=True), tmp_path / "shop")
    assert found.counts["customers"] == 1
    assert found.counts["orders"] >= 1


PEAK = """
import resource, sys
from datetime import date
from regulars.simulator import World, simulate, stream
stream.BLOCKS_PER_PART = 1
world = World(customers=int(sys.argv[1]) * 16_384, start=date(2024, 1, 1), as_of=date(2024, 1, 31), future_days=0, titles=False)
simulate(world, sys.argv[2], workers=2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_shop(tmp_path) -> None:
    def peak(blocks: int) -> float:
        command = [sys.executable, "-c", PEAK, str(blocks), str(tmp_path / str(blocks))]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024

    few, many = peak(3), peak(15)
    assert many - few < 60, f"{few:.0f} MiB for 3 blocks, {many:.0f} MiB for 15"
