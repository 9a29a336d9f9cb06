"""What verbs show a person, one method each; :mod:`regulars.cli.terminal` says how it is laid out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.cli.terminal import Column, Terminal
from regulars.kit.i18n import Phrase, mark
from regulars.kit.unknown import Unknown
from regulars.report.model import Card, Intake, Referrals, Sentence
from regulars.report.page import change
from regulars.report.view import Said
from regulars.report.watch import since_rows

if TYPE_CHECKING:
    from regulars.segments import Row
    from regulars.sources.events import Aside
    from regulars.value import Backtest, Rolling
    from regulars.value.drift import Since

SIGNS = {"up": "+", "down": "−", "flat": "±"}


class Screen(Terminal):
    """Where a verb prints its results."""

    def findings(self, findings: Iterable[Said]) -> None:
        """Print findings: the number, what it says, why it matters, what to do."""
        for said in findings:
            self.write("", "")
            self.write(f"{said.number}  {said.headline}", "bold")
            for text in (said.why, said.action):
                if text:
                    self.write(text, "", indent=2)

    def cards(self, cards: Iterable[Card]) -> None:
        """Print the main figures with the period before; an unknown figure gives its reason."""
        shown = list(cards)
        rows = []
        for card in shown:
            moved = change(card, self.speech)
            told = "" if moved is None else SIGNS[moved[0]] + moved[2]
            rows.append(
                (
                    self.speech.say(card.title),
                    self.speech.value(card.value, card.unit),
                    told,
                    self._why(card.value),
                )
            )
        notes = any(row[3] for row in rows)
        columns = [Column(mark("Figure"), numeric=False), Column(mark("Value")), Column(mark("Change"))]
        if notes:
            columns.append(Column(mark("Note"), numeric=False))
        self.table(columns, rows if notes else [row[:3] for row in rows])

    def segments(self, rows: Iterable[Row], *, definitions: bool = False) -> None:
        """Print segments with size and worth; those that cannot be told give their reason."""
        speech, known, told, unknown = self.speech, [], [], []
        for row in rows:
            title, definition = row.told(speech.t)
            if row.unknown is not None:
                unknown.append((title, row.unknown))
                continue
            known.append(
                (
                    title,
                    speech.value(row.customers, "count"),
                    speech.value(row.share, "share"),
                    speech.value(row.net, "money"),
                    speech.value(row.clv, "money"),
                    speech.value(row.aov, "money"),
                    speech.value(row.median_recency_days, "count"),
                    *((definition,) if definitions and not self.rich else ()),
                )
            )
            told.append((title, definition))
        columns = [
            Column(mark("Segment"), numeric=False),
            Column(mark("Customers")),
            Column(mark("Share"), spare=2),
            Column(mark("Net to date")),
            Column(mark("Predicted value"), spare=1),
            Column(mark("Average order"), spare=3),
            Column(mark("Days since the last order (median)"), spare=4),
        ]
        if definitions and not self.rich:
            columns.append(Column(mark("Who is in it"), numeric=False))
        self.table(columns, known)
        for title, definition in told if definitions and self.rich else ():
            self.write(f"{title}: {definition}", "dim", indent=1)
        for title, why in unknown:
            self.write(f"{title}: {self.speech.say(why)}", "dim", indent=1 if self.rich else 0)

    def backtest(self, result: Backtest | Unknown) -> None:
        """Print a forecast's scores beside the plain baselines' and what happened, or why there is no backtest."""
        speech = self.speech
        if isinstance(result, Unknown):
            self.line(result)
            return
        percent = speech.percent
        self.write(
            speech.t(
                mark("As of {cutoff}, for the {days} after it: predicted {predicted}, happened {actual}."),
                cutoff=speech.day(result.cutoff),
                days=speech.days(result.horizon_days),
                predicted=speech.money(result.predicted_total),
                actual=speech.money(result.actual_total),
            ),
            "",
        )
        columns = (
            Column(mark("Forecast"), numeric=False),
            Column(mark("Ranking (Gini)")),
            Column(mark("Rank correlation"), spare=2),
            Column(mark("Caught in the top tenth"), spare=1),
            Column(mark("Bias")),
            Column(mark("Mean error")),
        )
        self.table(
            columns,
            [
                (
                    speech.t(score.title),
                    self._known(score.gini, lambda part: speech.number(part, 3)),
                    self._known(score.spearman, lambda part: speech.number(part, 3)),
                    self._known(score.top_decile, speech.share),
                    self._known(score.bias, speech.signed),
                    self._known(score.mae, speech.cents),
                )
                for score in result.scores
            ],
        )
        if result.coverage_told is not None:
            held = mark(
                "The {level} interval held the actual value of {share} of the customers of whom more than nothing was expected."
            )
            level, share = percent(result.interval), percent(result.coverage_told)
            self.write(speech.t(held, level=level, share=share), "")
        for problem in result.problems:
            self.write(speech.t(problem), "bold")

    def rolling(self, result: Rolling) -> None:
        """Print the same test at earlier days."""
        speech = self.speech
        columns = (
            Column(mark("As of"), numeric=False),
            Column(mark("Predicted")),
            Column(mark("Happened")),
            Column(mark("Bias")),
            Column(mark("Ranking (Gini)"), spare=1),
            Column(mark("Mean error")),
        )
        rows = [
            (
                speech.day(past.cutoff),
                speech.money(past.predicted_total),
                speech.money(past.actual_total),
                self._known(past.model.bias, speech.signed),
                self._known(past.model.gini, lambda part: speech.number(part, 3)),
                self._known(past.model.mae, speech.cents),
            )
            for past in result.origins
        ]
        self.table(columns, rows)
        means = {score.name: score.bias for score in result.scores}
        self.write(
            speech.t(
                mark(
                    "On average the total was off by {ours}; the same as the period before would have been by {plain}."
                ),
                ours=self._known(means["model"], speech.share),
                plain=self._known(means["persistence"], speech.share),
            ),
            "",
        )

    def alerts(self, found: Iterable[Phrase]) -> None:
        """Print what has left its band or changed, one a line."""
        for alert in found:
            self.line(alert, style="bold")

    def since(self, found: Since | Unknown, *, trusted: bool = True) -> None:
        """Print this run beside an earlier one: whether its forecast has held, and what changed; or why not."""
        speech = self.speech
        if isinstance(found, Unknown):
            self.heading(mark("Since the last run"))
            self.line(found)
            return
        from regulars.value.drift import alerts

        self.heading(Sentence.of(mark("Since the run of {day}"), day=found.as_of))
        if found.held is not None:
            self.line(found.held.phrase, style="" if found.held.inside else "bold")
        self.alerts(alerts(found.fits))
        columns = (
            Column(mark("Figure"), numeric=False),
            Column(mark("Then")),
            Column(mark("Now")),
            Column(mark("Change")),
        )
        self.table(columns, since_rows(found.changes, speech, trusted=trusted))

    def referrals(self, found: Referrals) -> None:
        """Print how many customers others brought, and what is expected of them."""
        speech = self.speech
        self.heading(mark("Referrals"))
        brought, others = speech.customers(found.customers), speech.customers(found.referrers)
        if found.expected is None:
            self.write(speech.t(mark("{brought} brought by {others}."), brought=brought, others=others), "")
            return
        worth = mark("{brought} brought by {others}; they are expected to bring {worth}.")
        money = speech.money(found.expected)
        self.write(speech.t(worth, brought=brought, others=others, worth=money), "")

    def intake(self, found: Intake) -> None:
        """Print what was read and what became of it, rule by rule."""
        speech = self.speech
        said = mark("Rows read {read}, accepted {accepted}, repaired {repaired}, rejected {rejected}.")
        if found.unpacked:
            said = mark(
                "Rows read {records}, lines in them {read}, accepted {accepted}, repaired {repaired}, rejected {rejected}."
            )
        self.write(
            speech.t(
                said,
                records=speech.count(found.records or found.read),
                read=speech.count(found.read),
                accepted=speech.count(found.accepted),
                repaired=speech.count(found.repaired),
                rejected=speech.count(found.rejected),
            ),
            "",
        )
        outcomes = {"repaired": mark("repaired"), "rejected": mark("rejected"), "noted": mark("noted")}
        columns = (
            Column(mark("Rule"), numeric=False),
            Column(mark("Outcome"), numeric=False),
            Column(mark("Rows")),
            Column(mark("Example"), numeric=False, spare=1),
        )
        self.table(
            columns,
            [
                (
                    speech.say(rule.title),
                    speech.t(outcomes[rule.outcome]),
                    speech.count(rule.rows),
                    rule.example,
                )
                for rule in found.rules
            ],
        )
        for warning in found.warnings:
            self.line(warning, style="bold")

    def events(self, counts: Mapping[str, int], aside: Sequence[Aside]) -> None:
        """Say what became of events that could not be used, if there are any."""
        if counts.get("aside"):
            said = mark("Events set aside: {rows}; the first: {first}.")
            self.line(Phrase.of(said, rows=self.speech.count(counts["aside"]), first=aside[0].told))
        if counts.get("unknown_products"):
            said = mark(
                "Events of products that the shop neither sold nor lists: {rows}; they count for nothing."
            )
            self.line(Phrase.of(said, rows=self.speech.count(counts["unknown_products"])))

    def files(self, paths: Iterable[Path]) -> None:
        """Print where results were written, one path a line."""
        for path in paths:
            self.write(str(path), "")

    @staticmethod
    def _known(number: float | None, write: Callable[[float], str]) -> str:
        return write(number) if number is not None and math.isfinite(number) else "–"

    def _why(self, value: Any) -> str:
        return self.speech.say(value) if isinstance(value, Unknown) else ""
