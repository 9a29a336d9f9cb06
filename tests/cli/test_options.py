"""The shared options: what is read, and what is said when it cannot be read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import click
import pytest
from click.testing import CliRunner

from regulars.cli import options
from regulars.kit.errors import RegularsError

HERE = __file__
"""A file that is there."""


def read(*words: str, origin: str = HERE) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    @click.command()
    @options.orders
    @options.reading
    @options.as_of
    @options.language
    @options.as_json
    @click.option("--margin", type=options.Share())
    def verb(**given: Any) -> None:
        seen.update(given)

    result = CliRunner().invoke(verb, [origin, *words], standalone_mode=False)
    if result.exception:
        raise result.exception
    return seen


def test_nothing_given_means_nothing_decided() -> None:
    given = read()
    assert given["origin"] == HERE
    assert given["reading"] == options.Reading()
    assert given["reading"].settings()["mapping"] is None
    assert given["reading"].settings()["rates"] is None
    assert (given["as_of"], given["language"], given["as_json"], given["margin"]) == (None, "en", False, None)


def test_a_path_that_leads_nowhere_is_told_before_anything_is_loaded() -> None:
    with pytest.raises(RegularsError) as caught:
        read(origin="nowhere.csv")
    assert caught.value.code == "source.missing"
    for origin in ("postgresql://shop@nowhere.example/shop", "~"):
        assert read(origin=origin)["origin"] == origin


def test_settings_are_those_of_read_orders() -> None:
    import inspect

    from regulars.runtime.reading import read_orders

    taken = {
        name
        for name, parameter in inspect.signature(read_orders).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    assert set(options.Reading().settings()) <= taken


def test_everything_given_is_read() -> None:
    given = read(
        *("--map", "customer_id = Kunde Nr", "--map", "amount=Wert=brutto"),
        *("--time-zone", "Europe/Warsaw", "--currency", "pln"),
        *("--rate", "eur=4,25", "--rate", "USD=3.9"),
        *("--month-first", "--include-delivery", "--drop-repeats"),
        *("--query", "select 1", "--sheet", "Arkusz", "--encoding", "cp1250", "--delimiter", "tab"),
        *("--engine", "local[2]", "--memory", "2 gib", "--threads", "3"),
        *("--as-of", "2024-02-29", "--lang", "pl", "--json", "--margin", "35%"),
    )  # fmt: skip
    assert given["reading"] == options.Reading(
        mapping={"customer_id": "Kunde Nr", "amount": "Wert=brutto"},
        time_zone="Europe/Warsaw",
        currency="PLN",
        rates={"EUR": Decimal("4.25"), "USD": Decimal("3.9")},
        day_first=False,
        delivery_counts=True,
        drop_repeats=True,
        query="select 1",
        sheet="Arkusz",
        encoding="cp1250",
        delimiter="\t",
        engine="local[2]",
        memory_limit="2GB",
        threads=3,
    )
    assert (given["as_of"], given["language"], given["as_json"], given["margin"]) == (
        date(2024, 2, 29),
        "pl",
        True,
        0.35,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--map", "amount"), "write it as NAME=COLUMN"),
        (("--map", "=x"), "write it as NAME=COLUMN"),
        (("--map", "a=x", "--map", "a=y"), "'a' is given twice"),
        (("--time-zone", "Europe/Warszawa"), "Did you mean Europe/Warsaw?"),
        (("--time-zone", "../etc/passwd"), "There is no time zone"),
        (("--currency", "zloty"), "is not a currency"),
        (("--rate", "EUR"), "write it as CODE=RATE"),
        (("--rate", "EUR=many"), "write it as EUR=1.08"),
        (("--rate", "EUR=0"), "write it as EUR=1.08"),
        (("--rate", "EUR=inf"), "write it as EUR=1.08"),
        (("--rate", "EUR=1", "--rate", "eur=2"), "given twice"),
        (("--delimiter", "ab"), "is not one character"),
        (("--memory", "lots"), "write it as 4GB"),
        (("--memory", "0GB"), "write it as 4GB"),
        (("--threads", "0"), "0"),
        (("--as-of", "29.02.2024"), "write it as 2024-12-31"),
        (("--as-of", "2023-02-29"), "is not a day"),
        (("--lang", "xx"), "xx"),
        (("--margin", "35"), "write it as 0.35 or 35%"),
        (("--margin", "nan"), "is not a share"),
    ],
)
def test_a_slip_says_how_to_write_it(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        read(*words)
    assert said in caught.value.format_message()
