"""A bucket empties, fills up again with time, and never holds more than it may."""

from __future__ import annotations

from regulars.kit.buckets import Buckets


def test_a_bucket_fills_up_again() -> None:
    now = [0.0]
    buckets: Buckets[int] = Buckets(10, lambda: now[0])
    assert [buckets.take(1, 2.0, 3).allowed for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [buckets.take(1, 2.0, 3).allowed for _ in range(2)] == [True, False]
    now[0] = 100.0
    assert buckets.take(1, 2.0, 3).remaining == 2


def test_who_has_nothing_left_is_told_when_there_will_be() -> None:
    now = [0.0]
    buckets: Buckets[str] = Buckets(10, lambda: now[0])
    taken = [buckets.take("ada", 0.5, 2) for _ in range(3)]
    assert [each.remaining for each in taken] == [1, 0, 0]
    assert (taken[2].retry_seconds, taken[2].reset_seconds) == (2, 4)
    now[0] = float(taken[2].retry_seconds)
    assert buckets.take("ada", 0.5, 2).allowed


def test_the_one_that_was_quiet_for_longest_is_forgotten_first() -> None:
    buckets: Buckets[str] = Buckets(2, lambda: 0.0)
    for who in ("ada", "ben", "ada", "cleo"):
        buckets.take(who, 1.0, 2)
    assert not buckets.take("ada", 1.0, 2).allowed, "ada asked lately and is remembered"
    assert buckets.take("ben", 1.0, 2).remaining == 1, "ben was forgotten"
