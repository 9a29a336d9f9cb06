"""Settings: where each comes from, which beats which, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars.kit.errors import RegularsError
from regulars.runtime.settings import FILE, Settings


def read(home: Path, told: dict[str, str] | None = None, text: str = "") -> Settings:
    if text:
        (home / FILE).write_text(text, encoding="utf-8")
    return Settings.read(home, told or {})


def test_defaults(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert found == Settings(home=tmp_path.resolve())
    assert set(found.origins.values()) == {"default", "option"}
    assert Settings.read(None, {"REGULARS_HOME": str(tmp_path)}).home == tmp_path.resolve()


def test_a_variable_beats_a_file_and_a_file_the_home(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://a:b@c/d\n", encoding="utf-8")
    told = {"REGULARS_CURRENCY": "eur", "REGULARS_DATABASE_URL_FILE": str(secret)}
    found = read(
        tmp_path,
        told,
        'currency = "PLN"\nmargin = 0.4\ntime_zone = "Europe/Warsaw"\ndelivery_counts = true\n',
    )
    assert (found.currency, found.margin, found.time_zone, found.delivery_counts) == (
        "EUR",
        0.4,
        "Europe/Warsaw",
        True,
    )
    assert found.database_url == "postgresql://a:b@c/d"
    assert found.origins["currency"] == "REGULARS_CURRENCY"
    assert found.origins["margin"] == FILE
    assert found.origins["database_url"] == "REGULARS_DATABASE_URL_FILE"
    assert found.origins["horizon_days"] == "default"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('currency = "złoty"', "settings.value", "currency cannot be 'złoty' (regulars.toml)"),
        ("margin = 40", "settings.value", "a share above 0"),
        ("margin = true", "settings.value", "margin"),
        ('log = "xml"', "settings.value", "text or json"),
        ('webhooks_private = "perhaps"', "settings.value", "true or false"),
        ('time_zone = "Warsaw"', "settings.value", "Europe/Warsaw"),
        ('time_zone = "../../etc/passwd"', "settings.value", "Europe/Warsaw"),
        ("horizon_days = 0", "settings.value", "from 1 to 3650"),
        ('delivery_counts = "perhaps"', "settings.value", "true or false"),
        ('currencyy = "PLN"', "settings.unknown", "currencyy"),
        ("currency = PLN", "settings.unreadable", "regulars.toml"),
        ('database_url = "mysql://root:s3cret@host/x"', "settings.value", "postgresql://"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, text: str, code: str, said: str) -> None:
    with pytest.raises(RegularsError) as caught:
        read(tmp_path, text=text)
    assert caught.value.code == code
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_secret_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegularsError) as caught:
        read(tmp_path, {"REGULARS_DATABASE_URL_FILE": str(tmp_path / "none")})
    assert caught.value.code == "settings.unreadable"
    assert "REGULARS_DATABASE_URL_FILE" in str(caught.value)
