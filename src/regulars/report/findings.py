"""The three most useful things to know, in plain words: each a number, why it matters, and what to do about it.

Every rule looks at the page's figures and returns what there is to say with a weight from 0 to 1, or nothing. The
heaviest finding of each theme competes; the same figures always give the same three, in every language.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from regulars.report import findings_money, findings_people
from regulars.report.findings_people import Rule
from regulars.report.model import Page
from regulars.report.speech import Speech
from regulars.report.view import Said

RULES = (*findings_people.RULES, *findings_money.RULES)


@dataclass(frozen=True)
class Finding:
    """One thing to know, in any language. ``section`` is the part of the page that shows its figures."""

    name: str
    theme: str
    section: str
    weight: float
    page: Page = field(repr=False)
    rule: Rule = field(repr=False)

    def said(self, language: str = "en") -> Said:
        """Return its number, headline, reason and advice in a language."""
        answer = self.rule(self.page, Speech(language, self.page.shop.currency))
        assert answer is not None, self.name
        return answer[1]

    def text(self, language: str = "en") -> str:
        """Return it as one paragraph."""
        said = self.said(language)
        return f"{said.headline} {said.why} {said.action}"


def findings(page: Page, *, limit: int = 3) -> tuple[Finding, ...]:
    """Choose at most ``limit`` findings, heaviest first, one a theme."""
    speech = Speech("en", page.shop.currency)
    found: dict[str, Finding] = {}
    for rule in RULES:
        answer = rule(page, speech)
        if answer is None:
            continue
        weight, said = answer
        best = found.get(said.theme)
        if best is None or weight > best.weight:
            found[said.theme] = Finding(said.name, said.theme, said.section, weight, page, rule)
    return tuple(sorted(found.values(), key=lambda each: -each.weight)[:limit])
