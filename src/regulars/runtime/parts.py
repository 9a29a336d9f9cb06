"""What a load brings, a part at a time: while the store writes one, the next is fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from regulars.orders.content import HEAD, LINE
from regulars.store.bulk import READ_ROWS

if TYPE_CHECKING:
    import duckdb


class Parts:
    """The parts of ``load_heads`` with their lines of ``load_cells``, as ``load_parts`` has them, in order of time; the connection is used by one thread of its own.

    Lines are fetched with their orders for as long as the part before had something new: a file that is loaded again costs no lines.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection, self._lines_wanted = connection, True
        (last,) = connection.execute("SELECT max(part) FROM load_parts").fetchone() or (None,)
        self._count = 0 if last is None else last + 1

    def __iter__(self) -> Iterator[Part]:
        """Yield each part; let go of one before asking for the next."""
        with ThreadPoolExecutor(1, thread_name_prefix="regulars-parts") as thread:
            ahead = self._soon(thread, 0)
            for number in range(self._count):
                part = ahead.result()
                if number + 1 < self._count:
                    ahead = self._soon(thread, number + 1)
                yield part
                self._lines_wanted = part.asked
                part.fetched.clear()

    def _soon(self, thread: ThreadPoolExecutor, number: int) -> Future[Part]:
        return thread.submit(self._part, thread, number)

    def _part(self, thread: ThreadPoolExecutor, number: int) -> Part:
        heads = self._connection.execute(
            f"""SELECT {", ".join(f"h.{name}" for name in HEAD)} FROM load_heads h
                JOIN (SELECT * FROM load_parts WHERE part = {number}) USING (order_key) ORDER BY place"""
        ).to_arrow_table()
        part = Part(heads, lambda places: thread.submit(self._fetch, number, places).result())
        if self._lines_wanted:
            part.fetched += self._fetch(number, None)
        return part

    def _fetch(self, number: int, places: Sequence[int] | None) -> list[pa.Table]:
        """Return the lines of some orders of a part, None for all of them."""
        some = ""
        if places is not None:
            self._connection.register("load_places", pa.table({"place": pa.array(places, pa.int64())}))
            some = "JOIN load_places USING (place)"
        rows = self._connection.execute(
            f"""SELECT h.place, {", ".join(f"c.{name}" for name in LINE)} FROM load_cells c
                JOIN (SELECT h.* FROM load_parts h {some} WHERE part = {number}) h USING (order_key) ORDER BY h.place, c.line"""
        )
        found = [pa.Table.from_batches([batch]) for batch in rows.to_arrow_reader(READ_ROWS)]
        if places is not None:
            self._connection.unregister("load_places")
        return found


@dataclass
class Part:
    """Some orders, and what tells their lines."""

    heads: pa.Table
    fetch: Callable[[Sequence[int]], list[pa.Table]]
    fetched: list[pa.Table] = field(default_factory=list)
    """All lines, where they were fetched ahead."""
    asked: bool = False

    def lines(self, places: Sequence[int]) -> Iterator[pa.Table]:
        """Yield the lines of some orders, by their places; see :data:`~regulars.orders.keeping.Lines`."""
        self.asked = True
        if len(places) == len(self.heads) and self.fetched:
            yield from self.fetched
        elif len(places):
            yield from self.fetch(places)
