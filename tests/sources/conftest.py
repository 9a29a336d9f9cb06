"""Reading small tables written in the test itself, and looking at what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from regulars import sources
from regulars.lake import Orders, open_workspace

TODAY = date(2026, 1, 31)


class Shop:
    """Orders that were read, with their tables as lists of dicts."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.intake = orders.intake

    def rows(self, table: str, order_by: str = "1") -> list[dict[str, Any]]:
        path = self.orders.folder / f"{table}.parquet"
        found = self.orders.workspace.door.connection.execute(f"SELECT * FROM '{path}' ORDER BY {order_by}")
        names = [item[0] for item in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def one(self, sql: str) -> Any:
        for table in ("orders", "lines", "products", "identities", "rejects"):
            sql = sql.replace("{" + table + "}", f"'{self.orders.folder / (table + '.parquet')}'")
        return self.orders.workspace.door.connection.execute(sql).fetchone()

    def repaired(self, rule: str) -> int:
        return sum(item["rows"] for item in self.intake["repaired"] if item["rule"] == rule)

    def warned(self, code: str) -> bool:
        return any(item["code"] == code for item in self.intake["warnings"])


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Read a path, a table, or CSV text given as a string with line breaks."""
    opened: list[Orders] = []

    def reading(origin: Any, *, encoding: str | None = None, **options: Any) -> Shop:
        if isinstance(origin, str) and "\n" in origin:
            path = tmp_path / f"orders{len(opened)}.csv"
            path.write_bytes(origin.encode(encoding or "utf-8"))
            origin = path
        workspace = open_workspace(memory_limit="1GB", threads=1, folder=tmp_path)
        try:
            orders = sources.read(origin, workspace, **{"today": TODAY, **options})
        except BaseException:
            workspace.close()
            raise
        opened.append(orders)
        return Shop(orders)

    yield reading
    for orders in opened:
        orders.close()
