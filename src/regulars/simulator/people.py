"""Names and addresses for people who do not exist; all at example.com, made from the customer's number alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_FIRST = [
    "ada",
    "ben",
    "cleo",
    "dan",
    "eve",
    "fay",
    "gus",
    "hal",
    "ida",
    "jo",
    "kasia",
    "lena",
    "marek",
    "nina",
    "olek",
    "pola",
    "rafal",
    "sara",
    "tomek",
    "ula",
    "wiktor",
    "zofia",
    "anna",
    "piotr",
    "magda",
    "jakub",
    "ewa",
    "filip",
    "hanna",
    "igor",
]
_LAST = [
    "nowak",
    "kowal",
    "lis",
    "wrona",
    "sikora",
    "zima",
    "krol",
    "dudek",
    "sowa",
    "maj",
    "klein",
    "vogel",
    "novak",
    "dvorak",
    "horak",
    "petrauskas",
    "gruber",
    "berg",
    "stone",
    "field",
    "brook",
    "hill",
    "marsh",
    "reed",
]


def emails(ids: NDArray[np.int64]) -> pa.Array:
    """Return each customer's e-mail address: ``kasia.lis.1234@example.com``."""
    mixed = (ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)
    first = pa.array(_FIRST).take(pa.array((mixed % np.uint64(len(_FIRST))).astype(np.int64)))
    rest = mixed // np.uint64(len(_FIRST))
    last = pa.array(_LAST).take(pa.array((rest % np.uint64(len(_LAST))).astype(np.int64)))
    end = pc.binary_join_element_wise(pa.array(ids).cast(pa.string()), pa.scalar("example.com"), "@")
    return pc.binary_join_element_wise(first, last, end, ".")


def as_typed(addresses: pa.Array) -> pa.Array:
    """Return addresses as some guests type them: capitals and a space behind, the same mailbox."""
    return pc.binary_join_element_wise(pc.utf8_title(addresses), pa.scalar(" "), "")
