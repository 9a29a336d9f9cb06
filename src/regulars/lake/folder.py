"""The lake of a server: its Delta tables in one folder, one process that writes at a time, and readers whose files stay."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from regulars.kit.locks import locked
from regulars.lake.delta import Table

ABOUT = "lake.json"
MANY_CUSTOMERS = 200_000
FEW, MANY = 16, 64


@dataclass(frozen=True)
class Lake:
    """The tables of a shop, and into how many buckets its customers fall."""

    folder: Path
    buckets: int

    @classmethod
    def open(cls, folder: Path, customers: Callable[[], int]) -> Self:
        """Open a lake, or settle how a new one is laid out: 16 buckets, or 64 where there are many customers."""
        about = folder / ABOUT
        if not about.exists():
            folder.mkdir(parents=True, exist_ok=True)
            buckets = MANY if customers() > MANY_CUSTOMERS else FEW
            scratch = folder / f".{ABOUT}-{os.getpid()}"
            scratch.write_text(json.dumps({"buckets": buckets}), encoding="utf-8")
            scratch.replace(about)
        return cls(folder, int(json.loads(about.read_text(encoding="utf-8"))["buckets"]))

    @property
    def orders(self) -> Table:
        """One row an order, as :mod:`regulars.lake.tables` describes them."""
        return Table(self.folder / "orders")

    @property
    def lines(self) -> Table:
        """One row an order line."""
        return Table(self.folder / "lines")

    @property
    def events(self) -> Table:
        """One row an event."""
        return Table(self.folder / "events")

    @property
    def scores(self) -> Table:
        """One row a customer and run: what was expected of them then."""
        return Table(self.folder / "scores")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Wait until no other process writes; the system frees the lock of a writer that dies."""
        with locked(self.folder / "writer.lock"):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the files of every version on the disk while the block reads them."""
        with locked(self.folder / "readers.lock", shared=True):
            yield

    def tidy(self, *tables: Table) -> None:
        """Put small files together and delete what no version needs; leaves it for later while anybody reads."""
        try:
            with locked(self.folder / "readers.lock", wait=False):
                for table in tables:
                    table.tidy()
        except BlockingIOError:
            return
