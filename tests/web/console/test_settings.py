"""Settings in the console: chosen here or by the environment, checked, noted, and known to every process."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.homes import Opened
from tests.web.conftest import Counting
from tests.web.console import shop
from tests.web.console.conftest import signed_in


@pytest.fixture
def settings(home: Opened) -> Any:
    return home(storefronts="https://shop.example")


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content
    return str(answer.content.decode())


def version(browser: Any) -> str:
    found = re.search(r'name="version" value="(\d*)"', text(browser.get("/settings")))
    assert found
    return found[1]


def keep(browser: Any, **fields: Any) -> Any:
    return browser.post("/settings", **({"version": version(browser)} | fields))


def now_known() -> Any:
    from django.conf import settings as django

    return django.REGULARS


def test_what_is_chosen_holds_everywhere_and_is_noted(settings: Any) -> None:
    from regulars.runtime.home import open_home
    from regulars.runtime.schedule import night
    from regulars.store.models import Audit
    from regulars.web.following import Preferences

    owner = signed_in("owner")
    answer = keep(
        owner, shop_name="Kawa <b>i</b> herbata", currency="pln", time_zone="Europe/Warsaw", margin="35,5 %", refresh_at="05:30",
        **{"at.vip_orders": "5", "at.tier_shares": "10/20/30/40", "at.vip_p_alive": "0,7"},
    )  # fmt: skip
    assert answer.status_code == 302, answer.content
    page = text(owner.get(answer.headers["Location"]))
    assert "Kept." in page
    assert "Kawa &lt;b&gt;i&lt;/b&gt; herbata<small>" in page
    assert 'value="35.5%"' in page
    known = now_known()
    assert (known.currency, known.time_zone, known.margin) == ("PLN", "Europe/Warsaw", 0.355)
    assert known.thresholds == ("vip_orders=5", "vip_p_alive=0.7", "tier_shares=10/20/30/40")
    assert known.origins["margin"] == "console"
    assert open_home(settings.home) == known, "a process that begins later knows it too"
    # Another process that has been running all the time.
    from django.conf import settings as django

    django.REGULARS = settings
    following = Preferences(settings, every_seconds=3600)
    assert now_known() == known
    following.stop()
    shop.made(3)
    from regulars.store.models import Run

    Run.objects.all().delete()
    assert str(night(known, datetime(2024, 6, 2, 3, 29, tzinfo=UTC))) == "2024-06-01"
    assert str(night(known, datetime(2024, 6, 2, 3, 31, tzinfo=UTC))) == "2024-06-02"
    details = Audit.objects.get(what="settings.change").details
    assert details["currency"] == "– → PLN"
    assert details["margin"] == "– → 0.355"


def test_a_running_server_takes_up_what_another_process_chose(settings: Any) -> None:
    from regulars.runtime import preferences
    from regulars.web.following import Preferences

    following = Preferences(settings, every_seconds=3600)
    preferences.change(settings, {"shop_name": "Kawa"}, 0, who="test", now=shop.AT)
    assert now_known().shop_name == ""
    following.read()
    assert now_known().shop_name == "Kawa"
    preferences.change(settings, {"shop_name": ""}, 1, who="test", now=shop.AT)
    following.read()
    assert now_known().shop_name == ""
    assert now_known().origins["shop_name"] == "default"


def test_the_environment_wins_and_says_so(home: Opened) -> None:
    from regulars.runtime import preferences

    settings = home(currency="EUR", margin="0.4", thresholds="vip_orders=9")
    owner = signed_in("owner")
    page = text(owner.get("/settings"))
    assert page.count("Comes from regulars.toml") == 3
    assert '<input id="currency" disabled value="EUR"' in page
    assert "cannot be changed here" in text(keep(owner, currency="PLN"), 422)
    assert keep(owner, shop_name="Kawa", **{"at.vip_orders": "3"}).status_code == 302
    assert now_known().currency == "EUR"
    assert now_known().thresholds == ("vip_orders=9",)
    assert preferences.kept().values == {"shop_name": "Kawa"}
    assert preferences.merged(settings).shop_name == "Kawa"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"currency": "złoty"}, "currency cannot be"),
        ({"time_zone": "Warsaw"}, "such as Europe/Warsaw"),
        ({"time_zone": "../../etc/passwd"}, "such as Europe/Warsaw"),
        ({"time_zone": "a" * 199}, "such as Europe/Warsaw"),
        ({"time_zone": "Europe"}, "such as Europe/Warsaw"),
        ({"margin": "nan"}, "a share above 0"),
        ({"margin": "140%"}, "a share above 0"),
        ({"margin": "much"}, "a share above 0"),
        ({"horizon_days": "0"}, "from 1 to 3650"),
        ({"refresh_at": "25:00"}, "such as 03:00"),
        ({"shop_name": "a" * 150}, "at most 100"),
        ({"shop_name": "a\u202eb"}, "at most 100"),
        ({"at.vip_orders": "many"}, "vip_orders"),
        ({"at.vip_orders": "3=4"}, "vip_orders"),
        ({"at.tier_shares": "1/2/3"}, "tier_shares"),
        ({"at.lapsed_p_alive": "0.9"}, "lapsed_p_alive"),
    ],
)
def test_what_cannot_be_is_said_and_not_kept(settings: Any, fields: dict[str, str], said: str) -> None:
    from regulars.runtime import preferences

    owner = signed_in("owner")
    page = text(keep(owner, **fields), 422)
    assert said in page
    assert 'role="alert"' in page
    assert preferences.kept() == preferences.Kept()


def test_currency_and_zone_are_fixed_by_orders(settings: Any) -> None:
    shop.made(3)
    owner = signed_in("owner")
    assert "was counted in PLN" in text(keep(owner, currency="EUR"), 422)
    assert "was counted in UTC" in text(keep(owner, time_zone="Europe/Warsaw"), 422)
    assert keep(owner, currency="PLN", margin="0.3").status_code == 302
    assert now_known().margin == 0.3


def test_two_people_do_not_undo_each_other(settings: Any) -> None:
    owner = signed_in("owner")
    old = version(owner)
    assert keep(owner, shop_name="First").status_code == 302
    refused = text(keep(owner, shop_name="Second", version=old), 422)
    assert "have been changed since" in refused
    assert 'value="First"' in refused
    assert "have been changed since" in text(keep(owner, shop_name="Third", version="x" * 90), 422)
    assert now_known().shop_name == "First"
    assert keep(owner, shop_name="First").status_code == 302
    assert version(owner) == "1", "the same again changes nothing"


def test_only_owners_and_only_our_forms(settings: Any) -> None:
    from regulars.runtime import preferences

    owner = signed_in("owner")
    for role in ("marketer", "analyst", "service", "developer"):
        other = signed_in(role)
        assert other.get("/settings").status_code == 403
        assert other.post("/settings", version="0", shop_name="Mine").status_code == 403
    assert owner.post("/settings", token="forged", version="0", shop_name="Mine").status_code == 403
    assert preferences.kept() == preferences.Kept()


def test_secrets_stay_away_and_the_page_costs_the_same(settings: Any, queries: Counting) -> None:
    owner = signed_in("owner")
    page = text(owner.get("/settings"))
    if settings.database_url:
        assert settings.database_url not in page
    assert "https://shop.example" in page
    assert " style=" not in page
    shop.made(4)
    owner.get("/settings")
    few = queries(lambda: owner.get("/settings"))
    from regulars.store.models import Job, Run

    for number in range(2, 40):
        Run.objects.create(id=number, state="published", as_of=shop.DAY, started_at=shop.AT, ended_at=shop.AT)
        Job.objects.create(kind="load", state="done", run_at=shop.AT, most_attempts=1, created_at=shop.AT)
    assert queries(lambda: owner.get("/settings")) == few
    assert few <= 22
