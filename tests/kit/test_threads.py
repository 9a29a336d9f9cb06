"""Parts come in their order, few ahead, and what fails is heard of."""

from __future__ import annotations

import os
import threading

import pytest

from regulars.kit import threads
from regulars.kit.threads import in_order


@pytest.fixture(params=[1, 3])
def processors(request, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: request.param)
    return request.param


def test_in_order_whatever_ends_first(processors):
    first = threading.Event()

    def work(part):
        if part == 0 and processors > 1:
            assert first.wait(10)
        first.set()
        return part * part

    assert list(in_order(work, range(50))) == [part * part for part in range(50)]
    assert list(in_order(work, [])) == []


def test_few_are_begun_ahead(processors):
    begun = []
    taken = in_order(begun.append, iter(range(100)))
    next(taken)
    assert len(begun) <= min(processors, threads.MOST) + 1


def test_what_fails_is_raised_and_the_rest_left(processors):
    begun = []

    def work(part):
        begun.append(part)
        if part == 3:
            raise ValueError(part)
        return part

    done = []
    with pytest.raises(ValueError, match="3"):
        done.extend(in_order(work, range(1000)))
    assert len(begun) < 20
