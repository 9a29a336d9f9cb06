"""The findings are chosen by rules: the same three for the same figures, one a theme, and never a word too many."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.report import sample

from regulars.kit.i18n import LANGUAGES
from regulars.kit.unknown import Unknown
from regulars.report import findings
from regulars.report import model as m


def names(page, **options):
    return [finding.name for finding in findings(page, **options)]


def test_three_findings_of_three_themes_heaviest_first():
    found = findings(sample.page())
    assert len(found) == 3
    assert len({finding.theme for finding in found}) == 3
    assert [finding.weight for finding in found] == sorted((f.weight for f in found), reverse=True)
    assert names(sample.page()) == names(sample.page())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_finding_says_number_reason_and_advice(language):
    for finding in findings(sample.page(), limit=99):
        said = finding.said(language)
        assert said.number
        for text in (said.headline, said.why, said.action):
            assert text
            assert "{" not in text
        assert said.headline in finding.text(language)


def test_even_a_new_shop_hears_three_things():
    assert len(findings(sample.bare())) == 3


def test_a_page_without_anything_has_no_findings():
    page = m.Page(m.ShopLine("Empty"), sample.AS_OF, sample.AS_OF, orders=0, customers=0)
    assert findings(page) == ()


def test_a_channel_below_its_cost_is_named_by_its_ratio():
    said = {f.name: f.said("en") for f in findings(sample.page(), limit=99)}
    assert said["channel"].headline == "The channel “Social ads” does not earn back what it costs."
    assert said["channel"].number == "0.8×"


def test_channels_that_pay_back_are_left_in_peace():
    page = sample.page()
    paying = tuple(replace(row, ratio=2.0) if row.ratio is not None else row for row in page.channels.rows)
    assert "channel" not in names(replace(page, channels=m.Channels(paying)), limit=99)


@pytest.mark.parametrize(("share", "heard"), [(0.29, False), (0.31, True)])
def test_discounts_are_mentioned_from_thirty_percent(share, heard):
    page = replace(sample.page(), discounts=m.Discounts(share, 0.05))
    assert ("discounts" in names(page, limit=99)) is heard


def test_growth_is_against_the_same_months_of_the_year_before():
    months = tuple(
        m.RevenueMonth(month, new=100.0 * (2 if index >= 27 else 1), returning=0.0)
        for index, month in enumerate(sample.months_back(30))
    )
    said = next(
        f.said("en") for f in findings(replace(sample.page(), revenue=months), limit=99) if f.name == "growth"
    )
    assert said.number == "+100%"
    assert said.headline == "Revenue is 100% above the same months last year."


def test_the_month_that_still_runs_does_not_count_as_decline():
    months = tuple(m.RevenueMonth(month, 100.0, 100.0) for month in sample.months_back(20))
    running = (*months[:-1], replace(months[-1], new=1.0, returning=0.0, finished=False))
    assert "growth" not in names(replace(sample.page(), revenue=running), limit=99)


def test_a_failed_forecast_is_not_a_finding():
    assert "forecast" in names(sample.page(), limit=99)
    assert "forecast" not in names(sample.failed(), limit=99)
    page = replace(
        sample.failed(), forecast=sample.forecast()
    )  # the number is there, but must not be trusted
    assert "forecast" not in names(page, limit=99)


def test_many_rejected_rows_come_first():
    intake = replace(sample.intake(), read=1000, accepted=600, rejected=400)
    assert names(replace(sample.page(), intake=intake))[0] == "rejected"


def test_the_plural_of_one_customer():
    group = m.Group("at_risk", "At risk", "", customers=1, share=0.01, net=900.0)
    page = replace(sample.page(), segments=(group,), customers=100)
    said = next(f.said("en") for f in findings(page, limit=99) if f.name == "slipping")
    assert said.headline == "1 good customer is slipping away."


def test_unknown_everything_but_orders_still_says_something_true():
    few = Unknown("few", "Too little data.")
    page = m.Page(
        m.ShopLine("S", "EUR"), sample.AS_OF, sample.AS_OF, orders=4, customers=2, revenue=few, forecast=few
    )
    said = [finding.said("en") for finding in findings(page)]
    assert [each.name for each in said] == ["crowd"]
    assert "2 customers placed 4 orders" in said[0].headline
