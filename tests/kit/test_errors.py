"""Errors speak every language: all are raised with marked sentences, and whatever fills them stays as it is."""

from __future__ import annotations

import ast
import copy
import pickle
import string
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import regulars
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import Phrase, fill, joined, speaking, spoken, translator

SOURCE = Path(regulars.__file__).parent
OURS = {"code", "hint", "kind"}


def name_of(node: ast.AST) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")


def calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in names:
            yield node


def builders(tree: ast.AST) -> set[str]:
    """Functions that build an error from a sentence that their callers give."""
    found = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            given = {argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]}
            for call in calls(function, {"RegularsError"}):
                said = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "hint")]
                if given & {name_of(part) for part in said}:
                    found.add(function.name)
    return found


def unmarked(node: ast.AST) -> Iterator[str]:
    """Texts that look like a sentence and are not inside ``mark(...)``; anything put together by ``f"…"``."""
    if isinstance(node, ast.Call) and name_of(node.func) == "mark":
        assert isinstance(node.args[0], ast.Constant), ast.unparse(node)
        return
    if isinstance(node, ast.JoinedStr):
        yield ast.unparse(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from unmarked(child)


def sentences_of(call: ast.Call, tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions that become message and hint, names followed to what was assigned to them."""
    given = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "hint")]
    for expression in given:
        yield expression
        if isinstance(expression, ast.Name):
            for node in ast.walk(tree):
                if isinstance(node, ast.Assign) and name_of(node.targets[0]) == expression.id:
                    yield node.value


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
BUILDERS = set().union(*(builders(tree) for tree in TREES.values()))


def test_every_error_is_raised_with_marked_sentences() -> None:
    seen, bad = 0, []
    for path, tree in TREES.items():
        for call in calls(tree, {"RegularsError"}):
            seen += 1
            assert not isinstance(call.args[1], ast.Constant), f"{path}:{call.lineno}: mark the message"
            found = [text for part in sentences_of(call, tree) for text in unmarked(part)]
            bad += [f"{path}:{call.lineno}: {text}" for text in found]
        for call in calls(tree, BUILDERS):
            found = [text for part in call.args for text in unmarked(part)]
            bad += [f"{path}:{call.lineno}: {text}" for text in found]
    assert seen > 80
    assert len(BUILDERS) > 2
    assert not bad, "\n".join(bad)


def test_every_placeholder_of_an_error_is_given_its_value() -> None:
    for path, tree in TREES.items():
        for call in calls(tree, {"RegularsError"}):
            given = {word.arg for word in call.keywords} - OURS
            marks = [each for part in sentences_of(call, tree) for each in calls(part, {"mark"})]
            for each in marks:
                wanted = {
                    field for _, field, _, _ in string.Formatter().parse(ast.literal_eval(each.args[0]))
                }
                assert wanted - {None} <= given, f"{path}:{call.lineno}"


def test_message_and_hint_are_english_and_said_in_any_language() -> None:
    error = RegularsError(
        "source.no_sheet", "There is no file {name}.", hint="Check the path.", name="a.csv", kind=Kind.MISSING
    )
    assert str(error) == "There is no file a.csv. Check the path."
    assert error.said("pl") == ("Nie ma pliku a.csv.", "Sprawdź ścieżkę.")
    assert error.said() == (error.message, error.hint)


@pytest.mark.parametrize("name", ["{0}.csv", "{name!r}", "{name.__class__}", "{", "}}", "%s {} \\"])
def test_braces_of_a_hostile_name_stay_as_they_are(name: str) -> None:
    error = RegularsError("x", "There is no file {name}.", name=name)
    assert error.message == f"There is no file {name}."
    assert error.said("pl")[0] == f"Nie ma pliku {name}."


def test_a_sentence_without_values_is_no_template() -> None:
    assert RegularsError("x", "{what} is {0}", hint="{").message == "{what} is {0}"


def test_numbers_phrases_and_lists_are_written_as_the_language_writes_them() -> None:
    seen = (Phrase.of("{code} ({rows} rows)", code="PLN", rows=2), "EUR")
    values = {"count": 12345, "share": 0.125, "seen": seen, "either": joined(["a", "b"], "{one} or {other}")}
    message = "{count:,} {share:.1%} {seen} {either}"
    assert fill(message, values) == "12,345 12.5% PLN (2 rows), EUR a or b"
    assert fill(message, values, "pl") == "12\u00a0345 12,5% PLN (wierszy: 2), EUR a lub b"


def test_a_value_that_does_not_fit_its_format_does_not_break_the_error() -> None:
    assert RegularsError("x", "{count:,} of {gone}", count="many").message == "many of {gone}"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_travel_between_processes(again) -> None:
    error = RegularsError(
        "x",
        "{a} {b}",
        hint="{c}",
        kind=Kind.CONFLICT,
        a=Path("/x"),
        b=Decimal("1.50"),
        c=Phrase.of("Reading"),
    )
    error.add_note("kept")
    copied = again(error)
    assert (str(copied), copied.code, copied.kind, copied.__notes__) == (
        "/x 1.50 Reading",
        "x",
        Kind.CONFLICT,
        ["kept"],
    )
    assert copied.said("pl") == ("/x 1.50", "Odczytywanie")


def test_the_language_spoken_ends_with_its_block() -> None:
    assert spoken() == "en"
    with speaking("pl"):
        assert spoken() == "pl"
    assert spoken() == "en"


def test_unknown_languages_are_refused() -> None:
    with pytest.raises(ValueError, match="there are: en, pl"):
        translator("xx")
