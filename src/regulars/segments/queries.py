"""Segments of the shop's own as they are kept, and what the store knows of customers that rules ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from regulars.kit.errors import RegularsError
from regulars.privacy import queries as privacy
from regulars.privacy.rules import PROFILING, UNSAID
from regulars.segments.rules import Rule, read
from regulars.segments.rules.fields import FIELDS
from regulars.store import bulk
from regulars.store.models import Consent, Membership, Segment

EXACT = pa.decimal128(18, 4)
CONSENTS = {"may_email": "email", "may_sms": "sms"}
_MONEY = ("net", "aov", "clv", "clv_low", "clv_high", "clv_lifetime")
_DAYS = ("first_on", "last_on", "next_order_from", "next_order_until")
_TEXTS = ("country", "region", "city", "language", "gender")
_GROUPS = ("tier", "rfm_group", "lifecycle")
_ROWS = pa.schema(
    [
        ("customer_key", pa.int64()),
        *((name, pa.string()) for name in (*_TEXTS, "birthday", "known_since")),
        *((name, pa.int32()) for name in ("email_known", "phone_known")),
        ("orders", pa.int64()),
        *((f"{name}_minor", pa.int64()) for name in _MONEY),
        *((name, pa.string()) for name in (*_DAYS, *_GROUPS)),
        *((name, pa.float64()) for name in ("p_alive", "expected_orders")),
    ]
)


def segments() -> list[Segment]:
    """Return every segment of the shop's own, in the order of their names."""
    return list(Segment.objects.order_by("name"))


def segment(name: str) -> Segment | None:
    """Return a segment of the shop's own, None where there is none of that name."""
    return Segment.objects.filter(name=name).first()


def rules(kept: list[Segment]) -> tuple[dict[str, Rule], dict[str, RegularsError]]:
    """Return the rules by name, and why some cannot be read: a release may know a field no more."""
    found, broken = {}, {}
    for each in kept:
        try:
            found[each.name] = read(each.rule)
        except RegularsError as error:
            broken[each.name] = error
    return found, broken


def overlap(run: int, one: str, other: str) -> tuple[int, int, int]:
    """Return how many customers a run has in one segment, in the other, and in both."""
    first, second = (Membership.objects.filter(run=run, segment=name) for name in (one, other))
    both = first.filter(customer__in=second.values("customer_id"))
    return first.count(), second.count(), both.count()


def shipped_memberships(run: int, own: list[str], only: int | None = None) -> Iterator[pa.Table]:
    """Yield ``customer_key`` and ``segment`` of the segments that ship, in parts; with ``only`` of one customer."""
    schema = pa.schema([("customer_key", pa.int64()), ("segment", pa.string())])
    source = f"(SELECT customer_id AS customer_key, segment FROM memberships WHERE run = {int(run)}{_of(only, 'customer_id')}) AS told"
    for part in bulk.tables(schema, source):
        yield part.filter(pc.invert(pc.is_in(part["segment"], pa.array(own, pa.string()))))


def facts(run: int, digits: int, zone: str, only: int | None = None) -> Iterator[pa.Table]:
    """Yield what the store knows of customers, in parts: ``customer_key`` and the fields but ``first_channel``, by a run's scores.

    Without those who were merged into others, and those who object to profiling. ``digits`` are those of the currency, ``zone`` is
    whose days count; ``only`` asks for one customer. Fields of customers without a score are null, and their number of orders is zero.
    """
    objecting = pa.array(sorted(privacy.refusing(PROFILING)), pa.int64())
    said = {name: _agreed(purpose) for name, purpose in CONSENTS.items()}
    yield _typed(_ROWS.empty_table(), said, digits, zone)
    for part in bulk.tables(_ROWS, _source(run, only)):
        kept = part.filter(pc.invert(pc.is_in(part["customer_key"], objecting)))
        yield _typed(kept, said, digits, zone)


def _source(run: int, only: int | None) -> str:
    texts = ", ".join(f"nullif(c.{name}, '') AS {name}" for name in _TEXTS)
    days = ", ".join(f"CAST(s.{name} AS varchar(10)) AS {name}" for name in _DAYS)
    groups = ", ".join(f"nullif(s.{name}, '') AS {name}" for name in _GROUPS)
    money = ", ".join(f"s.{name}_minor" for name in _MONEY)
    known = ", ".join(
        f"CASE WHEN EXISTS (SELECT 1 FROM identifiers i WHERE i.customer_id = c.id AND i.kind = '{kind}') THEN 1 ELSE 0 END AS {kind}_known"
        for kind in ("email", "phone")
    )
    return f"""(SELECT c.id AS customer_key, {texts}, CAST(c.birthday AS varchar(10)) AS birthday,
        CAST(c.created_at AS varchar(40)) AS known_since, {known}, coalesce(s.orders, 0) AS orders, {money}, {days}, {groups},
        s.p_alive, s.expected_orders
        FROM customers c LEFT JOIN scores s ON s.customer_id = c.id AND s.run = {int(run)} WHERE c.merged_into_id IS NULL{_of(only, "c.id")}) AS told"""


def _of(only: int | None, column: str) -> str:
    return "" if only is None else f" AND {column} = {int(only)}"


def _typed(rows: pa.Table, said: Mapping[str, Mapping[int, bool]], digits: int, zone: str) -> pa.Table:
    unit = pa.scalar(Decimal(1).scaleb(-digits), pa.decimal128(5, 4))
    keys = rows["customer_key"].to_pylist()
    made: dict[str, pa.ChunkedArray | pa.Array] = {"customer_key": rows["customer_key"]}
    for name in (*_TEXTS, *_GROUPS, "orders", "p_alive", "expected_orders"):
        made[name] = rows[name]
    for name in _MONEY:
        whole = pc.cast(rows[f"{name}_minor"], pa.decimal128(19, 0))
        made[name] = pc.cast(pc.multiply(whole, unit), EXACT)
    for name in (*_DAYS, "birthday"):
        made[name] = pc.cast(rows[name], pa.date32())
    for name in ("email_known", "phone_known"):
        made[name] = pc.cast(rows[name], pa.bool_())
    for name, words in said.items():
        unsaid = UNSAID[CONSENTS[name]]
        made[name] = pa.array([words.get(key, unsaid) for key in keys], pa.bool_())
    moment = pc.cast(pc.utf8_slice_codeunits(rows["known_since"], 0, 19), pa.timestamp("s"))
    made["known_since"] = pc.cast(
        pc.local_timestamp(pc.assume_timezone(moment, "UTC").cast(pa.timestamp("s", zone))), pa.date32()
    )
    return pa.table(
        {"customer_key": made["customer_key"]}
        | {each.name: made[each.name] for each in FIELDS if each.name in made}
    )


def _agreed(purpose: str) -> dict[int, bool]:
    """Return the latest word of each customer who said anything about a purpose."""
    told = Consent.objects.filter(purpose=purpose).order_by("at", "id")
    return dict(told.values_list("customer_id", "granted"))
