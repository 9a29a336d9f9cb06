"""Who the customers are: the RFM map, segments, and the channels that brought them."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.kit.unknown import Unknown
from regulars.report.model import Channels, Group, Migration, RfmCell
from regulars.report.speech import Speech
from regulars.report.view import Cell, Chart, Column, Heat, HeatCell, Table


def rfm(groups: Sequence[Group], speech: Speech) -> Chart:
    """Draw RFM groups as a map: area is customers, depth of colour is net revenue a customer."""
    t = speech.t
    kept = [group for group in groups if group.customers > 0]
    each = {group.name: group.net / group.customers for group in kept}
    top = max(each.values(), default=0.0) or 1.0
    spec = {
        "kind": "tree",
        "unit": "count",
        "tiles": [
            {
                "name": speech.say(group.title),
                "size": group.customers,
                "note": t("{amount} a customer", amount=speech.money(each[group.name])),
                "strength": round(max(0.0, each[group.name] / top), 3),
            }
            for group in kept
        ],
    }
    label = t("Map of RFM groups: area is the number of customers, depth of colour is revenue a customer.")
    return Chart("rfm", label, spec, segments(groups, speech, t("RFM groups")), 340)


def grid(cells: Sequence[RfmCell], speech: Speech) -> Heat:
    """Lay recency beside frequency: how many customers, and by depth of colour what each of them has brought."""
    t = speech.t
    each = {(cell.r, cell.f): cell for cell in cells}
    top = max((cell.net / cell.customers for cell in cells if cell.customers), default=0.0) or 1.0
    rows = []
    for f in range(5, 0, -1):
        found: list[HeatCell | None] = []
        for r in range(1, 6):
            cell = each.get((r, f))
            if cell is None or not cell.customers:
                found.append(None)
                continue
            worth = cell.net / cell.customers
            note = t("{amount} a customer", amount=speech.money(worth))
            found.append(HeatCell(speech.count(cell.customers), min(1.0, max(0.0, worth / top)), note=note))
        rows.append((f"F{f}", "", tuple(found)))
    caption = t("Customers by recency (R) and frequency (F), 5 is best")
    return Heat(caption, "", "", tuple(f"R{r}" for r in range(1, 6)), tuple(rows))


MOVES = 5
"""So many of the largest moves between groups are said in words."""


def migration(found: Migration, speech: Speech) -> Heat:
    """Lay the groups of then beside those of now: how many customers, and by depth of colour their share of the group they stood in."""
    t = speech.t
    titles = [speech.say(title) for title in found.titles]
    names = [*titles, t("No order yet")]
    rows = []
    for then, (name, row) in enumerate(zip(names, found.customers, strict=True)):
        stood = sum(row)
        cells: list[HeatCell | None] = [
            HeatCell(
                speech.count(count),
                count / stood,
                note=t("{share} of {group}", share=speech.share(count / stood), group=name),
                kept=then == now,
            )
            if count
            else None
            for now, count in enumerate(row)
        ]
        rows.append((name, speech.count(stood), tuple(cells)))
    day = speech.day(found.since)
    caption = t("Where customers of {day} stand now", day=day)
    return Heat(caption, t("Group on {day}", day=day), t("Then"), tuple(titles), tuple(rows), mean_last=True)


def moves(found: Migration, speech: Speech) -> list[tuple[str, str]]:
    """Say the largest moves: who and how many, and which share of the group they left."""
    t = speech.t
    said = []
    for count, then, now in found.moves[:MOVES]:
        before, after = speech.say(found.titles[then]), speech.say(found.titles[now])
        share = t("{share} of {group}", share=speech.share(count / sum(found.customers[then])), group=before)
        said.append(
            (t("{before} → {after}", before=before, after=after), f"{speech.customers(count)}, {share}")
        )
    return said


def segments(groups: Sequence[Group], speech: Speech, caption: str = "") -> Table:
    """Lay segments out with who they are, how many, and what they bring."""
    t = speech.t
    top = max((abs(group.net) for group in groups), default=0.0) or 1.0
    clv = any(group.clv is not None for group in groups)
    orders = any(group.orders_each is not None for group in groups)
    recency = any(group.recency_days is not None for group in groups)
    columns = [
        Column(t("Group"), False),
        Column(t("Customers")),
        Column(t("Share")),
        Column(t("Net revenue")),
    ]
    columns += [Column(t("Predicted value"))] if clv else []
    columns += [Column(t("Orders each"))] if orders else []
    columns += [Column(t("Days since last order"))] if recency else []
    rows = []
    for group in groups:
        if group.unknown is not None:
            why = Cell(speech.say(group.title), note=speech.say(group.unknown), tone="quiet")
            rows.append((why, *(Cell("–", tone="quiet") for _ in columns[1:])))
            continue
        cells = [
            Cell(speech.say(group.title), note=speech.say(group.rule)),
            Cell(speech.count(group.customers)),
            Cell(speech.share(group.share)),
            Cell(speech.money(group.net), bar=max(0.0, group.net / top)),
        ]
        cells += [Cell(speech.value(group.clv, "money"))] if clv else []
        cells += [Cell(speech.value(group.orders_each, "orders"))] if orders else []
        cells += [Cell(speech.value(group.recency_days, "count"))] if recency else []
        rows.append(tuple(cells))
    return Table(caption or t("Segments"), tuple(columns), tuple(rows))


def channels(found: Channels, speech: Speech) -> Table:
    """Lay channels out: customers won and, when costs are known, what each cost and brought back."""
    t = speech.t
    top = max((row.customers for row in found.rows), default=0) or 1
    costs = any(isinstance(row.spend, float | int) for row in found.rows)
    columns = [Column(t("Channel"), False), Column(t("New customers")), Column(t("Net revenue"))]
    if costs:
        columns += [
            Column(t("Spend")),
            Column(t("CAC")),
            Column(t("LTV")),
            Column(t("LTV:CAC")),
            Column(t("Payback")),
        ]
    rows = []
    for row in found.rows:
        cells = [
            Cell(
                row.name if row.name is not None else t("unknown"),
                tone="" if row.name is not None else "quiet",
            ),
            Cell(speech.count(row.customers), bar=row.customers / top),
            Cell(speech.money(row.net)),
        ]
        if costs:
            poor = isinstance(row.ratio, float | int) and row.ratio < 1
            late = speech.say(row.payback_days) if isinstance(row.payback_days, Unknown) else None
            cells += [
                Cell(speech.value(row.spend, "money")),
                Cell(speech.value(row.cac, "money")),
                Cell(speech.value(row.ltv, "money")),
                Cell(speech.value(row.ratio, "ratio"), tone="bad" if poor else ""),
                Cell(late or speech.value(row.payback_days, "days")),
            ]
        rows.append(tuple(cells))
    return Table(t("Channels of the first order"), tuple(columns), tuple(rows))
