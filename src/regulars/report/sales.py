"""Sales through time: net revenue by month from new and returning customers, and the discounts behind it."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.report.model import Discounts, RevenueMonth
from regulars.report.speech import Speech
from regulars.report.view import Chart, Column, Table, texts


def revenue(months: Sequence[RevenueMonth], speech: Speech) -> Chart:
    """Stack new under returning, month by month; a month that still runs is hatched."""
    t = speech.t
    unnamed = any(month.unnamed for month in months)
    series = [
        {"name": t("New customers"), "tone": "soft", "values": [round(month.new, 2) for month in months]},
        {
            "name": t("Returning customers"),
            "tone": "accent",
            "values": [round(m.returning, 2) for m in months],
        },
    ]
    columns = [Column(t("Month"), False), Column(t("New customers")), Column(t("Returning customers"))]
    if unnamed:
        values = [round(month.unnamed, 2) for month in months]
        series.append({"name": t("Without a customer"), "tone": "mute", "values": values})
        columns.append(Column(t("Without a customer")))
    rows = []
    for month in months:
        name = speech.month(month.month) + ("" if month.finished else " · " + t("still running"))
        amounts = [month.new, month.returning] + ([month.unnamed] if unnamed else [])
        rows.append(
            texts(name, *map(speech.money, amounts), speech.money(sum(amounts)), speech.count(month.orders))
        )
    spec = {
        "kind": "bars",
        "stacked": True,
        "unit": "money",
        "labels": [speech.month(month.month) for month in months],
        "running": [not month.finished for month in months],
        "series": series,
    }
    table = Table(
        t("Net revenue by month"), (*columns, Column(t("Together")), Column(t("Orders"))), tuple(rows)
    )
    label = t(
        "Stacked columns: net revenue from new and returning customers, {first} to {last}.",
        first=speech.month(months[0].month),
        last=speech.month(months[-1].month),
    )
    return Chart("revenue", label, spec, table, 320)


def discounts(found: Discounts, speech: Speech) -> Chart:
    """Draw the share of orders with a discount, and the share of gross given away, month by month."""
    t = speech.t
    orders, amount = t("Orders with a discount"), t("Discount in gross sales")
    labels = [speech.month(month.month) for month in found.months]
    spec = {
        "kind": "trend",
        "unit": "share",
        "labels": labels,
        "series": [
            {"name": orders, "tone": "accent", "values": [month.orders_share for month in found.months]},
            {"name": amount, "tone": "warm", "values": [month.amount_share for month in found.months]},
        ],
    }
    rows = tuple(
        texts(label, speech.share(month.orders_share), speech.share(month.amount_share))
        for label, month in zip(labels, found.months, strict=True)
    )
    columns = (Column(t("Month"), False), Column(orders), Column(amount))
    label = t("Two lines: share of orders with a discount, and share of gross sales given away, by month.")
    return Chart("discounts", label, spec, Table(t("Discounts by month"), columns, rows), 240)
