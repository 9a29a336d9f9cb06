"""Write the parts of the documentation that the program itself knows: figures, unknowns, options and exit codes.

``python tools/document.py`` writes them between their markers in ``docs/``; a test fails where they differ.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "regulars"
PAGES = {
    "figures.md": ("figures", "tables", "unknowns"),
    "command.md": ("verbs",),
    "segments-rules.md": ("rule_operators", "rule_fields", "rule_events"),
}
UNITS = {"money": "money", "share": "share of 1", "count": "number", "orders": "number", "ratio": "ratio"}


def figures() -> str:
    """Return a table of every figure: names, title, unit, definition."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for name, figure in _computed().figures.items():
        rows.setdefault((figure.title, figure.unit, figure.definition), []).append(name)
    lines = ["| name in `summary.json` | figure | unit | definition |", "| --- | --- | --- | --- |"]
    for (title, unit, definition), names in rows.items():
        told = ", ".join(f"`{name}`" for name in names)
        lines.append(f"| {told} | {_plain(title)} | {UNITS.get(unit, unit)} | {_plain(definition)} |")
    return "\n".join(lines)


def tables() -> str:
    """Return a table of every table of figures: name, title, columns, definition."""
    lines = ["| name | table | columns | definition |", "| --- | --- | --- | --- |"]
    for name, table in _computed().tables.items():
        columns = ", ".join(f"`{column.name}`" for column in table.columns)
        lines.append(f"| `{name}` | {_plain(table.title)} | {columns} | {_plain(table.definition)} |")
    return "\n".join(lines)


def unknowns() -> str:
    """Return every reason for which an answer may be ``Unknown``."""
    found: dict[str, list[str]] = {}
    for call in calls("because"):
        code, reason = call.args[0], call.args[1] if len(call.args) > 1 else None
        if isinstance(code, ast.Constant):
            texts = [
                node.value
                for node in ast.walk(reason or code)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
            ]
            found.setdefault(str(code.value), []).extend(text for text in texts)
    lines = ["| code | reason |", "| --- | --- |"]
    for code in sorted(found):
        reasons = " / ".join(dict.fromkeys(_plain(text) for text in found[code]))
        lines.append(f"| `{code}` | {reasons} |")
    return "\n".join(lines)


def verbs() -> str:
    """Return every verb with its arguments and options."""
    from regulars.cli import command

    group = click.Context(command, info_name="regulars")
    parts = []
    known = [(name, command.get_command(group, name)) for name in command.list_commands(group)]
    further = [(f"{name} {more.name}", more) for name, verb in known for more in getattr(verb, "further", ())]
    for name, verb in sorted(
        [*known, *further], key=lambda pair: list(dict(known)).index(pair[0].split()[0])
    ):
        assert verb is not None
        context = click.Context(verb, info_name=name, parent=group)
        usage = " ".join(verb.collect_usage_pieces(context))
        about = " ".join((verb.help or "").split("\n\n")[0].split())
        parts += [f"### regulars {name}", "", f"`regulars {name} {usage}`", "", about, ""]
        records = [param.get_help_record(context) for param in verb.params if isinstance(param, click.Option)]
        rows = [f"| `{_plain(names)}` | {_plain(text)} |" for names, text in filter(None, records)]
        if rows:
            parts += ["| option | meaning |", "| --- | --- |", *rows, ""]
    return "\n".join(parts).strip()


def rule_operators() -> str:
    """Return a table of the types of fields and how each compares."""
    from regulars.segments.rules.operators import OPERATORS

    lines = ["| type | operators |", "| --- | --- |"]
    for kind, some in OPERATORS.items():
        told = " ".join(
            f"`{each.name}`" + (f" ({each.takes})" if each.takes != "one" else "") for each in some
        )
        lines.append(f"| {kind} | {told} |")
    return "\n".join(lines)


def rule_fields() -> str:
    """Return a table of every field that a rule may name."""
    from regulars.segments.rules.fields import FIELDS

    lines = ["| field | meaning | type | lies in |", "| --- | --- | --- | --- |"]
    for each in FIELDS:
        told = each.kind + (": " + ", ".join(f"`{name}`" for name, _ in each.choices) if each.choices else "")
        lines.append(f"| `{each.name}` | {each.title} | {told} | {each.lies_in} |")
    return "\n".join(lines)


def rule_events() -> str:
    """Return a table of every kind of event that a rule may count, with its properties."""
    from regulars.segments.rules.fields import KINDS

    lines = ["| type | event | properties |", "| --- | --- | --- |"]
    for kind in KINDS:
        told = ", ".join(f"`{each.name}` ({each.kind})" for each in kind.properties)
        lines.append(f"| `{kind.name}` | {kind.title} | {told} |")
    return "\n".join(lines)


def error_codes() -> set[str]:
    """Return every error code that the source can raise; a computed part of one is written ``<…>``.

    Functions that hand their first parameter on as the code, or as the end of it, are followed to their callers.
    """
    found = set()
    for name, prefix in {"RegularsError": "", "_problem": "", **_wrappers()}.items():
        for call in calls(name):
            code = _code(call.args[0]) if call.args else None
            if code and re.fullmatch(r"[a-z_]+(\.[a-z_<>]+)+|internal|interrupted", prefix + code):
                found.add(prefix + code)
    return {code for code in found if not code.endswith("<code>")}


def calls(name: str) -> Iterator[ast.Call]:
    """Yield every call of a function or method of this name in the source."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) == name:
                yield node


def pages() -> dict[Path, str]:
    """Return each generated page as it should be; what stands outside the markers is kept."""
    written = {}
    for name, parts in PAGES.items():
        path = ROOT / "docs" / name
        text = path.read_text(encoding="utf-8")
        for part in parts:
            begin, end = f"<!-- {part} -->", f"<!-- /{part} -->"
            before, rest = text.split(begin)
            text = f"{before}{begin}\n{globals()[part]()}\n{end}{rest.split(end)[1]}"
        written[path] = text
    return written


def _computed() -> Any:
    sys.path.insert(0, str(ROOT))
    from tests.shops import make_orders

    from regulars import metrics

    with make_orders([("Ada", date(2024, 1, 1), "25.00"), ("Ada", date(2024, 3, 1), "25.00")]) as orders:
        return metrics.compute(orders)


def _wrappers() -> dict[str, str]:
    """Return functions that hand their own first parameter on as an error's code, with what they put before it."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or not node.args.args:
                continue
            first = next((name.arg for name in node.args.args if name.arg not in {"self", "cls"}), "")
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and _name(call.func) == "RegularsError" and call.args:
                    code = _code(call.args[0])
                    if code is not None and code.endswith(f"<{first}>"):
                        found[node.name] = code.removesuffix(f"<{first}>")
    return found


def _code(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name):
        return f"<{node.id}>"
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value)
            if isinstance(part, ast.Constant)
            else f"<{_name(part.value) if isinstance(part, ast.FormattedValue) else ''}>"
            for part in node.values
        )
    return None


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _plain(text: str) -> str:
    """Write a message id for reading: its placeholders as words, nothing that breaks a table."""
    return re.sub(
        r"\{(\w+)\}", lambda found: f"*{found[1].replace('_', ' ')}*", " ".join(text.split())
    ).replace("|", "\\|")


if __name__ == "__main__":
    for page, content in pages().items():
        page.write_text(content, encoding="utf-8")
