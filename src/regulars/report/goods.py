"""What is bought, and what is bought together."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.report.model import Pair, Product
from regulars.report.speech import Speech
from regulars.report.view import Cell, Column, Table, texts


def products(found: Sequence[Product], speech: Speech) -> Table:
    """Lay the best-selling products out by net revenue."""
    t = speech.t
    top = max((abs(each.net) for each in found), default=0.0) or 1.0
    rows = tuple(
        (
            Cell(each.title),
            Cell(speech.money(each.net), bar=max(0.0, each.net / top)),
            Cell(speech.count(each.units)),
            Cell(speech.count(each.buyers)),
            Cell(speech.value(each.again, "share")),
        )
        for each in found
    )
    columns = (
        Column(t("Product"), False),
        Column(t("Net revenue")),
        Column(t("Units")),
        Column(t("Buyers")),
        Column(
            t("Bought it again"), help=t("Share of a product's buyers who ordered it on another day as well.")
        ),
    )
    return Table(t("Best-selling products"), columns, rows)


def pairs(found: Sequence[Pair], speech: Speech) -> Table:
    """Lay out which products are bought together more often than chance would have it."""
    t = speech.t
    rows = tuple(
        texts(
            each.left,
            each.right,
            speech.count(each.orders),
            speech.share(each.confidence),
            speech.ratio(each.lift),
        )
        for each in found
    )
    columns = (
        Column(t("Who buys"), False),
        Column(t("also buys"), False),
        Column(t("Orders")),
        Column(
            t("How often"), help=t("Share of orders with the first product that hold the second as well.")
        ),
        Column(t("Lift"), help=t("How many times more often than chance would have it.")),
    )
    return Table(t("Bought together"), columns, rows)
