"""Nothing a person reads may lack its Polish, lose a placeholder or how it is filled, or be kept for nobody."""

from __future__ import annotations

import re

import pytest
from tests.report import sentences

from regulars.kit.catalogue import read_catalogue

PLACEHOLDER = re.compile(r"{(\w+(?:![a-z])?(?::[^}]*)?)}")


def names(text):
    return set(PLACEHOLDER.findall(text))


@pytest.fixture(scope="module")
def polish():
    return sentences.catalogue("pl")


def test_every_sentence_has_its_polish():
    waiting = sentences.untranslated("pl")
    assert not waiting, "run `python -m tests.report.sentences` and translate:\n" + "\n".join(waiting)


def test_no_translation_is_kept_for_a_sentence_nobody_says(polish):
    said = {sentences.key(message.id) for message in sentences.collect() if message.id}
    kept = {sentences.key(message.id) for message in polish if message.id}
    assert not kept - said, "run `python -m tests.report.sentences`"


def test_translations_keep_every_placeholder(polish):
    for message in polish:
        if not message.id:
            continue
        if isinstance(message.id, tuple):
            one, many = map(names, message.id)
            first, *others = map(names, message.string)
            # "a day ago" needs no number where "3 days ago" does; the first form of Polish is for one alone, too.
            assert first in (one, one | many), message.id
            assert all(other == one | many for other in others), message.id
        else:
            assert names(message.string) == names(message.id), message.id


def test_plurals_have_all_polish_forms(polish):
    counted = [message for message in polish if isinstance(message.id, tuple)]
    assert counted
    assert all(len(message.string) == 3 for message in counted)


def test_collecting_finds_sentences_of_python_and_of_templates():
    found = {sentences.key(message.id) for message in sentences.collect() if message.id}
    assert "What your customers are worth" in found  # a template
    assert "{share} of orders carry a discount." in found  # a Python file
    assert "{count} customer" in found  # a plural
    assert "How many days the forecast looks ahead." in found  # help of an option


def test_the_quick_reader_reads_what_babel_reads(polish):
    quick = read_catalogue(sentences.catalogue_path("pl"))
    for message in polish:
        if isinstance(message.id, tuple):
            assert quick.counted[message.id[0]] == message.string
        elif message.id:
            assert quick.sentences[message.id] == message.string
    assert [quick.form(number) for number in (1, 2, 5, 12, 22, 25)] == [0, 1, 2, 2, 1, 2]
