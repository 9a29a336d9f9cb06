"""How a server is: what was loaded and refreshed when, and how far the lake is behind the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from regulars.runtime import publication
from regulars.store.models import Counter, Import, Run, Unprojected


@dataclass(frozen=True, slots=True)
class State:
    """How a server is now."""

    run: int | None
    """The one whose results are shown."""
    published_at: datetime | None
    running: bool
    unprojected: int


def state() -> State:
    """Return how the server is; raises what the database raises where it does not answer."""
    run = publication.published()
    running = Run.objects.filter(state=Run.RUNNING).exists()
    return State(run and run.id, run and run.ended_at, running, Unprojected.objects.count())


def runs(before: int | None, limit: int) -> list[Run]:
    """Return refreshes, newest first, from before a number on; without what they found."""
    some = Run.objects.defer("summary", "page").order_by("-id")
    return list((some if before is None else some.filter(id__lt=before))[:limit])


def imports(before: int | None, limit: int) -> list[Import]:
    """Return loads, newest first, from before a number on."""
    some = Import.objects.order_by("-id")
    return list((some if before is None else some.filter(id__lt=before))[:limit])


def import_of(number: int) -> Import | None:
    """Return a load, None where there is none of that number."""
    return Import.objects.filter(id=number).first()


def given_out() -> Mapping[str, int]:
    """Return how many customers, products and orders were ever made: quick, however many there are."""
    told = dict(Counter.objects.values_list("name", "last"))
    return {name: int(told.get(name, 0)) for name in ("customer", "order", "product")}


def import_states() -> Mapping[str, int]:
    """Return how many loads are in each state."""
    found = dict(Import.objects.values_list("state").annotate(Count("id")))
    return {state: found.get(state, 0) for state in (Import.DONE, Import.FAILED, Import.RUNNING)}


def last_import() -> datetime | None:
    """Return when the last load that got through had ended."""
    found: datetime | None = Import.objects.filter(state=Import.DONE).aggregate(last=Max("ended_at"))["last"]
    return found
