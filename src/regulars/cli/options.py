"""The options that several verbs share, read and checked in one place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from regulars.cli.speaking import VARIABLE, Verb, t
from regulars.kit.files import ensure_there
from regulars.kit.i18n import LANGUAGES

Work = TypeVar("Work", bound=Callable[..., Any])
_NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read the orders; ``read_orders(origin, **reading.settings())``."""

    mapping: dict[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    currency: str | None = None
    rates: dict[str, Decimal] = field(default_factory=dict)
    day_first: bool | None = None
    delivery_counts: bool = False
    drop_repeats: bool = False
    query: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    engine: str = "duckdb"
    memory_limit: str | None = None
    threads: int | None = None

    def settings(self) -> dict[str, Any]:
        """Return keyword arguments; an empty mapping or no rates is ``None``."""
        told = asdict(self)
        return told | {"mapping": self.mapping or None, "rates": self.rates or None}


class Day(click.ParamType[date]):
    """A day written 2024-12-31."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            self.fail(t("{value!r} is not a day; write it as 2024-12-31.", value=value), param, ctx)


class Size(click.ParamType[str]):
    """An amount of memory written 4GB or 900MB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check and normalise an amount of memory."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT])i?B?\s*", str(value), re.IGNORECASE)
        if not found or float(found[1]) <= 0:
            self.fail(
                t("{value!r} is not an amount of memory; write it as 4GB or 900MB.", value=value), param, ctx
            )
        return f"{found[1]}{found[2].upper()}B"


class Share(click.ParamType[float]):
    """A share written 0.35 or 35%."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a share between 0 and 1."""
        text = str(value).strip()
        try:
            part = float(text.rstrip("%").replace(",", ".")) / (100 if text.endswith("%") else 1)
        except ValueError:
            part = float("nan")
        if not 0 <= part <= 1:
            self.fail(t("{value!r} is not a share; write it as 0.35 or 35%.", value=value), param, ctx)
        return part


class Folder(click.Path):
    """A folder to write to; it need not exist."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse what is a file."""
        if Path(value).is_file():
            self.fail(t("{folder!r} is a file; name a folder.", folder=str(value)), param, ctx)
        return Path(value)


class Zone(click.ParamType[str]):
    """A time zone of the IANA list, such as Europe/Warsaw."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check a time zone's name, and name the nearest one."""
        from difflib import get_close_matches
        from zoneinfo import ZoneInfo, available_timezones

        try:
            ZoneInfo(str(value))
        except (OSError, ValueError, LookupError):
            near = get_close_matches(str(value), available_timezones(), n=1)
            told = t("There is no time zone {value!r}; write it as Europe/Warsaw.", value=value)
            nearest = " " + t("Did you mean {possibility}?", possibility=near[0]) if near else ""
            self.fail(told + nearest, param, ctx)
        return str(value)


def _currency(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    code = value.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise click.BadParameter(
            t("{value!r} is not a currency; write it as EUR or PLN.", value=value), ctx, param
        )
    return code


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        name, equals, rest = value.partition("=")
        name, rest = name.strip(), rest.strip()
        if not equals or not name or not rest:
            raise click.BadParameter(
                t("{value!r} is not a pair; write it as {form}.", value=value, form=param.metavar), ctx, param
            )
        if name in pairs:
            raise click.BadParameter(t("{name!r} is given twice.", name=name), ctx, param)
        pairs[name] = rest
    return pairs


def _rates(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, Decimal]:
    rates = {}
    for name, text in _pairs(ctx, param, values).items():
        code = _currency(ctx, param, name) or name
        try:
            rate = Decimal(text.replace(",", "."))
        except InvalidOperation:
            rate = Decimal("NaN")
        if not rate.is_finite() or rate <= 0:
            raise click.BadParameter(
                t("{text!r} is not a rate for {code}; write it as {code}=1.08.", text=text, code=code),
                ctx,
                param,
            )
        if code in rates:
            raise click.BadParameter(t("{name!r} is given twice.", name=code), ctx, param)
        rates[code] = rate
    return rates


def _delimiter(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    sign = _NAMED_DELIMITERS.get(value.lower(), value)
    if len(sign) != 1:
        raise click.BadParameter(
            t("{value!r} is not one character; write it as ';' or tab.", value=value), ctx, param
        )
    return sign


_READING = (
    click.option(
        "--map",
        "mapping",
        metavar="NAME=COLUMN",
        multiple=True,
        callback=_pairs,
        help="Which column of the file is our NAME (customer_id, ordered_at, amount, …). Repeat as needed.",
    ),
    click.option(
        "--time-zone", metavar="ZONE", type=Zone(), help="The shop's time zone, such as Europe/Warsaw."
    ),
    click.option("--currency", metavar="CODE", callback=_currency, help="The shop's currency, such as EUR."),
    click.option(
        "--rate",
        "rates",
        metavar="CODE=RATE",
        multiple=True,
        callback=_rates,
        help="What one unit of another currency is worth in the shop's. Repeat as needed.",
    ),
    click.option(
        "--day-first/--month-first",
        "day_first",
        default=None,
        help="How to read 03/04/2024 where the file itself does not decide.",
    ),
    click.option(
        "--include-delivery", "delivery_counts", is_flag=True, help="Count paid delivery as revenue."
    ),
    click.option(
        "--drop-repeats", is_flag=True, help="Count rows that repeat another one exactly only once."
    ),
    click.option(
        "--query", metavar="SQL", help="For a database: the query, or the table, that gives the orders."
    ),
    click.option("--sheet", metavar="NAME", help="For a workbook: the sheet that holds the orders."),
    click.option("--encoding", metavar="NAME", help="For text files: the encoding, such as windows-1250."),
    click.option(
        "--delimiter",
        metavar="SIGN",
        callback=_delimiter,
        help="For text files: what separates columns (a sign, or tab).",
    ),
    click.option(
        "--engine",
        default="duckdb",
        show_default=True,
        metavar="ENGINE",
        help="duckdb, spark, or a Spark master URL.",
    ),
    click.option(
        "--memory",
        "memory_limit",
        metavar="SIZE",
        type=Size(),
        help="Most memory for the engine, such as 4GB; more work spills to disk.",
    ),
    click.option("--threads", metavar="N", type=click.IntRange(1), help="Most threads for the engine."),
)
_NAMES = tuple(Reading.__dataclass_fields__)


def reading(verb: Work) -> Work:
    """Add every option about reading orders; the verb gets them as one ``reading: Reading``."""

    @wraps(verb)
    def wrapped(**given: Any) -> Any:
        read = Reading(**{name: given.pop(name) for name in _NAMES})
        _ensure_there(given.get("origin"))
        return verb(reading=read, **given)

    decorated: Any = wrapped
    for option in reversed(_READING):
        decorated = option(decorated)
    return decorated


def _ensure_there(origin: str | None) -> None:
    """Say of a path that leads nowhere now, rather than after seconds of loading what would have read it."""
    if origin and origin.strip() and "://" not in origin:
        ensure_there(Path(origin).expanduser())


orders = click.argument("origin", metavar="ORDERS")
"""The file, folder or database URL; the verb gets it as ``origin: str``."""

maybe_orders = click.argument("origin", metavar="[ORDERS]", required=False)
"""The same, for a verb that can answer something without: ``origin: str | None``."""

verb = partial(click.command, cls=Verb)
"""Makes a function a verb whose help and errors can be translated."""


class Spoken(click.Option):
    """The language option: a variable that names a language we do not speak counts for nothing."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return the variable's value if it is a language we speak."""
        value = super().resolve_envvar_value(ctx)
        return value if value in LANGUAGES else None


language = click.option(
    "--lang",
    "language",
    cls=Spoken,
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    envvar=VARIABLE,
    help="Language of everything said, printed and written.",
)
"""The verb gets ``language: str``."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
"""The verb gets ``as_json: bool``."""

as_of = click.option(
    "--as-of",
    metavar="DATE",
    type=Day(),
    help="The last day to know about, such as 2024-12-31. [default: the day of the last order]",
)
"""The verb gets ``as_of: date | None``."""

horizon = click.option(
    "--horizon-days",
    type=click.IntRange(1, 3650),
    default=365,
    show_default=True,
    metavar="N",
    help="How many days the forecast looks ahead.",
)
"""The verb gets ``horizon_days: int``."""

margin = click.option(
    "--margin",
    type=Share(),
    metavar="SHARE",
    help="What is left of net revenue after the cost of goods, such as 0.35; without it values are net revenue.",
)
"""The verb gets ``margin: float | None``."""

costs = click.option(
    "--costs",
    metavar="FILE",
    help="What advertising cost: a table with a date, a channel and the spend; for acquisition cost and payback.",
)
"""The verb gets ``costs: str | None``."""

promotions = click.option(
    "--promotions",
    metavar="FILE",
    help="When promotions ran and will run: a table with from, until and perhaps a name; learned from, and forecast with.",
)
"""The verb gets ``promotions: str | None``."""

events = click.option(
    "--events",
    metavar="FILE",
    help="What was viewed and put into carts: a table with product_id, occurred_at, and session_id, visitor_id or customer_id.",
)
"""The verb gets ``events: str | None``."""

home = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The server's folder: store, lake, index and settings. [default: REGULARS_HOME, or regulars-home]",
)
"""The verb gets ``home: Path | None``."""

discount_rate = click.option(
    "--discount-rate",
    "discount_rate_yearly",
    type=Share(),
    default=0.10,
    show_default=True,
    metavar="SHARE",
    help="How much less money is worth a year later.",
)
"""The verb gets ``discount_rate_yearly: float``."""

thresholds = click.option(
    "--threshold",
    "thresholds",
    metavar="NAME=VALUE",
    multiple=True,
    help="Where a segment begins, such as vip_orders=5. Repeat as needed; regulars segments --list-thresholds lists them.",
)
"""The verb gets ``thresholds: tuple[str, ...]``."""
