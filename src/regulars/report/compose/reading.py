"""What the door did with the file, as a section of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regulars.kit.i18n import mark
from regulars.kit.words import Money
from regulars.report import model as m
from regulars.report.model import Sentence, Words

if TYPE_CHECKING:
    from regulars.lake import Orders

REPAIRS = {
    "money.rounded": mark("Amounts with more than four decimals, rounded"),
    "clock.unclear": mark("Moments in the hour that a clock change skips or repeats"),
    "order.shared": mark("Orders under one number with several customers, told apart"),
    "customer.carried": mark("Lines without a customer, given the customer of their order"),
    "status.mixed": mark("Orders whose lines name different statuses"),
    "order.in_older_file": mark("Lines of orders that a newer file has too, counted once"),
    "line.repeated": mark("Lines that repeat another one exactly, counted once"),
}
REJECTIONS = {
    "missing": mark("{column}: the cell is empty"),
    "not_a_date": mark("{column}: not a date that can be read"),
    "too_early": mark("{column}: before 1990"),
    "in_the_future": mark("{column}: in the future"),
    "not_a_number": mark("{column}: not a number"),
    "absurd": mark("{column}: larger than any order can be"),
    "unreadable": mark("Rows that do not have the columns of the header"),
}
NOTES = {
    "credit_notes": mark("Credit notes: they take back, they are no purchase"),
    "cancelled": mark("Cancelled orders, left out of every figure"),
    "unpaid": mark("Unpaid orders, left out of every figure"),
    "tests": mark("Test orders, left out of every figure"),
    "zero_value": mark("Orders worth nothing, counted as orders"),
    "lines_without_customer": mark("Rows without a customer: in the figures, not in customer values"),
    "referrals": mark("Customers of whom the file says who brought them"),
    "referrals_of_self": mark("Customers named as having brought themselves: left out"),
    "referrals_by_nobody": mark("Customers brought by somebody who is not a customer of this file: left out"),
    "referrals_by_several": mark("Customers brought by several others: the first one named counts"),
    "guests_joined": mark("Guests recognised by their e-mail as known customers"),
}


def intake(orders: Orders) -> m.Intake | None:
    """Return what was read and what became of it; nothing where the orders did not come through the door."""
    return accounted(orders.intake) if orders.intake else None


def accounted(told: Mapping[str, Any]) -> m.Intake:
    """Return what a load says of itself, as it is kept with it."""
    repaired, rejected = told["repaired"], told["rejected"]
    money = told["reconciliation"]
    return m.Intake(
        read=told["read"],
        records=told["records"],
        accepted=told["accepted"],
        repaired=sum(item["rows"] for item in repaired),
        rejected=rejected["rows"],
        rules=(
            *(m.Rule(REPAIRS.get(item["rule"], item["rule"]), "repaired", item["rows"]) for item in repaired),
            *(
                m.Rule(_rejection(item["rule"], told["columns"]), "rejected", item["rows"])
                for item in rejected["rules"]
            ),
            *(
                m.Rule(title, "noted", told["counts"][name])
                for name, title in NOTES.items()
                if told["counts"].get(name)
            ),
        ),
        balances=(
            m.Balance(
                mark("Rows: accepted and rejected"),
                told["read"],
                told["accepted"] + rejected["rows"],
                "count",
            ),
            m.Balance(
                mark("Money: accepted and rejected"),
                float(money["input"]),
                float(money["accepted"]) + float(money["rejected"]),
            ),
            m.Balance(
                mark("Money: in orders and taken out by repairs"),
                float(money["accepted"]),
                float(money["carried"]) + float(money["taken_out"]),
            ),
        ),
        columns=tuple(told["columns"].items()),
        warnings=tuple(_warning(item) for item in told["warnings"]),
        files=tuple(told["files"]),
    )


def _rejection(rule: str, columns: Mapping[str, str]) -> Words:
    name, _, code = rule.partition(":")
    return Sentence.of(REJECTIONS.get(code, code), column=columns.get(name, name))


def _warning(item: Mapping[str, Any]) -> Words:
    values = {
        name: Money(float(value)) if name == "amount" else value
        for name, value in item.get("values", {}).items()
    }
    return Sentence.of(item["message"], **values)
