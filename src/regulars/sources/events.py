"""What people look at and put into carts, from any table with a row an event: a tracker's log, an analytics export, a shop's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Phrase, mark
from regulars.sources import dates, ids, zones
from regulars.sources.headers import BY_NAME, fold
from regulars.sources.quoting import column, text
from regulars.sources.raw import read_raw
from regulars.sources.reading import macros

if TYPE_CHECKING:
    import duckdb

    from regulars.lake import Workspace
    from regulars.sources.raw import Raw


def _words(words: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in words.split(","))


NAMES = {
    "event_id": _words("event id,message id,hit id,insert id,uuid,id zdarzenia,id"),
    "session_id": _words("session id,session,user session,ga session id,visit id,visit token,id sesji,sesja"),
    "visitor_id": _words(
        "visitor id,visitor,anonymous id,user pseudo id,full visitor id,client id,cookie id,device id,visitor token,"
        "id odwiedzającego,odwiedzający"
    ),
    "customer_id": BY_NAME["customer_id"].synonyms,
    "type": _words(
        "type,event type,event,event name,action,action type,typ,typ zdarzenia,zdarzenie,nazwa zdarzenia"
    ),
    "occurred_at": _words(
        "occurred at,event time,event timestamp,event date,timestamp,time stamp,time,datetime,date time,created at,"
        "received at,sent at,original timestamp,ts,date,moment,czas,czas zdarzenia,data,data i godzina,data zdarzenia"
    ),
    "product_id": BY_NAME["product_id"].synonyms,
}
TYPES = {
    "view": set(
        _words(
            "view,viewed,product view,product viewed,viewed product,view product,view item,item view,view content,detail,"
            "product detail,detail view,click,wyświetlenie,wyświetlenie produktu,obejrzenie"
        )
    ),
    "cart": set(
        _words(
            "cart,add to cart,added to cart,product added,product added to cart,cart add,basket,add to basket,"
            "dodanie do koszyka,dodano do koszyka,koszyk"
        )
    ),
}
"""What the two kinds of event that are read may be called; all others are left alone."""
FIRST_YEAR = 1990
MOST_TYPES = 1000
TOLD = 20
"""How many of the rows that were set aside are named."""
REASONS = {
    "moment": mark("is no moment that can be read"),
    "early": mark("lies before 1990"),
    "future": mark("lies in the future"),
    "nobody": mark("names no session, visitor or customer"),
}
_ORDER = "f, r"


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that was left out."""

    line: int
    column: str
    cell: str
    reason: str
    """A code of :data:`REASONS`."""

    @property
    def told(self) -> Phrase:
        """Which row it is, what it says, and what is wrong with that."""
        said = mark("row {place}: {cell} in {column} {reason}")
        return Phrase.of(
            said,
            place=self.line,
            cell=repr(self.cell),
            column=self.column,
            reason=Phrase(REASONS[self.reason]),
        )


@dataclass(frozen=True, slots=True)
class Events:
    """Views and carts as numbers, in no order, with what the numbers stand for."""

    rows: pa.Table
    """``key`` (int64: one a session where ``told``, else one a visitor), ``told`` (bool: the file names the session), ``customer``
    (int32, -1 for nobody known), ``product`` (int32), ``cart`` (bool), ``at`` (int64, microseconds since 1970 in UTC) and ``day``
    (int32, days since 1970 in the shop's own calendar)."""
    product_ids: tuple[str, ...]
    customer_ids: tuple[str, ...]
    counts: dict[str, int] = field(default_factory=dict)
    """Rows ``read``, of ``other`` types, without a ``product``, ``aside`` and ``repeated``."""
    aside: tuple[Aside, ...] = ()
    """The first rows that were set aside."""


def read_events(
    origin: str | Path | Any, workspace: Workspace, *, time_zone: str = "UTC", today: date | None = None
) -> Events:
    """Read views and carts; needs a product, a moment, and a session, a visitor or a customer; without a type all are views.

    Moments without an offset are the shop's wall clock. An ``event_id`` counts once. Rows with a broken moment, or of nobody, are set
    aside and counted; other types, and views of no product, are none of ours. Raises ``RegularsError`` without the columns, where
    dates do not say which number is the day, and where not one event could be used.
    """
    zones.zone(time_zone)
    raw = read_raw(origin, workspace)
    found = _columns(raw)
    connection = workspace.door.connection
    macros(connection)
    with raw.guarded():
        counts = _kept(connection, raw, found, time_zone, today or datetime.now(UTC).date())
        aside = _aside(connection, raw, found) if counts["aside"] else ()
        if aside and not counts.pop("good"):
            raise RegularsError(
                "events.nothing_usable",
                mark("Not one of {rows} events could be used: {first}."),
                hint=mark(
                    "Moments look like 2025-12-31 18:05:00; each event needs who it was or which session."
                ),
                rows=counts["read"],
                first=aside[0].told,
            )
        counts.pop("good", None)
        counts["repeated"] = _once(connection) if "event_id" in found else 0
        return _numbered(connection, counts, aside)


def _columns(raw: Raw) -> dict[str, str]:
    """Return which column carries what."""
    seen = {fold(name): name for name in reversed(raw.columns)}
    found: dict[str, str] = {}
    for name, words in NAMES.items():
        told = next((seen[word] for word in words if word in seen and seen[word] not in found.values()), None)
        if told is not None:
            found[name] = told
    who = found.keys() & {"session_id", "visitor_id", "customer_id"}
    missing = [name for name in ("product_id", "occurred_at") if name not in found]
    missing += [] if who else ["session_id"]
    if missing:
        raise RegularsError(
            "events.columns",
            mark("The events have no column for {missing}; their columns are: {columns}."),
            hint=mark(
                "They need product_id, occurred_at, and session_id, visitor_id or customer_id; they may have type and event_id."
            ),
            missing=", ".join(missing),
            columns=", ".join(raw.columns),
        )
    return found


def _kept(
    connection: duckdb.DuckDBPyConnection, raw: Raw, found: dict[str, str], time_zone: str, today: date
) -> dict[str, int]:
    """Leave views and carts of products in ``regulars_events``, ``why`` saying what is wrong with a row; return counts."""
    relation = _without_nan(raw, found)
    names = [
        name
        for name in ("event_id", "session_id", "visitor_id", "customer_id", "product_id")
        if name in found
    ]
    cells = [f"{cell} AS {name}" for name, cell in _ids(connection, raw, relation, found, names).items()]
    cells += [
        f"NULL::VARCHAR AS {name}"
        for name in ("session_id", "visitor_id", "customer_id")
        if name not in found
    ]
    wall, instant, day = _moment(connection, raw, relation, found["occurred_at"], time_zone, today.year)
    kind = _kind(connection, relation, found.get("type"))
    late = today + timedelta(days=2)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE regulars_events AS
            SELECT *, CASE WHEN wall IS NULL THEN 'moment' WHEN instant < TIMESTAMP '{FIRST_YEAR}-01-01' THEN 'early'
                WHEN instant >= TIMESTAMP '{late}' THEN 'future'
                WHEN coalesce(session_id, visitor_id, customer_id) IS NULL THEN 'nobody' END AS why
            FROM (SELECT *, {instant} AS instant, {day} AS day FROM (
                SELECT {raw.file_column} AS f, {raw.row_column} AS r, {kind} AS kind, {", ".join(cells)}, {wall}
                FROM {relation}) WHERE kind IS NOT NULL AND product_id IS NOT NULL)"""
    )
    asked = f"""SELECT count(*), count(*) FILTER (WHERE {kind} IS NULL) FROM {relation}"""
    read, other = _one(connection, asked)
    kept, bad = _one(connection, "SELECT count(*), count(why) FROM regulars_events")
    return {"read": read, "other": other, "product": read - other - kept, "aside": bad, "good": kept - bad}


def _without_nan(raw: Raw, found: dict[str, str]) -> str:
    """SQL: the source with what is no number, as data frames write nothing, as nothing."""
    floats = [name for name in dict.fromkeys(found.values()) if raw.types[name] in ("FLOAT", "DOUBLE")]
    if not floats:
        return raw.relation
    swapped = ", ".join(
        f"CASE WHEN NOT isnan({column(n)}) THEN {column(n)} END AS {column(n)}" for n in floats
    )
    return f"(SELECT * REPLACE ({swapped}) FROM {raw.relation})"


def _ids(
    connection: duckdb.DuckDBPyConnection,
    raw: Raw,
    relation: str,
    found: dict[str, str],
    names: Sequence[str],
) -> dict[str, str]:
    """SQL: each id as text, read as ids of orders are."""
    wanted = {"rows": "count(*)"}
    for name in names:
        wanted |= ids.survey(name, found[name], raw.types[found[name]])
    told = dict(
        zip(wanted, _one(connection, f"SELECT {', '.join(wanted.values())} FROM {relation}"), strict=True)
    )
    cells = {}
    for name in names:
        how = ids.decide(name, found[name], raw.types[found[name]], told)
        cell = how.clean(f"CAST({column(found[name])} AS VARCHAR)") if how.written else column(found[name])
        cells[name] = f"CAST({how.value(cell)} AS VARCHAR)"
    return cells


def _kind(connection: duckdb.DuckDBPyConnection, relation: str, source: str | None) -> str:
    """SQL: ``view`` or ``cart``, nothing for any other type."""
    if source is None:
        return "'view'"
    cell = f"CAST({column(source)} AS VARCHAR)"
    words = connection.execute(
        f"SELECT {cell} FROM {relation} WHERE {cell} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {MOST_TYPES}"
    ).fetchall()
    named = {kind: [word for (word,) in words if fold(word) in known] for kind, known in TYPES.items()}
    whens = [
        f"WHEN {cell} IN ({', '.join(map(text, some))}) THEN {text(kind)}"
        for kind, some in named.items()
        if some
    ]
    return f"CASE {' '.join(whens)} END" if whens else "NULL::VARCHAR"


def _moment(
    connection: duckdb.DuckDBPyConnection, raw: Raw, relation: str, source: str, time_zone: str, year: int
) -> tuple[str, str, str]:
    """SQL: the columns ``wall``, ``off`` and ``cell``; the instant in UTC; the day in the shop's calendar, as for orders."""
    type_ = raw.types[source]
    wanted = dates.survey("at", source, type_)
    told = dict(
        zip(wanted, _one(connection, f"SELECT {', '.join(wanted.values())} FROM {relation}"), strict=True)
    )
    how = dates.from_survey("at", source, type_, told)
    if how is None:
        shapes = connection.execute(dates.shapes_query(relation, source)).fetchall()
        offsets = bool(told["at.offsets"])
        how = dates.from_shapes(source, type_, shapes, offsets=offsets, day_first=None, currency=None)
        if how.doubt:
            raise RegularsError(
                "events.order",
                mark("The events do not say which of the numbers in their dates is the day."),
                hint=mark("Write moments as 2025-12-31 18:05:00."),
            )
    cell = f"regulars_text({column(source)})" if how.written else column(source)
    off = f"CASE WHEN {how.offset(cell)} <> '' THEN regulars_offset_minutes({how.offset(cell)}) END"
    wall = (
        f"{how.wall(cell, how.bare(cell))} AS wall, {off} AS off, CAST({column(source)} AS VARCHAR) AS cell"
    )
    # A moment that cannot be, such as one of the year 300000, must not overflow before it is set aside.
    sound = f"CASE WHEN year(wall) BETWEEN {FIRST_YEAR - 1} AND {year + 2} THEN wall END"
    if how.has_zone:
        return wall, "wall", zones.local_day(sound, time_zone, FIRST_YEAR - 1, year + 1)
    local = f"coalesce({zones.instant(sound, time_zone, FIRST_YEAR - 1, year + 1)}, wall)"
    shifted = f"({sound} - to_minutes(off))"
    own = "CAST(wall AS DATE)"
    theirs = own if time_zone == "UTC" else zones.local_day(shifted, time_zone, FIRST_YEAR - 1, year + 1)
    return (
        wall,
        f"CASE WHEN off IS NULL THEN {local} ELSE coalesce({shifted}, wall) END",
        f"CASE WHEN off IS NULL THEN {own} ELSE {theirs} END",
    )


def _aside(connection: duckdb.DuckDBPyConnection, raw: Raw, found: dict[str, str]) -> tuple[Aside, ...]:
    """Return the first rows that were set aside, and keep the others only."""
    rows = connection.execute(
        f"SELECT f, r, why, cell FROM regulars_events WHERE why IS NOT NULL ORDER BY {_ORDER} LIMIT {TOLD}"
    ).fetchall()
    connection.execute("DELETE FROM regulars_events WHERE why IS NOT NULL")
    who = next(found[name] for name in ("session_id", "visitor_id", "customer_id") if name in found)
    return tuple(
        Aside(raw.line_of(f, r), who, "", why)
        if why == "nobody"
        else Aside(raw.line_of(f, r), found["occurred_at"], cell or "", why)
        for f, r, why, cell in rows
    )


def _once(connection: duckdb.DuckDBPyConnection) -> int:
    """Keep the first row of each event id; return how many went."""
    (again,) = _one(connection, "SELECT count(event_id) - count(DISTINCT event_id) FROM regulars_events")
    if again:
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE regulars_events AS SELECT * FROM regulars_events
                QUALIFY event_id IS NULL OR row_number() OVER (PARTITION BY event_id ORDER BY {_ORDER}) = 1"""
        )
    return int(again)


def _numbered(
    connection: duckdb.DuckDBPyConnection, counts: dict[str, int], aside: tuple[Aside, ...]
) -> Events:
    """Number products and customers by their ids, sessions and visitors by a key."""
    for name in ("product", "customer"):
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE regulars_event_{name}s AS
                SELECT id, CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER) AS code
                FROM (SELECT DISTINCT {name}_id AS id FROM regulars_events WHERE {name}_id IS NOT NULL)"""
        )
    rows = connection.execute(
        """SELECT CASE WHEN session_id IS NOT NULL THEN regulars_key(row('s', session_id, visitor_id))
                WHEN visitor_id IS NOT NULL THEN regulars_key(row('v', visitor_id, ''))
                ELSE regulars_key(row('c', customer_id, '')) END AS key, session_id IS NOT NULL AS told,
            coalesce(c.code, -1) AS customer, p.code AS product, kind = 'cart' AS cart, epoch_us(instant) AS at,
            CAST(day - DATE '1970-01-01' AS INTEGER) AS day
            FROM regulars_events e LEFT JOIN regulars_event_customers c ON c.id = e.customer_id
            JOIN regulars_event_products p ON p.id = e.product_id"""
    ).to_arrow_table()
    named = [
        tuple(
            name
            for (name,) in connection.execute(
                f"SELECT id FROM regulars_event_{part}s ORDER BY code"
            ).fetchall()
        )
        for part in ("product", "customer")
    ]
    for part in ("s", "_products", "_customers"):
        connection.execute(f"DROP TABLE regulars_event{part}")
    return Events(rows, named[0], named[1], counts, aside)


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return connection.execute(sql).fetchone() or ()
