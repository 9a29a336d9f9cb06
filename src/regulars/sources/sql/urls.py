"""Database addresses: taken apart here, and shown without their passwords."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SYSTEMS = {
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
}


@dataclass(frozen=True)
class Address:
    """Where a database is."""

    system: str
    """``sqlite`` | ``postgres`` | ``mysql``; also sqlglot's name of the dialect."""
    url: str
    password: str
    shown: str
    """The address as people may see it, without password and parameters."""
    path: Path | None = None

    def conceal(self, said: object) -> str:
        """Return what a driver said, on one line, without the password in any spelling."""
        line = " ".join(str(said).split()).split(" (Background on this error", 1)[0].split(" [SQL:", 1)[0]
        for secret in {self.password, quote(self.password, safe=""), quote(self.password)} - {""}:
            line = line.replace(secret, "***")
        return line[:300]


def is_url(origin: object) -> bool:
    """Tell an address from a path."""
    return isinstance(origin, str) and _URL.match(origin) is not None


def address_of(url: str) -> Address:
    """Take an address apart. Raises ``source.unknown_scheme`` and ``source.missing``."""
    scheme = url.split("://", 1)[0].lower()
    system = _SYSTEMS.get(scheme.split("+", 1)[0])
    if system is None:
        raise RegularsError(
            "source.unknown_scheme",
            mark("Nothing can be read from {scheme}:// addresses."),
            hint=mark("Known are sqlite:///path, postgresql://… and mysql://…; download other files first."),
            scheme=scheme,
        )
    if system == "sqlite":
        path = Path(unquote(url.split("://", 1)[1].split("?", 1)[0].removeprefix("/")))
        if not path.is_file():
            raise RegularsError(
                "source.missing",
                mark("There is no SQLite file {path}."),
                hint=mark("sqlite:///shop.db is relative, sqlite:////srv/shop.db absolute."),
                kind=Kind.MISSING,
                path=path,
            )
        return Address(system, url, "", f"sqlite:///{path}", path)
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        if "@" in parts.path:  # what stands before it is the rest of a password with an unspelt slash
            raise ValueError
    except ValueError:
        raise RegularsError(
            "source.unknown_scheme",
            mark("The {scheme}:// address cannot be taken apart."),
            hint=mark("Write user:password@host:port/name."),
            scheme=scheme,
        ) from None
    user = f"{parts.username}@" if parts.username else ""
    shown = f"{scheme}://{user}{parts.hostname or ''}{port}{parts.path}"
    plain = {"postgres": "postgresql", "mysql": "mysql+pymysql"}[system]
    among = parse_qs(parts.query).get("password", [""])[0]
    password = unquote(parts.password or "") or among
    return Address(system, urlunsplit(parts._replace(scheme=plain)), password, shown)
