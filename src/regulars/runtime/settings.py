"""Every setting of the server, read in one place: from the environment, from the home folder's ``regulars.toml``, or by default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Phrase, mark
from regulars.kit.logs import JSON, TEXT
from regulars.segments.thresholds import Thresholds

FILE = "regulars.toml"
PREFIX = "REGULARS_"
HOME = "regulars-home"


@dataclass(frozen=True)
class Settings:
    """What a server goes by: a value that changes while it runs is another object of this kind (:mod:`regulars.runtime.preferences`)."""

    home: Path
    """The folder that holds everything: the store, the lake, the index, rejected rows, secrets."""
    database_url: str = field(default="", metadata={"secret": True})
    """``postgresql://user:password@host/name``; empty for SQLite in the home folder."""
    shop_name: str = ""
    """What the shop is called, in the console and its reports."""
    currency: str = ""
    """The shop's currency (ISO 4217); empty until a source names one."""
    time_zone: str = "UTC"
    """The shop's time zone: its days are the days of the calendar."""
    margin: float | None = None
    """Share of net revenue left after the cost of goods."""
    delivery_counts: bool = False
    """Whether delivery is part of revenue."""
    horizon_days: int = 365
    """How far the forecast looks ahead."""
    refresh_at: str = "03:00"
    """When the day's refresh begins, by the shop's own clock."""
    thresholds: tuple[str, ...] = ()
    """Where segments begin, other than usual: ``vip_orders=5``."""
    storefronts: tuple[str, ...] = ()
    """Whose pages may send events and ask for recommendations: ``https://shop.example``."""
    allowed_hosts: str = "*"
    """Names under which the server may be asked, with commas between; ``*`` for any."""
    api_rate: float = 50.0
    """Requests a second that a key of the API may go on making."""
    api_burst: int = 100
    """Requests that a key may make at once."""
    behind_proxy: bool = False
    """Whether a proxy stands in front whose X-Forwarded-For and X-Forwarded-Proto can be believed."""
    webhooks_private: bool = False
    """Whether webhooks may go to addresses of this machine and its network, and by http."""
    upload_mb: int = 1024
    """How large a file may be that is uploaded through the console, in megabytes."""
    log: str = TEXT
    """How the log is written: ``text`` or ``json``, one line an event."""
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each value comes from: ``default``, ``console``, ``regulars.toml``, or the variable's name."""

    @classmethod
    def read(cls, home: Path | str | None = None, environment: Mapping[str, str] | None = None) -> Settings:
        """Read every setting: ``REGULARS_NAME``, else the content of the file that ``REGULARS_NAME_FILE`` names, else ``regulars.toml``.

        ``home`` beats ``REGULARS_HOME``; the default is ``regulars-home`` beside you. Raises :class:`RegularsError` with the
        setting's name and origin for a value that cannot be.
        """
        told = os.environ if environment is None else environment
        origins = {"home": "option" if home else PREFIX + "HOME" if told.get(PREFIX + "HOME") else "default"}
        folder = Path(home or told.get(PREFIX + "HOME") or HOME).expanduser().resolve()
        written = _file(folder / FILE)
        values: dict[str, Any] = {}
        for each in fields(cls):
            if each.name in ("home", "origins"):
                continue
            value, origin = _found(each.name, told, written)
            origins[each.name] = origin
            if value is not None:
                values[each.name] = typed(each.name, value, origin)
        unknown = sorted(written.keys() - {each.name for each in fields(cls)})
        if unknown:
            raise RegularsError(
                "settings.unknown",
                mark("{file} has settings that do not exist: {names}."),
                hint=mark("Settings are: {known}."),
                file=folder / FILE,
                names=", ".join(unknown),
                known=", ".join(each.name for each in fields(cls) if each.name not in ("home", "origins")),
            )
        return cls(home=folder, origins=origins, **values)


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RegularsError(
            "settings.unreadable",
            mark("{file} cannot be read: {error}."),
            hint=mark('Settings are lines such as: currency = "PLN"'),
            file=path,
            error=error,
        ) from error


def _found(name: str, told: Mapping[str, str], written: Mapping[str, Any]) -> tuple[Any, str]:
    variable = PREFIX + name.upper()
    if told.get(variable):
        return told[variable], variable
    place = told.get(variable + "_FILE")
    if place:
        try:
            return Path(place).read_text(encoding="utf-8").strip(), variable + "_FILE"
        except (OSError, UnicodeDecodeError) as error:
            raise RegularsError(
                "settings.unreadable",
                mark("{file} cannot be read: {error}."),
                hint=mark("It is named by {variable}."),
                file=place,
                error=error,
                variable=variable + "_FILE",
            ) from error
    if name in written:
        return written[name], FILE
    return None, "default"


def typed(name: str, value: Any, origin: str) -> Any:
    """Return a value as its field wants it; raises :class:`RegularsError` with the setting's name and origin for one that cannot be."""
    try:
        return _TYPES[name](value)
    except (ValueError, TypeError, KeyError, OSError, ZoneInfoNotFoundError) as error:
        secret = name == "database_url"
        raise RegularsError(
            "settings.value",
            mark("{name} cannot be {value} ({origin})."),
            hint=mark("It must be {wanted}."),
            name=name,
            value="…" if secret else repr(value),
            origin=origin,
            wanted=Phrase(_WANTED[name]),
        ) from error


def _name(value: Any) -> str:
    text = " ".join(str(value).split())
    if not text.isprintable() or len(text) > 100:
        raise ValueError(text)
    return text


def _clock(value: Any) -> str:
    text = str(value).strip()
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise ValueError(text)
    return text


def _thresholds(value: Any) -> tuple[str, ...]:
    told = value.split(",") if isinstance(value, str) else list(value)
    found = tuple(str(one).strip() for one in told if str(one).strip())
    Thresholds.parse(found)
    return found


def _currency(value: Any) -> str:
    text = str(value).strip().upper()
    if not (len(text) == 3 and text.isalpha() and text.isascii()):
        raise ValueError(text)
    return text


def _zone(value: Any) -> str:
    return ZoneInfo(str(value)).key


def _share(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not 0 < number <= 1:
        raise ValueError(number)
    return number


def _flag(value: Any) -> bool:
    words = {
        "true": True,
        "1": True,
        "yes": True,
        "on": True,
        "false": False,
        "0": False,
        "no": False,
        "off": False,
    }
    return words[str(value).strip().lower()]


def _days(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or not 1 <= number <= 3650:
        raise ValueError(number)
    return number


def _sites(value: Any) -> tuple[str, ...]:
    told = value.split(",") if isinstance(value, str) else list(value)
    sites = tuple(str(one).strip().rstrip("/").lower() for one in told if str(one).strip())
    for site in sites:
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", site):
            raise ValueError(site)
    return sites


def _address(value: Any) -> str:
    text = str(value)
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError
    return text


def _hosts(value: Any) -> str:
    names = [name.strip() for name in str(value).split(",")]
    if not all(names) or any(" " in name or "/" in name for name in names):
        raise ValueError(value)
    return ",".join(names)


def _rate(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not 0.1 <= number <= 100_000:
        raise ValueError(number)
    return number


def _burst(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or not 1 <= number <= 100_000:
        raise ValueError(number)
    return number


def _megabytes(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or not 1 <= number <= 1_000_000:
        raise ValueError(number)
    return number


def _form(value: Any) -> str:
    text = str(value).strip().lower()
    if text not in (TEXT, JSON):
        raise ValueError(text)
    return text


_TYPES = {
    "database_url": _address,
    "shop_name": _name,
    "refresh_at": _clock,
    "thresholds": _thresholds,
    "currency": _currency,
    "time_zone": _zone,
    "margin": _share,
    "delivery_counts": _flag,
    "horizon_days": _days,
    "storefronts": _sites,
    "allowed_hosts": _hosts,
    "api_rate": _rate,
    "api_burst": _burst,
    "behind_proxy": _flag,
    "webhooks_private": _flag,
    "upload_mb": _megabytes,
    "log": _form,
}
_WANTED = {
    "database_url": mark("an address such as postgresql://user:password@host:5432/name"),
    "shop_name": mark("a name of at most 100 visible characters"),
    "refresh_at": mark("a time of the day such as 03:00"),
    "thresholds": mark("names and values with commas between, such as vip_orders=5"),
    "currency": mark("three letters such as PLN"),
    "time_zone": mark("a zone such as Europe/Warsaw"),
    "margin": mark("a share above 0 and up to 1, such as 0.35"),
    "delivery_counts": mark("true or false"),
    "horizon_days": mark("a number of days from 1 to 3650"),
    "storefronts": mark("addresses of shops with commas between them, such as https://shop.example"),
    "allowed_hosts": mark("names such as shop.example.com, with commas between"),
    "api_rate": mark("requests a second, from 0.1 to 100000"),
    "api_burst": mark("a number of requests from 1 to 100000"),
    "behind_proxy": mark("true or false"),
    "webhooks_private": mark("true or false"),
    "upload_mb": mark("a number of megabytes from 1 to 1000000"),
    "log": mark("text or json"),
}
