"""Work on several parts at once, in threads: what numpy, scipy and the engines do, they do without Python's lock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Done = TypeVar("Done")

MOST = 4
"""More threads hold more parts in memory at a time and bring little: they share the way to it."""


def in_order(
    work: Callable[[Part], Done], parts: Iterable[Part], threads: int | None = None
) -> Iterator[Done]:
    """Yield what ``work`` makes of each part, in the order of parts, and only a few ahead of whoever takes them.

    ``threads`` are as many as there are processors, but no more than four, unless it is said. Raises what ``work`` raises; parts
    that were not begun by then never are.
    """
    threads = threads or min(os.cpu_count() or 1, MOST)
    if threads == 1:
        yield from map(work, parts)
        return
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="regulars") as pool:
        try:
            for part in parts:
                waiting.append(pool.submit(work, part))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for job in waiting:
                job.cancel()
