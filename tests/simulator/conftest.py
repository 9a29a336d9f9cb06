"""One simulated shop that the tests look at from many sides."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from regulars.simulator import World, simulate

SHOP = World(customers=6_000, seed=3, events=True, newsletters=True, visits_per_order=3.0)


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """The folder of a shop of 6,000 customers, with everything switched on."""
    return simulate(SHOP, tmp_path_factory.mktemp("shop") / "all")


@pytest.fixture(scope="session")
def read(shop):
    """Read a table of the shop by its name."""

    def reader(name: str) -> pa.Table:
        return pq.read_table(shop.paths[name])

    return reader


@pytest.fixture(scope="session")
def lines(read):
    """The order lines as a dict of numpy arrays, money in cents."""
    table = read("order_lines")
    columns = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_decimal(column.type):
            column = pc.round(pc.multiply(column.cast(pa.float64()), 100)).cast(pa.int64())
        columns[name] = column.to_numpy()
    return columns
