"""How each column of this source is read: decided once, by looking at the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Phrase, mark
from regulars.sources import dates, ids, money
from regulars.sources.dates import Moment
from regulars.sources.headers import BY_NAME
from regulars.sources.ids import Id
from regulars.sources.money import Number
from regulars.sources.quoting import column
from regulars.sources.recognise import Recognised, blank
from regulars.sources.status import PAID, meaning

if TYPE_CHECKING:
    import duckdb

    from regulars.sources.raw import Raw

KEPT_ROWS = 5_000_000
CURRENCY_SIGNS = {"ZŁ": "PLN", "ZL": "PLN", "€": "EUR", "$": "USD", "£": "GBP", "KČ": "CZK", "¥": "JPY"}


DOUBTS = {
    ("ambiguous", True): mark(
        "The column {column} does not say which of day and month comes first in {rows} rows; they were read with the "
        "day first. Use --day-first or --month-first to decide."
    ),
    ("ambiguous", False): mark(
        "The column {column} does not say which of day and month comes first in {rows} rows; they were read with the "
        "month first. Use --day-first or --month-first to decide."
    ),
    ("contradictory", True): mark(
        "Most dates in the column {column} have the day first, {rows} rows cannot; the day was read first. Use "
        "--day-first or --month-first to decide."
    ),
    ("contradictory", False): mark(
        "Most dates in the column {column} have the month first, {rows} rows cannot; the month was read first. Use "
        "--day-first or --month-first to decide."
    ),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the merchant told about the file."""

    time_zone: str = "UTC"
    currency: str | None = None
    rates: Mapping[str, Decimal] | None = None
    day_first: bool | None = None
    delivery_counts: bool = False
    drop_repeats: bool = False
    today: date | None = None


@dataclass
class Reading:
    """Every decision about a source, ready to be written as SQL."""

    found: Recognised
    options: Options
    rows: int
    numbers: dict[str, Number]
    moments: dict[str, Moment]
    ids: dict[str, Id]
    statuses: dict[str, int]
    currency: str | None
    rates: dict[str, Decimal]
    textual: bool
    """Whether cells must be parsed; if so they are parsed once and kept."""
    files: int = 1
    clock: bool = False
    """Whether moments have a time of day."""
    negative: bool = False
    """Whether some row takes money back."""
    nobody: bool = False
    """Whether some row has no customer."""
    shipping_repeats: bool = False
    """Whether an order's delivery is written on each of its lines."""
    credit_letters: tuple[str, ...] = ()
    """Letters before an order's number that mark a document which takes back."""
    several: dict[str, int] = field(default_factory=dict)
    """Rows by currency, where there are several."""
    warnings: list[dict[str, Any]] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Tell whether a canonical column is there."""
        return name in self.found.columns

    @property
    def keeps(self) -> bool:
        """Whether steps are few enough rows to be kept."""
        return self.rows <= KEPT_ROWS

    def keep(self, connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
        """Leave a step under a name: computed once and kept where the rows are few enough, a view where they are not.

        A kept step lives in the connection's bounded memory and spills; beyond ``KEPT_ROWS`` computing it again from
        typed columns costs less than writing it.
        """
        for kind in ("TABLE", "VIEW"):
            if connection.execute(
                f"SELECT 1 FROM duckdb_{kind.lower()}s() WHERE {kind.lower()}_name = '{name}' AND temporary"
            ).fetchone():
                connection.execute(f"DROP {kind} {name}")
        kind = "TABLE" if self.keeps else "VIEW"
        connection.execute(f"CREATE TEMP {kind} {name} AS {select}")

    def warn(self, code: str, message: str, **values: object) -> None:
        """Remember something the reader of the figures should know."""
        self.warnings.append({"code": code, "message": message, "values": values})


def macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Teach the connection to read numbers, moments and ids."""
    for statement in (*money.MACROS, *dates.MACROS, *ids.MACROS):
        connection.execute(statement)


def look(connection: duckdb.DuckDBPyConnection, raw: Raw, found: Recognised, options: Options) -> Reading:
    """Look at the whole source once (twice where dates are not ISO) and decide how to read it."""
    columns, types = found.columns, raw.types
    numeric = {n: c for n, c in columns.items() if BY_NAME[n].kind == "number"}
    moments = {n: c for n, c in columns.items() if BY_NAME[n].kind == "moment"}
    keys = {n: c for n, c in columns.items() if BY_NAME[n].kind == "id"}
    wanted: dict[str, str] = {"rows": "count(*)"}
    for name, source in numeric.items():
        wanted |= money.survey(name, source, types[source])
    for name, source in moments.items():
        wanted |= dates.survey(name, source, types[source])
    for name, source in keys.items():
        wanted |= ids.survey(name, source, types[source])
    for name in ("status", "currency"):
        if name in columns:
            wanted[name] = f"histogram(CAST({column(columns[name])} AS VARCHAR))"
    seen = _asked(connection, raw.relation, wanted)
    reading = Reading(
        found,
        options,
        rows=int(seen["rows"]),
        numbers=money.decide(numeric, types, seen),
        moments={},
        ids={n: ids.decide(n, c, types[c], seen) for n, c in keys.items()},
        statuses={},
        currency=options.currency,
        rates={},
        textual=any(types[c] == "VARCHAR" for c in (*numeric.values(), *moments.values(), *keys.values())),
        files=max(1, len(raw.files)),
    )
    _settle_currency(reading, {w: n for w, n in (seen.get("currency") or {}).items() if not blank(w)})
    _settle_statuses(reading, {w: n for w, n in (seen.get("status") or {}).items() if not blank(w)})
    for name, source in moments.items():
        reading.moments[name] = _moment(connection, raw, reading, name, source, seen)
    return reading


def _asked(connection: duckdb.DuckDBPyConnection, relation: str, wanted: Mapping[str, str]) -> dict[str, Any]:
    values = connection.execute(f"SELECT {', '.join(wanted.values())} FROM {relation}").fetchone()
    return dict(zip(wanted, values or (), strict=True))


def _moment(
    connection: duckdb.DuckDBPyConnection,
    raw: Raw,
    reading: Reading,
    name: str,
    source: str,
    seen: Mapping[str, Any],
) -> Moment:
    type_ = raw.types[source]
    if f"{name}.low" in seen:
        low, high = seen[f"{name}.low"], seen[f"{name}.high"]
        return Moment(source, type_, numeric=dates.number_kind(low or 0.0, high or 0.0))
    if f"{name}.first" in seen:
        first, last = ((seen[f"{name}.{end}"] or "")[:10] for end in ("first", "last"))
        return Moment(source, type_, first=first, last=last, nulls=reading.rows - int(seen[f"{name}.n"]))
    offsets = bool(seen.get(f"{name}.offsets"))
    if not seen.get(f"{name}.other"):
        return Moment(source, type_, offsets=offsets)
    shapes = connection.execute(dates.shapes_query(raw.relation, source)).fetchall()
    moment = dates.from_shapes(
        source,
        type_,
        shapes,
        offsets=offsets,
        day_first=reading.options.day_first,
        currency=reading.currency,
    )
    if moment.doubt:
        reading.warn(
            f"date.{moment.doubt['reason']}",
            DOUBTS[moment.doubt["reason"], bool(moment.day_first)],
            column=source,
            rows=moment.doubt["rows"],
        )
    return moment


def _settle_statuses(reading: Reading, words: Mapping[str, int]) -> None:
    refunded = reading.found.profile.refunded_words if reading.found.profile else frozenset()
    unknown = {}
    for word, rows in words.items():
        code = meaning(word.strip(), refunded)
        if code is None:
            unknown[word] = int(rows)
        reading.statuses[word] = PAID if code is None else code
    if unknown:
        listed = dict(sorted(unknown.items(), key=lambda item: -item[1])[:20])
        reading.warn(
            "status.unknown",
            mark(
                "Nobody told what these words of the column {column} mean, so their orders count as paid: {words}."
            ),
            column=reading.found.columns["status"],
            words=", ".join(f"{word} ({rows})" for word, rows in listed.items()),
        )


def code_of(currency: str) -> str:
    """Return the ISO code of a currency as written in a cell."""
    upper = currency.strip().upper()
    return CURRENCY_SIGNS.get(upper, upper)


def _settle_currency(reading: Reading, words: Mapping[str, int]) -> None:
    options = reading.options
    counts: dict[str, int] = {}
    for word, rows in words.items():
        counts[code_of(word)] = counts.get(code_of(word), 0) + int(rows)
    rates = {code_of(code): Decimal(rate) for code, rate in (options.rates or {}).items()}
    if len(counts) <= 1 and not (rates and counts.keys() - {code_of(options.currency or "")}):
        reading.currency = options.currency or next(iter(counts), None)
        if options.currency and counts and code_of(options.currency) not in counts and not rates:
            reading.warn(
                "currency.differs",
                mark("The file says {found}, the option says {given}; the figures are labelled {given}."),
                found=next(iter(counts)),
                given=options.currency,
            )
        return
    seen = tuple(
        Phrase.of(mark("{code} ({rows} rows)"), code=code, rows=rows)
        for code, rows in sorted(counts.items(), key=lambda i: -i[1])
    )
    base = (
        code_of(options.currency) if options.currency else next((c for c, r in rates.items() if r == 1), None)
    )
    missing = sorted(counts.keys() - rates.keys() - ({base} if base else set()))
    if not rates or missing or base is None:
        largest = base or max(counts, key=lambda code: counts[code])
        example = " ".join(f"--rate {code}=…" for code in sorted(counts) if code != largest)
        raise RegularsError(
            "source.several_currencies",
            mark("The file mixes currencies: {seen}. No rate for: {missing}.")
            if rates and missing
            else mark("The file mixes currencies: {seen}."),
            hint=mark(
                "Say what one unit of each is worth: --currency {largest} {example} "
                "(or export one currency at a time)."
            ),
            seen=seen,
            missing=", ".join(missing),
            largest=largest,
            example=example,
        )
    reading.currency = base
    reading.rates = {base: Decimal(1)} | {code: rates[code] for code in counts if code != base}
    reading.several = counts
