"""Work out how a CSV was written (delimiter, quotes, header, titles above it) from its first lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.files.header_rows import Header, find_header

LIKELY = (",", ";", "\t", "|")
UNLIKELY = ("^", "~", "¦", "§", "\x1f", "\x01")
SAMPLE_CHARS = 120_000  # below the longest field that the csv module accepts
WIDEST = 5_000


@dataclass(frozen=True)
class Dialect:
    """How to split the file into cells."""

    delimiter: str
    quote: str
    """One character, or empty where quotes are plain text."""
    escape: str
    header_line: int
    """Physical line (1-based) at which the header starts; 0 where there is none."""
    skip: int
    """Records (blank ones too) before the first data record, the header included."""
    first_line: int
    """Physical line of the first data record."""
    names: tuple[str, ...]
    width: int
    """The usual number of cells of a data row."""
    multiline: bool
    """Whether a cell of the sample holds a line end."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Trial:
    delimiter: str
    quote: str
    escape: str
    header: Header
    starts: tuple[int, ...]
    multiline: bool

    @property
    def merit(self) -> tuple[bool, float, int]:
        return self.header.width > 1, round(self.header.coverage, 1), self.header.width


def sniff(text: str, name: str, *, whole: bool, delimiter: str | None = None) -> Dialect:
    """Decide from the first characters of a text; ``whole`` says there are no more.

    Raises ``source.no_rows``, ``source.one_column``, ``source.no_structure`` and ``source.too_wide``.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise RegularsError(
            "source.empty",
            mark("{name} holds nothing but blank space."),
            hint=mark("Export it again."),
            name=name,
        )
    declared, lines_above = _declared(text)
    if declared:
        text = text.split("\n", 1)[1] if "\n" in text else ""
    wanted = delimiter or declared
    trials = list(_trials(text, whole=whole, delimiters=(wanted,) if wanted else LIKELY))
    if not wanted and not any(trial.merit[0] and trial.header.coverage > 0.9 for trial in trials):
        trials += [t for t in _trials(text, whole=whole, delimiters=UNLIKELY) if t.header.coverage > 0.9]
    if not trials:
        raise RegularsError(
            "source.no_rows", mark("{name} has no rows."), hint=mark("Export it again."), name=name
        )
    best = _best(trials)
    _refuse_shapeless(best, name)
    return _dialect(best, lines_above)


def _declared(text: str) -> tuple[str | None, int]:
    """Read Excel's own ``sep=;`` line."""
    first = text.split("\n", 1)[0].strip().strip('"')
    if first.lower().startswith("sep=") and len(first) <= 5:
        return (first[4:] or "\t"), 1
    return None, 0


def _trials(text: str, *, whole: bool, delimiters: tuple[str, ...]) -> Iterator[_Trial]:
    for delimiter in delimiters:
        if delimiter not in text and delimiter != delimiters[0]:
            continue
        for quote, escape in (('"', '"'), ('"', "\\"), ("'", "'"), ("", "")):
            if quote and quote not in text and quote != '"':
                continue
            if escape == "\\" and '\\"' not in text:
                continue
            trial = _try(text, delimiter, quote, escape, whole=whole)
            if trial:
                yield trial


def _try(text: str, delimiter: str, quote: str, escape: str, *, whole: bool) -> _Trial | None:
    options: dict[str, object] = {"delimiter": delimiter, "strict": False}
    if quote:
        options |= {"quotechar": quote, "doublequote": escape == quote}
        if escape != quote:
            options["escapechar"] = escape
    else:
        options["quoting"] = csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(text[:SAMPLE_CHARS], newline=""), **options)  # type: ignore[arg-type]
    rows: list[list[str]] = []
    starts: list[int] = []
    try:
        line = 1
        for row in reader:
            rows.append(row)
            starts.append(line)
            line = reader.line_num + 1
            if len(rows) >= 500:
                break
        else:
            if len(rows) > 1 and not (whole and len(text) <= SAMPLE_CHARS):
                rows.pop()  # cut off by the sample's end
                starts.pop()
    except csv.Error:
        return None
    header = find_header(rows)
    if header is None:
        return None
    multiline = any("\n" in cell or "\r" in cell for row in rows for cell in row)
    return _Trial(delimiter, quote, escape, header, (*starts, line), multiline)


def _best(trials: list[_Trial]) -> _Trial:
    """Prefer steady widths, then more columns, then the ordinary quote; plain-text quotes only where they must be."""
    quoted = [trial for trial in trials if trial.quote] or trials
    best = max(quoted, key=lambda trial: (*trial.merit, trial.quote == '"', trial.escape == trial.quote))
    if not best.merit[0] or best.header.share < 0.9:
        bare = [
            t for t in trials if not t.quote and t.merit[0] and t.header.share > max(0.98, best.header.share)
        ]
        if bare:
            return max(bare, key=lambda trial: trial.merit)
    single = [t for t in trials if t.quote == "'" and t.merit[:2] >= best.merit[:2] and best.quote == '"']
    if single and all(_enclosed(name) for name in best.header.names if name):
        return max(single, key=lambda trial: trial.merit)
    return best


def _enclosed(name: str) -> bool:
    return len(name) > 1 and name.startswith("'") and name.endswith("'")


def _refuse_shapeless(best: _Trial, name: str) -> None:
    header = best.header
    if header.width < 2 and len([each for each in header.names if each]) < 2:
        shown = (header.names[0] or "no name")[:40]
        raise RegularsError(
            "source.one_column",
            mark(
                "{name} has one column only ({shown!r}); a table of orders needs a customer, a date and an amount."
            ),
            hint=mark("If it has more, name the character between the cells with --delimiter."),
            name=name,
            shown=shown,
        )
    if header.width > WIDEST:
        raise RegularsError(
            "source.too_wide",
            mark("{name} has {width:,} columns; no order file has more than {most:,}."),
            hint=mark("Check the delimiter, or export one line a row."),
            name=name,
            width=header.width,
            most=WIDEST,
        )
    if header.share < 0.5 or 2 * header.width < len(header.names):
        raise RegularsError(
            "source.no_structure",
            mark("The lines of {name} have no steady number of cells (only {share:.0%} have {width})."),
            hint=mark(
                "Name the character between the cells with --delimiter, or look for quotes that do not close."
            ),
            name=name,
            share=header.share,
            width=header.width,
        )


def _dialect(best: _Trial, lines_above: int) -> Dialect:
    header = best.header
    notes = []
    if header.index is not None and len(header.names) > header.width:
        notes.append("rows leave out empty cells at their end")
    if not best.quote:
        notes.append("quotes are read as plain text, for they do not close")
    start = best.starts[header.first_data] if header.first_data < len(best.starts) else best.starts[-1]
    return Dialect(
        delimiter=best.delimiter,
        quote=best.quote,
        escape=best.escape,
        header_line=0 if header.index is None else best.starts[header.index] + lines_above,
        skip=header.first_data + lines_above,
        first_line=start + lines_above,
        names=header.names,
        width=header.width,
        multiline=best.multiline,
        notes=tuple(notes),
    )
