"""What would have been recommended, beside what anybody could have listed without a model, and whether it was bought."""

from __future__ import annotations

from regulars.report.recommended import Recommended
from regulars.report.speech import Speech
from regulars.report.view import Cell, Column, Table, texts


def ways(found: Recommended, speech: Speech) -> Table:
    """Lay out how often each way to recommend would have been right."""
    t = speech.t
    rows = tuple(
        (
            Cell(speech.say(way.title), tone="ours" if way.ours else ""),
            Cell(speech.percent(way.hit), bar=way.hit),
            Cell(speech.number(way.bought, 1)),
            Cell("–") if way.new is None else Cell(speech.percent(way.new), bar=way.new),
        )
        for way in found.ways
    )
    columns = (
        Column(t("Recommended"), False),
        Column(
            t("At least one bought"),
            help=t(
                "Share of the customers who bought at least one of the {listed} products within the {days}.",
                listed=found.listed,
                days=speech.days(found.days),
            ),
        ),
        Column(
            t("Bought of {listed}", listed=found.listed),
            help=t("How many of the products listed each customer bought, on average."),
        ),
        Column(
            t("New to them"),
            help=t(
                "The same share among customers who bought something they had never bought before, with lists of such products only."
            ),
        ),
    )
    return Table(t("What would have been recommended, and was it bought"), columns, rows)


def products(found: Recommended, speech: Speech) -> Table:
    """Lay out the products that stood in most lists."""
    t = speech.t
    rows = tuple(
        (
            *texts(each.title, speech.count(each.lists)),
            Cell(
                speech.count(each.bought),
                note=speech.share(each.bought / each.lists),
                bar=each.bought / each.lists,
            ),
        )
        for each in found.products
    )
    columns = (Column(t("Product"), False), Column(t("Lists")), Column(t("Bought")))
    return Table(t("In most lists"), columns, rows)
