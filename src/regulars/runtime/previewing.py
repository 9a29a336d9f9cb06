"""What a rule would find now, for a page or a program that builds one: how many, and some of them.

Somebody who builds a rule asks again after each change, so what is known of customers stays in a working folder for a while: it is
gathered once, and each preview reads it with an engine of its own. So several ask at once without waiting for each other. It is forgotten
with the next run, when somebody objects to profiling, when the lake has put its files together, and soon anyway.
"""

from __future__ import annotations

import threading
import time
import weakref
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.lake import open_workspace
from regulars.privacy import queries as privacy
from regulars.privacy.rules import PROFILING
from regulars.runtime import publication, segmenting
from regulars.runtime.projection import lake_of
from regulars.runtime.refresh import orders_of
from regulars.segments import queries
from regulars.segments.memberships import Frames, counts
from regulars.segments.rules import CATALOGUE, Clock, Rule, check, read

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.lake import Orders, Workspace
    from regulars.lake.folder import Lake
    from regulars.runtime.settings import Settings

SAMPLE = 20
WANTED = "_"
"""What a rule without a name is called while it is looked at."""
KEPT_SECONDS = 120.0
"""How long what is known of customers is read again; orders and events that come meanwhile are counted after that."""


@dataclass(frozen=True)
class Preview:
    """How many customers a rule finds, of how many, and the keys of the first of them."""

    rule: Rule
    members: int
    customers: int
    sample: tuple[int, ...]


@dataclass(frozen=True)
class Gathered:
    """What is known of all customers, in a folder that goes when nobody reads it any more."""

    orders: Orders
    customers: Path
    events: tuple[Path, ...]

    def frames(self, workspace: Workspace) -> Frames:
        """Return it for an engine to read."""
        orders = replace(self.orders, workspace=workspace)
        known = workspace.engine.read(self.customers)
        return Frames(known, segmenting.sources(orders, self.events))

    def there(self) -> bool:
        """Tell whether the lake still has the files; call while it may not tidy up."""
        told = (*self.events, *(path for some in self.orders.files.values() for path in some))
        return all(path.exists() for path in told)


class Shelf:
    """Where the last of what was gathered lies: one for a process, for two minutes."""

    def __init__(self, seconds: float = KEPT_SECONDS) -> None:
        self.seconds = seconds
        self._gathering = threading.Lock()
        self._turn = threading.Lock()
        self._key: tuple[Any, ...] = ()
        self._held: Gathered | None = None
        self._until = 0.0
        self._clock: threading.Timer | None = None

    def get(self, settings: Settings, lake: Lake, run: int, own: list[str]) -> Gathered:
        """Return what is known; gathered anew where something has changed. Whoever comes meanwhile waits for it rather than gather it too."""
        key = (settings.home, run, tuple(own), _objecting(str(settings.home), privacy.latest()))
        with self._gathering:
            held = self._fresh(key)
            if held is None or not held.there():
                self.forget()
                held = _gathered(settings, lake, run, own)
                self._keep(key, held)
            return held

    def forget(self) -> None:
        """Let go of it; its folder goes as soon as nobody reads it."""
        with self._turn:
            if self._clock is not None:
                self._clock.cancel()
            self._key, self._held, self._clock = (), None, None

    def _fresh(self, key: tuple[Any, ...]) -> Gathered | None:
        with self._turn:
            return self._held if self._key == key and time.monotonic() < self._until else None

    def _keep(self, key: tuple[Any, ...], held: Gathered) -> None:
        # What is known of people does not lie about until somebody asks again; the clock itself keeps nothing.
        clock = threading.Timer(self.seconds, self._expire, (weakref.ref(held),))
        clock.daemon = True
        with self._turn:
            self._key, self._held, self._until = key, held, time.monotonic() + self.seconds
            self._clock = clock
        clock.start()

    def _expire(self, held: weakref.ref[Gathered]) -> None:
        with self._turn:
            if self._held is not None and self._held is held():
                self._key, self._held, self._clock = (), None, None


SHELF = Shelf()


def preview(
    settings: Settings, told: Any, now: datetime, *, name: str | None = None, sample: int = SAMPLE
) -> Preview:
    """Work a rule out by the published scores and what the lake knew when it was last gathered, two minutes ago at most.

    ``name`` is that of the segment whose rule it is to be. Raises ``segments.rule`` or ``segments.cycle`` for a rule that cannot be, and
    ``refresh.no_orders`` where there is nothing yet.
    """
    rule = read(told)
    kept = queries.segments()
    others, _ = queries.rules(kept)
    others.pop(name or WANTED, None)
    check(name or WANTED, rule, others, CATALOGUE.shipped)
    run, lake = publication.published(), lake_of(settings)
    own = [each.name for each in kept]
    with lake.reading(), closing(open_workspace()) as workspace:
        held = SHELF.get(settings, lake, run.id if run else -1, own)
        rules, clock = {**others, WANTED: rule}, Clock(now, settings.time_zone)
        found = segmenting.members(held.frames(workspace), rules, [WANTED], clock)
        members, customers, keys = _counted(found, workspace, sample)
    return Preview(rule, members, customers, keys)


def _counted(found: ir.Table, workspace: Workspace, sample: int) -> tuple[int, int, tuple[int, ...]]:
    # Worked out once, then counted and looked at.
    inside = workspace.engine.save(found, workspace.folder / "preview.parquet")
    told = workspace.engine.arrow(counts(inside, [WANTED])).to_pylist()[0]
    first = inside.filter(inside[WANTED]).order_by("customer_key").limit(sample).select("customer_key")
    keys = workspace.engine.arrow(first)["customer_key"].to_pylist()
    return told[WANTED], told["customers"], tuple(keys)


@lru_cache(maxsize=2)
def _objecting(home: str, words: tuple[int, ...]) -> frozenset[int]:  # noqa: ARG001
    """Return who objects to profiling, worked out once for each last word of anybody."""
    return frozenset(privacy.refusing(PROFILING))


def _gathered(settings: Settings, lake: Lake, run: int, own: list[str]) -> Gathered:
    workspace = open_workspace()
    try:
        orders = orders_of(settings, lake, workspace)
        known = segmenting.frames(orders, lake, run, own)
        path = workspace.folder / "customers.parquet"
        workspace.engine.save(known.customers, path)
        workspace.engine.close()  # from now on only its folder is needed
    except BaseException:
        workspace.close()
        raise
    return Gathered(orders, path, lake.events.files())
