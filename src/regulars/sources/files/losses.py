"""What could not be split into cells: listed with its line and reason, or, where a quote ate the file, refused."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.files.desk import Desk
from regulars.sources.files.lines import Lines, Loss, physical_lines

REASONS = {
    "MISSING COLUMNS": mark("too few cells"),
    "TOO MANY COLUMNS": mark("too many cells"),
    "UNQUOTED VALUE": mark("a quote is not closed, or not doubled inside a quoted cell"),
    "LINE SIZE OVER MAXIMUM": mark("the line is longer than 2 MB"),
    "INVALID ENCODING": mark("the text is not valid in the file's encoding"),
}
BROKEN = mark("the line cannot be split into cells")
FEW = 100


def refuse_loss(name: str, records: int, width: int, losses: Sequence[Loss]) -> None:
    """Refuse a file of which nothing, or only a smaller part, can be split (``source.no_rows``, ``source.no_structure``)."""
    if not records and not losses:
        raise RegularsError(
            "source.no_rows",
            mark("{name} has a header ({width} columns) but no rows below it."),
            hint=mark("Check the dates of the export."),
            name=name,
            width=width,
        )
    if len(losses) > records or (len(losses) > FEW and 3 * len(losses) > records):
        raise RegularsError(
            "source.no_structure",
            mark(
                "Only {records:,} of {lines:,} lines of {name} can be split into {width} cells; the first that cannot: {first!r}."
            ),
            hint=mark(
                "Name the character between the cells with --delimiter, or look for quotes that do not close."
            ),
            records=records,
            lines=records + len(losses),
            name=name,
            width=width,
            first=losses[0].snippet.strip()[:80],
        )


def swallowed(name: str, lines: Lines, desk: Desk, missing: int) -> Loss:
    """Account for lines that vanished into an open quote: a loss where they are few, else ``source.unclosed_quote``."""
    quoted = [loss for loss in lines.losses if loss.kind == "UNQUOTED VALUE"]
    if quoted:
        line = physical_lines(lines.path, [quoted[0].place])[0]
    else:
        line = lines.last_line(desk.connection) + 1
    if missing > max(FEW, lines.total // 100):
        raise RegularsError(
            "source.unclosed_quote",
            mark("A quote in line {line:,} of {name} does not close and swallows about {missing:,} lines."),
            hint=mark("Close or remove that quote, or export the file again."),
            line=line,
            name=name,
            missing=missing,
        )
    with lines.path.open("rb") as handle:
        place = sum(len(handle.readline()) for _ in range(line - 1)) + 1
        return Loss(place, "UNQUOTED VALUE", handle.readline(200).decode("utf-8", errors="replace").rstrip())


def list_losses(name: str, lines: Lines, desk: Desk) -> None:
    """Write losses to the table of rejects, each with its physical line."""
    if not lines.losses:
        return
    import pyarrow as pa

    found = pa.table(
        {
            "line": pa.array(physical_lines(lines.path, [loss.place for loss in lines.losses]), pa.int64()),
            "value": pa.array([loss.snippet.lstrip("\r\n") for loss in lines.losses], pa.string()),
            "reason": pa.array([REASONS.get(loss.kind, BROKEN) for loss in lines.losses], pa.string()),
        }
    )
    relation = f"{desk.rejects}_found"
    desk.connection.register(relation, found)
    desk.connection.execute(
        f"INSERT INTO {desk.rejects} SELECT ?, line, NULL, value, reason FROM {relation}", [name]
    )
    desk.connection.unregister(relation)
