"""``regulars doctor``: whether this machine has what Regulars needs, each answer with what it is based on."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from regulars.cli import options
from regulars.cli.speaking import t
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import LANGUAGES, LOCALE_FOLDER, fill, mark, speaking, spoken

LIBRARIES = (
    "ibis-framework",
    "duckdb",
    "pyarrow",
    "numpy",
    "scipy",
    "pandas",
    "babel",
    "jinja2",
    "rich",
    "click",
)
EXTRAS = {"sql": ("adbc-driver-sqlite", "adbc-driver-postgresql", "sqlalchemy", "pymysql")}
LEAST_DISK = 2 * 1024**3
LEAST_MEMORY = 1024**3
ASSETS = Path(__file__).parent.parent / "report" / "assets"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``state`` is ``ok``, ``note`` (an option is absent) or ``bad`` (something will not work).

    ``name`` is a message id, so that programs find it in any language; ``found`` and ``advice`` are in the one spoken.
    """

    name: str
    state: str
    found: str
    advice: str = ""


@options.verb()
@options.home
@options.language
@options.as_json
def doctor(home: Path | None, language: str, as_json: bool) -> int:
    """Say whether this machine has what Regulars needs, and whether a server is well.

    The server's home is looked at where --home or REGULARS_HOME names one: settings and where they come from, store, clock, disk, what waits,
    and how old the results are. Exit code 3 when something that Regulars cannot do without is missing.
    """
    with speaking(language):
        found = checks()
        if home or os.environ.get("REGULARS_HOME"):
            found += of_server(home)
        bad = any(check.state == "bad" for check in found)
        if as_json:
            click.echo(json.dumps({"ok": not bad, "checks": [asdict(check) for check in found]}, indent=2))
        else:
            _show(found)
    return 3 if bad else 0


def checks() -> list[Check]:
    """Look at everything; never raises, never takes longer than a few seconds."""
    return [
        _python(),
        *_libraries(),
        _threads(),
        _memory(),
        _scratch(),
        _duckdb(),
        _spark(),
        _report(),
        _languages(),
    ]


def of_server(home: Path | None) -> list[Check]:
    """Look at a server's home; says what stands in the way where it cannot be looked at."""
    from regulars.runtime.home import connect_home
    from regulars.runtime.settings import Settings

    try:
        folder = Settings.read(home).home
        if not folder.is_dir():
            return [
                Check(mark("Home"), "bad", t("there is no folder {home}", home=folder), t("Check --home."))
            ]
        settings = connect_home(home)
    except RegularsError as error:
        message, hint = error.said(spoken())
        return [Check(mark("Home"), "bad", message, hint)]
    from regulars.runtime.checkup import checkup

    return [
        Check(
            each.name,
            each.state,
            fill(each.found.message, dict(each.found.values), spoken()),
            fill(each.advice.message, dict(each.advice.values), spoken()) if each.advice else "",
        )
        for each in checkup(settings)
    ]


def _python() -> Check:
    return Check(
        mark("Python"),
        "ok" if sys.version_info >= (3, 11) else "bad",
        platform.python_version(),
        sys.executable,
    )


def _libraries() -> list[Check]:
    missing = [name for name in LIBRARIES if _version(name) is None]
    told = ", ".join(f"{name} {_version(name)}" for name in ("regulars", *LIBRARIES) if _version(name))
    base = Check(
        mark("Libraries"),
        "bad" if missing else "ok",
        told,
        t("Missing: {names}. Install again: pip install regulars", names=", ".join(missing))
        if missing
        else "",
    )
    return [base, *(_extra(extra, names) for extra, names in EXTRAS.items())]


def _extra(extra: str, names: tuple[str, ...]) -> Check:
    there = [f"{name} {_version(name)}" for name in names if _version(name)]
    absent = [name for name in names if not _version(name)]
    advice = (
        t(
            "Not installed: {names}. Add with: pip install 'regulars[{extra}]'",
            names=", ".join(absent),
            extra=extra,
        )
        if absent
        else ""
    )
    return Check(
        mark("Databases as a source"), "note" if absent else "ok", ", ".join(there) or t("none"), advice
    )


def _threads() -> Check:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Check(
        mark("Processor"), "ok", t("{usable} of {count} cores usable", usable=usable, count=os.cpu_count())
    )


def _memory() -> Check:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _container_limit()
    usable = min(total, limit) if limit else total
    told = (
        t("{total} in the machine, {limit} allowed here", total=_size(total), limit=_size(limit))
        if limit and limit < total
        else t("{total} in the machine", total=_size(total))
    )
    advice = t("Less than 1 GB: large files will be slow.") if usable < LEAST_MEMORY else ""
    return Check(mark("Memory"), "note" if advice else "ok", told, advice)


def _container_limit() -> int | None:
    """Return the memory limit of the control group, as containers have it."""
    try:
        text = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _scratch() -> Check:
    folder = Path(tempfile.gettempdir())
    try:
        with tempfile.NamedTemporaryFile(prefix="regulars-doctor-", dir=folder) as probe:
            probe.write(b"x" * 4096)
            probe.flush()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check(
            mark("Temporary folder"),
            "bad",
            f"{folder}: {error.strerror}",
            t("Set TMPDIR to a folder you can write."),
        )
    advice = (
        t("Less than 2 GB free: set TMPDIR to a larger disk for large files.") if free < LEAST_DISK else ""
    )
    return Check(
        mark("Temporary folder"),
        "note" if advice else "ok",
        t("{folder}, writable, {free} free", folder=folder, free=_size(free)),
        advice,
    )


def _duckdb() -> Check:
    """Run one query through the very engine that analyses use."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from regulars.lake import open_workspace

        workspace = open_workspace(threads=1, memory_limit="256MB")
        try:
            path = workspace.folder / "probe.parquet"
            pq.write_table(pa.table({"n": [1, 2, 3]}), path)
            table = workspace.engine.read(path)
            answer = workspace.engine.arrow(table.aggregate(n=table.n.sum()))["n"][0].as_py()
        finally:
            workspace.close()
    except Exception as error:  # whatever it is, the doctor must live to tell it
        return Check(
            mark("Engine duckdb"),
            "bad",
            f"{type(error).__name__}: {error}",
            t("Install again: pip install regulars"),
        )
    return Check(mark("Engine duckdb"), "ok" if answer == 6 else "bad", t("answers"))


def _spark() -> Check:
    java, package = java_version(), _version("pyspark")
    told = ", ".join(
        (
            t("Java {version}", version=java) if java else t("Java not found"),
            t("pyspark {version}", version=package) if package else t("pyspark not installed"),
        )
    )
    if package and java and java >= 17:
        return Check(mark("Engine spark"), "ok", told)
    advice = t("Optional. Needs Java 17 or later and: pip install 'regulars[spark]'")
    return Check(mark("Engine spark"), "note", told, advice)


def java_version() -> int | None:
    """Return the major version of the Java that Spark would start, or None."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not program:
        return None
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(found[1]) if found else None


def _report() -> Check:
    built = sorted(path.name for path in ASSETS.iterdir()) if ASSETS.is_dir() else []
    if built:
        return Check(mark("Report's charts"), "ok", ", ".join(built))
    return Check(
        mark("Report's charts"),
        "bad",
        t("not built"),
        t("No report can be written. Build them with: make setup"),
    )


def _languages() -> Check:
    absent = [
        name
        for name in LANGUAGES
        if name != "en" and not (LOCALE_FOLDER / name / "LC_MESSAGES" / "regulars.po").is_file()
    ]
    advice = (
        t("No catalogue for: {names}. Install again: pip install regulars", names=", ".join(absent))
        if absent
        else ""
    )
    return Check(mark("Languages"), "bad" if absent else "ok", ", ".join(LANGUAGES), advice)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _size(count: float) -> str:
    return fill("{count:.1f} GB", {"count": count / 1024**3}, spoken())


def _show(found: list[Check]) -> None:
    signs = {"ok": t("ok"), "note": t("note"), "bad": t("BAD")}
    colours: dict[str, Any] = {"ok": "green", "note": "yellow", "bad": "red"}
    width = max(len(t(check.name)) for check in found)
    first = max(len(sign) for sign in signs.values())
    for check in found:
        sign = click.style(f"{signs[check.state]:<{first}}", fg=colours[check.state])
        click.echo(f"{sign}  {t(check.name):<{width}}  {check.found}")
        if check.advice:
            click.echo(f"{'':<{first + 2}}{'':<{width}}  {check.advice}")
