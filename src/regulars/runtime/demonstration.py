"""The home of a simulated shop: made new, filled, and marked, so that only such a home ever shows the demo shop."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.files import replace_file
from regulars.kit.i18n import mark

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.simulator import World
    from regulars.store.inbox import Event

FILE, LINK = "demo.json", "demo-owner-link"
SWITCH = "REGULARS_DEMO_OF"
"""Names the home whose demo shop the processes of this server show; set by ``regulars serve --demo`` for its own children."""
OWNER = "owner@demo.example"
VISIT_DAYS = 28
"""Of so many days before today the demonstration knows what was looked at."""
_NAMES = (("Hanna", "Kowalska"), ("Jonas", "Weber"), ("Zofia", "Lis"), ("Marek", "Novák"), ("Emilia", "Sowa"), ("Paul", "Huber"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """A simulated customer as whom one may look around."""

    customer: str
    name: str


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo shop goes by; the mark of its home."""

    name: str
    currency: str
    free_delivery_minor: int
    delivery_minor: int
    write_key: str
    signing: str
    accounts: tuple[Account, ...]


def recent(world: World, today: date) -> World:
    """Return a world moved in time so that its last day was yesterday."""
    shift = today - timedelta(days=1) - world.as_of
    return replace(world, start=world.start + shift, as_of=world.as_of + shift)


def prepare(world: World, shop: Path, settings: Settings) -> Demo:
    """Fill a new home with a simulated shop, the visits of its last weeks among it, and mark it; ``shop`` is what the simulator wrote.

    Raises where the home holds orders already: nobody's shop is made a demonstration.
    """
    from regulars.runtime.load import load
    from regulars.runtime.refresh import refresh
    from regulars.runtime.spending import take
    from regulars.store.models import Order

    if Order.objects.exists():
        raise RegularsError(
            "demo.home",
            mark("{home} holds a shop already."),
            hint=mark("Name a folder that does not exist yet."),
            kind=Kind.CONFLICT,
            home=settings.home,
        )
    now = datetime.now(UTC)
    load(str(shop / "order_lines"), settings)
    _list_products(shop / "products.parquet", world.currency, now)
    take(str(shop / "costs.parquet"), settings)
    demo = _made(world, settings, now)
    if world.events:
        _visits(shop / "events", world, settings)
    refresh(settings)
    replace_file(settings.home / FILE, json.dumps(asdict(demo), ensure_ascii=False, indent=1).encode())
    (settings.home / FILE).chmod(0o600)
    return demo


def _made(world: World, settings: Settings, now: datetime) -> Demo:
    from regulars.access import actions as keys
    from regulars.access.people import actions as people

    people.create(OWNER, "Demo", ["owner"], "", who="command", now=now)
    key = keys.create("Demo shop", ["collect"], settings.home, who="command", now=now)
    return Demo(
        name=world.name,
        currency=world.currency,
        free_delivery_minor=round(world.free_delivery_from * 100),
        delivery_minor=round(world.delivery_fee * 100),
        write_key=key.text,
        signing=key.signing,
        accounts=tuple(_accounts(now)),
    )


def _list_products(path: Path, currency: str, now: datetime) -> None:
    import pyarrow.parquet as pq

    from regulars.catalog import listing

    rows = pq.read_table(path).to_pylist()
    listing.listed([_product(row, currency) for row in rows], now)


def _product(row: dict[str, Any], currency: str) -> dict[str, Any]:
    return {
        "product_id": str(row["product_id"]),
        "title": row["product_title"],
        "category": row["category"],
        "price_minor": int(row["price"] * 100),
        "cost_minor": int(row["cost"] * 100),
        "currency": currency,
        "url": f"/shop/product/{row['product_id']}",
        "image_url": f"/shop/picture/{row['product_id']}.svg",
    }


def _visits(folder: Path, world: World, settings: Settings) -> None:
    """Take in what was viewed and put into carts lately, as if it had come through the storefront's door."""
    from contextlib import closing

    import pyarrow.dataset as ds

    from regulars.runtime import compaction

    since = datetime.combine(world.as_of - timedelta(days=VISIT_DAYS - 1), time(0), UTC)
    lately = ds.field("type").isin(["view", "cart"]) & (ds.field("occurred_at") >= since)
    rows = ds.dataset(folder).to_table(filter=lately)
    with closing(compaction.inbox_of(settings)) as inbox:
        for part in rows.to_batches(max_chunksize=5_000):
            inbox.append([_event(row) for row in part.to_pylist()])
        while compaction.compact(settings, inbox):
            pass


def _event(row: dict[str, Any]) -> Event:
    from regulars.store.inbox import Event

    at = int(row["occurred_at"].timestamp() * 1e6)
    customer = row["customer_id"]
    return Event(
        event_id=f"demo-{row['event_id']}",
        source="Demo shop",
        visitor_id=f"demo-{row['visitor_id']}",
        customer_id=None if customer is None else str(customer),
        session_id=f"demo-{row['session_id']}",
        type=row["type"],
        occurred_at=at,
        received_at=at,
        product_id=str(row["product_id"]),
        order_id=None,
        value=None,
        url=f"/shop/product/{row['product_id']}",
        properties="{}",
    )


def _accounts(now: datetime) -> list[Account]:
    """Choose customers with histories of different length, and give them names."""
    from regulars.customers.details import Details, tell

    found = []
    for (first, last), (key, store_id) in zip(_NAMES, _chosen(len(_NAMES)), strict=False):
        tell(key, Details(first_name=first, last_name=last), now=now)
        found.append(Account(store_id, f"{first} {last}"))
    return found


def _chosen(most: int) -> Sequence[tuple[int, str]]:
    from django.db.models import Count, Max

    from regulars.store.models import Identifier, Order

    orders = Order.objects.filter(customer__identifiers__kind=Identifier.STORE_ID, status="paid")
    some = (
        orders.values("customer_id").annotate(n=Count("id"), last=Max("ordered_at")).order_by("-last")[:400]
    )
    longest = sorted(some, key=lambda each: (-each["n"], each["customer_id"]))
    chosen = (
        [longest[len(longest) * place // most]["customer_id"] for place in range(most)] if longest else []
    )
    ids = Identifier.objects.filter(kind=Identifier.STORE_ID, customer_id__in=chosen)
    names = dict(ids.values_list("customer_id", "value"))
    return [(key, names[key]) for key in dict.fromkeys(chosen)]


def shown(settings: Settings) -> Demo | None:
    """Return the demo shop that this process shows: only where the server was started so, and only of a home that was made for it."""
    if os.environ.get(SWITCH) != str(settings.home):
        return None
    return marked(settings.home)


def marked(home: Path) -> Demo | None:
    """Return what a home's mark says, None for a home of anybody's shop."""
    try:
        raw = json.loads((home / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    accounts = tuple(Account(**each) for each in raw.pop("accounts"))
    return Demo(accounts=accounts, **raw)


def owner_link(home: Path) -> str:
    """Make the token under which the demo's owner comes into the console, once; an older one ends."""
    token = secrets.token_urlsafe(32)
    path = home / LINK
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(hashlib.sha256(token.encode()).hexdigest())
    return token


def take_link(home: Path, token: str) -> bool:
    """Use the owner's link up; false for one that is wrong or was used."""
    path = home / LINK
    try:
        kept = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    if not secrets.compare_digest(kept, hashlib.sha256(token.encode()).hexdigest()):
        return False
    try:
        path.unlink()  # of two who come at once, one finds it
    except FileNotFoundError:
        return False
    return True
