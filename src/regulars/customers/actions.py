"""People arrive: each is found by what they are known by, or becomes a new customer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.privacy.actions import obey
from regulars.store import bulk, database, outbox
from regulars.store.changes import moment, touch
from regulars.store.models import Consent, Customer, Identifier, Merge, Order, Visitor

if TYPE_CHECKING:
    import duckdb

PEOPLE = pa.schema(
    [
        ("key", pa.int64()),
        ("store_id", pa.string()),
        ("email", pa.string()),
        ("country", pa.string()),
        ("first_at", pa.string()),
    ]
)
"""One row a pair that a source names: its own number for a person, their id and e-mail (either may be missing); country and the first
moment (UTC, as text) are the person's."""

_MOVED: dict[str, Any] = {
    "identifiers": Identifier,
    "visitors": Visitor,
    "orders": Order,
    "consents": Consent,
}
"""What changes hands when two customers become one."""
_KNOWN = pa.schema([("kind", pa.string()), ("value", pa.string()), ("customer_id", pa.int64())])


def arrive(connection: duckdb.DuckDBPyConnection, people: str, now: datetime) -> int:
    """Find or make the customer of each person of a relation of :data:`PEOPLE`; leave ``key, id`` under the name ``arrived_customers``.

    Who has an id is whom that id names. Who has none is whom the e-mail names. A new id with the e-mail of one guest is that guest, who is known from
    now on. An e-mail of two people names nobody. A guest whose e-mail a known customer turns out to have is merged into them. Returns how many are new.
    Runs in a transaction of its own.
    """
    with database.writing("customers"):
        _known(connection)
        _matched(connection, people)
        (fresh,) = connection.execute("SELECT count(*) FROM arrived_people WHERE id IS NULL").fetchone() or (
            0,
        )
        if fresh:
            given = database.numbers("customer", fresh)
            connection.execute(
                f"""UPDATE arrived_people SET id = n.id FROM
                    (SELECT key, {given.start} - 1 + row_number() OVER (ORDER BY first_at, key) AS id FROM arrived_people WHERE id IS NULL) n
                    WHERE n.key = arrived_people.key"""
            )
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE arrived_customers AS SELECT key, id FROM arrived_people"
        )
        if fresh:
            _added(connection, given, now)
        _identified(connection, now)
        for guest, known in _turned_out(connection):
            if not was_undone(known, guest):
                merge(known, guest, reason="email", now=now)
    return int(fresh)


def _known(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the store's identifiers: kind, value, customer, and whether that one is a guest."""
    bulk.bring(connection, "known", _KNOWN, "identifiers")
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE known_identifiers AS
            SELECT kind, value, customer_id AS customer, NOT bool_or(kind = 'store_id') OVER (PARTITION BY customer_id) AS guest FROM known"""
    )


def _matched(connection: duckdb.DuckDBPyConnection, people: str) -> None:
    """One row a person with the customer they are, if the store knows them."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE arrived_mails AS SELECT DISTINCT key, email FROM {people} WHERE email IS NOT NULL;
        CREATE OR REPLACE TEMP TABLE arrived_people AS
        WITH one AS (SELECT key, min(store_id) AS store_id, max(country) AS country, min(first_at) AS first_at
                FROM {people} GROUP BY key),
            by_id AS (SELECT o.key, k.customer FROM one o JOIN known_identifiers k ON k.kind = 'store_id' AND k.value = o.store_id),
            by_mail AS (SELECT m.key, min(k.customer) AS customer FROM arrived_mails m
                JOIN known_identifiers k ON k.kind = 'email' AND k.value = m.email
                JOIN one o ON o.key = m.key AND (o.store_id IS NULL OR k.guest)
                WHERE m.key NOT IN (SELECT key FROM by_id) GROUP BY m.key),
            alone AS (SELECT * FROM by_mail QUALIFY count(*) OVER (PARTITION BY customer) = 1
                OR key IN (SELECT key FROM one WHERE store_id IS NULL))
        SELECT o.*, coalesce(i.customer, a.customer) AS id FROM one o
            LEFT JOIN by_id i ON i.key = o.key LEFT JOIN alone a ON a.key = o.key"""
    )


def _added(connection: duckdb.DuckDBPyConnection, given: range, now: datetime) -> None:
    blank = ("first_name", "last_name", "language", "region", "city", "gender")
    rows = connection.execute(
        f"""SELECT id, coalesce(country, '') AS country, coalesce(first_at, $now) AS created_at, $now AS updated_at,
                {", ".join(f"'' AS {name}" for name in blank)}
            FROM arrived_people WHERE id BETWEEN $first AND $last ORDER BY id""",
        {"now": moment(now), "first": given.start, "last": given.stop - 1},
    )
    bulk.insert_found("customers", rows)


def _identified(connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Add ids and e-mails that the store does not know yet; an e-mail of two people is that of the guest among them, or nobody's."""
    rows = connection.execute(
        """SELECT kind, value, customer AS customer_id, ? AS since FROM (
            SELECT 'store_id' AS kind, store_id AS value, id AS customer FROM arrived_people WHERE store_id IS NOT NULL
            UNION ALL SELECT 'email', email, CASE WHEN count(DISTINCT p.id) = 1 THEN min(p.id)
                    ELSE min(p.id) FILTER (WHERE p.store_id IS NULL) END FROM arrived_mails m JOIN arrived_people p USING (key) GROUP BY email)
        ANTI JOIN known_identifiers USING (kind, value) WHERE customer IS NOT NULL ORDER BY customer, kind, value""",
        [moment(now)],
    )
    bulk.insert_found("identifiers", rows)


def _turned_out(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    """Return guests and the one known customer who has their e-mail."""
    return connection.execute(
        """SELECT k.customer, min(p.id) FROM arrived_mails m JOIN arrived_people p USING (key)
            JOIN known_identifiers k ON k.kind = 'email' AND k.value = m.email AND k.guest AND k.customer <> p.id
            WHERE p.store_id IS NOT NULL AND k.customer NOT IN (SELECT id FROM arrived_people)
            GROUP BY k.customer HAVING count(DISTINCT p.id) = 1 ORDER BY 1"""
    ).fetchall()


def merge(kept: int, absorbed: int, *, reason: str, now: datetime) -> Merge:
    """Give all that a customer has to another one, and remember what it was, so that :func:`unmerge` can give it back.

    Nobody else writes orders meanwhile: who had read one before would give it back to whom it was taken from.
    """
    with database.writing("orders"):
        moved: dict[str, Any] = {
            name: list(records.objects.filter(customer=absorbed).values_list("id", flat=True))
            for name, records in _MOVED.items()
        }
        _given(moved, absorbed, kept)
        Customer.objects.filter(id=absorbed).update(merged_into=kept, updated_at=now)
        touch(moved["orders"], now)
        obey(kept)
        outbox.tell(
            outbox.CUSTOMERS_MERGED, f"key:{kept}", now, kept=f"key:{kept}", absorbed=f"key:{absorbed}"
        )
        return Merge.objects.create(kept_id=kept, absorbed_id=absorbed, reason=reason, moved=moved, at=now)


def join(kept: int, absorbed: int, *, reason: str, now: datetime) -> Merge:
    """Merge two customers because somebody said so, in a transaction of its own; raises where one of them was merged meanwhile."""
    with database.writing("customers"):
        if Customer.objects.filter(id__in=(kept, absorbed), merged_into=None).count() != 2:
            raise RegularsError(
                "customers.merged",
                mark("One of the two was merged a moment ago."),
                hint=mark("Look at both again."),
                kind=Kind.CONFLICT,
            )
        return merge(kept, absorbed, reason=reason, now=now)


def part(merged: Merge, now: datetime) -> bool:
    """Take a merge back in a transaction of its own; return whether it held until now."""
    with database.writing("customers"):
        merged.refresh_from_db()
        if merged.undone_at is not None:
            return False
        unmerge(merged, now)
    return True


def was_undone(kept: int, absorbed: int) -> bool:
    """Tell whether somebody took this merge back: it is not made again by itself."""
    return Merge.objects.filter(kept=kept, absorbed=absorbed, undone_at__isnull=False).exists()


def unmerge(merged: Merge, now: datetime) -> None:
    """Give back what a merge moved and the customer still has, in one transaction."""
    kept, absorbed = f"key:{merged.kept_id}", f"key:{merged.absorbed_id}"
    with database.writing("customers"), database.writing("orders"):
        touched = _given(merged.moved, merged.kept_id, merged.absorbed_id)
        Customer.objects.filter(id=merged.absorbed_id).update(merged_into=None, updated_at=now)
        touch(touched, now)
        for each in (merged.kept_id, merged.absorbed_id):
            obey(each)
        outbox.tell(outbox.CUSTOMERS_UNMERGED, absorbed, now, kept=kept, absorbed=absorbed)
        merged.undone_at = now
        merged.save(update_fields=["undone_at"])


def _given(moved: dict[str, Any], of: int, to: int) -> list[int]:
    """Give what was moved and is still of one customer to another; return the orders."""
    orders = list(Order.objects.filter(id__in=moved["orders"], customer=of).values_list("id", flat=True))
    for name, records in _MOVED.items():
        records.objects.filter(id__in=moved.get(name, ()), customer=of).update(customer=to)
    return orders
