"""Tells goods from the lines that shops book among them: postage, fees, corrections, vouchers. Nobody wants those recommended.

A word inside a title proves nothing ("postage stamp tin" is a tin): only whole titles and whole ids count, and of ids only those
that are words; a product called "M" may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_IDS = re.compile(
    r"post|postage|amazonfee|bank charges|adjust\d*|test\d+|gift_\d.*|"
    r"shipping|delivery|discount|voucher|coupon|giftcard|gift[-_ ]?card|donation|dostawa|wysylka|rabat",
    re.IGNORECASE,
)
_TITLES = re.compile(
    r"(?:dotcom |standard |express |free )?(?:postage|shipping|delivery|carriage)(?: (?:costs?|charges?|fees?))?|"
    r"manual|commission|discount|adjustment(?: by .*)?|amazon fees?|bank charges?|samples?|adjust bad debt|"
    r"(?:e-?)?gift ?(?:card|voucher|certificate)s?(?: .{0,3}\d.*)?|voucher|tips?|donation|(?:payment|handling|service|processing) fee|"
    r"insurance|shipping protection|package protection|gift wrap(?:ping)?|"
    r"dostawa|wysyłka|przesyłka|koszty? (?:dostawy|wysyłki|przesyłki)|rabat|opłata .*|karta podarunkowa|bon podarunkowy",
    re.IGNORECASE,
)


def is_goods(product_id: str | None, title: str | None) -> bool:
    """Whether a product is something that people choose, by its id and its title."""
    return not (
        (product_id is not None and _IDS.fullmatch(product_id.strip()))
        or (title is not None and _TITLES.fullmatch(" ".join(title.split())))
    )


def which(product_ids: Iterable[str | None], titles: Iterable[str | None]) -> list[bool]:
    """Return for each product whether it is goods."""
    return [is_goods(name, title) for name, title in zip(product_ids, titles, strict=True)]
