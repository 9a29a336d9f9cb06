"""Where files are taken in: the connection, the scratch folder, the rejects, and what is known about their lines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.quoting import text

if TYPE_CHECKING:
    from regulars.lake.workspace import Workspace
    from regulars.sources.files.lines import Lines

_TOKENS = count(1)


@dataclass
class Desk:
    """One reading of one origin.

    ``rejects`` names a table (file, line, "column", value, reason); ``lines`` says per file how rows become physical
    lines, files without an entry count records only.
    """

    workspace: Workspace
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    token: int = field(default_factory=lambda: next(_TOKENS))
    lines: dict[str, Lines] = field(default_factory=dict)
    _files: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.connection.execute(
            f'CREATE TABLE {self.rejects} (file VARCHAR, line BIGINT, "column" VARCHAR, value VARCHAR, reason VARCHAR)'
        )

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB that everything enters through."""
        return self.workspace.door.connection

    @property
    def rejects(self) -> str:
        """Name of the table of rejected records."""
        return f"raw_rejects_{self.token}"

    def scratch(self, suffix: str) -> Path:
        """Return a fresh path in the working folder."""
        folder = self.workspace.folder / "raw"
        folder.mkdir(exist_ok=True)
        return folder / f"{self.token}-{next(self._files)}{suffix}"

    def clear(self) -> None:
        """Drop everything of this reading, after it failed."""
        self.connection.execute(f"DROP TABLE IF EXISTS {self.rejects}")
        self.discard("")

    def discard(self, suffix: str) -> None:
        """Delete the copies that were needed on the way only."""
        for left in (self.workspace.folder / "raw").glob(f"{self.token}-*{suffix}"):
            left.unlink(missing_ok=True)

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Keep the order of rows in what is written inside the block."""
        before = self.connection.execute("SELECT current_setting('preserve_insertion_order')").fetchone()
        self.connection.execute("SET preserve_insertion_order = true")
        try:
            yield
        finally:
            self.connection.execute(
                f"SET preserve_insertion_order = {str(bool(before and before[0])).lower()}"
            )

    @contextmanager
    def patience(self, name: str, size: int) -> Iterator[None]:
        """Interrupt a statement that takes absurdly long for the size of its file (10 s, and 1 s a MB).

        Raises ``source.too_broken``; only files made of broken lines get there.
        """
        alarm = threading.Timer(10 + size / (1 << 20), self.connection.interrupt)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        except duckdb.InterruptException as error:
            if alarm.is_alive():
                raise KeyboardInterrupt from error
            raise RegularsError(
                "source.too_broken",
                mark("{name} holds so many broken lines that splitting it into cells was given up."),
                hint=mark("Look for quotes that do not close, or export it again."),
                name=name,
            ) from error
        finally:
            alarm.cancel()


def written_rows(path: Path) -> str:
    """Return the FROM item of a Parquet file written here."""
    return f"read_parquet({text(str(path))})"
