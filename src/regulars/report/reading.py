"""What was read from the shop's files and what became of every row: the ground the other figures stand on."""

from __future__ import annotations

from regulars.report.model import Intake
from regulars.report.speech import Speech
from regulars.report.view import Cell, Column, Table, texts


def rules(found: Intake, speech: Speech) -> Table:
    """Lay out what each reading rule repaired, rejected or noted."""
    t = speech.t
    outcomes = {"repaired": t("repaired"), "rejected": t("rejected"), "noted": t("noted")}
    rows = tuple(
        (
            Cell(speech.say(rule.title)),
            Cell(outcomes[rule.outcome], tone="bad" if rule.outcome == "rejected" else ""),
            Cell(speech.count(rule.rows)),
            Cell(speech.share(rule.rows / found.read) if found.read else "–"),
            Cell(rule.example, tone="quiet"),
        )
        for rule in found.rules
    )
    columns = (
        Column(t("Rule"), False),
        Column(t("Outcome"), False),
        Column(t("Rows")),
        Column(t("Share")),
        Column(t("Example"), False),
    )
    return Table(t("Reading rules that met something"), columns, rows)


def balances(found: Intake, speech: Speech) -> Table:
    """Lay out the reconciliation: what the input holds beside what is accounted for, to the cent."""
    t = speech.t
    rows = []
    for each in found.balances:
        write = (
            speech.cents
            if each.unit == "money"
            else lambda number, unit=each.unit: speech.value(number, unit)
        )
        gap = round(each.read - each.accounted, 4)
        rows.append(
            (
                Cell(speech.say(each.title)),
                Cell(write(each.read)),
                Cell(write(each.accounted)),
                Cell(write(gap), tone="bad" if gap else "good"),
            )
        )
    columns = (
        Column(t("What"), False),
        Column(t("In the input")),
        Column(t("Accounted for")),
        Column(t("Difference")),
    )
    return Table(t("Reconciliation with the input"), columns, tuple(rows))


def columns(found: Intake, speech: Speech) -> Table:
    """Lay out which of the file's columns was read as what."""
    t = speech.t
    rows = tuple(texts(field, header) for field, header in found.columns)
    return Table(
        t("Columns as they were read"),
        (Column(t("Read as (its name for --map)"), False), Column(t("In the file"), False)),
        rows,
    )
