"""Says which fit an answer came from: the same for the same purchases, catalogue and parameters, on any machine and any day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b

import numpy as np

from regulars.recommend.interactions import NOBODY, Interactions
from regulars.recommend.parameters import OF_SESSIONS, Parameters
from regulars.recommend.sessions import Sessions


def version(data: Interactions, at: Parameters) -> str:
    """Return sixteen hexadecimal digits.

    Numbers that stand for people and orders may differ between two readings of the same purchases; their names, and which lines
    belong together, may not.
    """
    told = at.to_json()
    if not at.due_power:
        del told["due_power"]
    if data.sessions is None:
        # What says nothing without events is no part of a fit without them.
        told = {name: value for name, value in told.items() if name not in OF_SESSIONS}
    digest = blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=8)
    for part in _parts(data):
        digest.update(part)
    return digest.hexdigest()


def _parts(data: Interactions) -> Iterator[bytes]:
    catalogue = data.catalogue
    people, person = np.unique(data.person, return_inverse=True)
    _, first, order = np.unique(data.order, return_index=True, return_inverse=True)
    by_appearance = np.argsort(np.argsort(first))[order] if len(first) else order
    # Rows are in the order of person, day and order key; an order's lines are sorted by its place, not by its key.
    place = np.full(len(data), NOBODY) if data.place is None else data.place
    rows = np.column_stack([person, data.day, by_appearance, data.item, place]).astype("<i8")
    yield rows[np.lexsort((data.item, by_appearance, data.day, person))].tobytes()
    names = [None if code == NOBODY else data.customer_ids[code] for code in people]
    told = [names, data.end, catalogue.product_ids, catalogue.titles, catalogue.categories, catalogue.brands]
    yield json.dumps([*told, catalogue.attributes, data.countries]).encode()
    for numbers in (catalogue.prices, catalogue.costs, catalogue.available.astype(float)):
        # Sums of many lines may differ in their last digits.
        yield np.round(np.asarray(numbers, "<f8"), 6).tobytes()
    if data.sessions is not None:
        yield _events(data.sessions, person_of=data.customer_ids)


def _events(told: Sessions, person_of: tuple[str, ...]) -> bytes:
    """Return what was viewed when and by whom; numbers of sessions only say which events belong together."""
    people, person = np.unique(told.person, return_inverse=True)
    names = [None if code == NOBODY else person_of[code] for code in people]
    _, session = np.unique(told.session, return_inverse=True)
    rows = np.column_stack([session, told.item, person, told.cart, told.at]).astype("<i8")
    return json.dumps(names).encode() + rows.tobytes()
