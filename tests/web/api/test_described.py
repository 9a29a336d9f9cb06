"""Whatever is asked as the API's description allows or forbids it, the answer is one that the description names.

``REGULARS_EXAMPLES=200`` asks each operation so often; with ``REGULARS_EXPLORE=1`` the examples are new ones every time.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from tests.web.api.told import order
from tests.web.conftest import Program, key_of

schemathesis = pytest.importorskip("schemathesis", reason="make setup installs it")

EXAMPLES = int(os.environ.get("REGULARS_EXAMPLES", "4"))
IDS = {"order_id": ["1", "o1"], "customer_id": ["ada", "c1", "key:2"], "product_id": ["tea", "p1"]}
"""Of these, any text may be one."""
KNOWN = IDS | {
    "merge_id": [1],
    "number": [1],
    "segments": ["vip"],
    "figures": ["revenue", "cohorts"],
    "currency": ["PLN"],
    "ordered_at": ["2024-05-17T18:05:00+02:00"],
    "absorbed": ["key:1", "c2"],
}
"""What there is, by parameter, by noun where that is called ``name``, and by member of a body: what is drawn would meet nothing."""


@pytest.fixture
def asked(settings: Any) -> tuple[Any, dict[str, str]]:
    """The API as schemathesis knows it, in this process, of a shop with a little of everything."""
    from tests.web.api.test_lists import shop

    shop(3)
    mine = Program(key_of(settings))
    assert mine("PUT", "orders/1", order(currency="PLN")).status_code == 201  # the currency of that shop
    assert mine("POST", "customers/ada/merges", {"absorbed": "c3"}).status_code == 201
    api = schemathesis.openapi.from_wsgi("/v1/openapi.json", get_wsgi_application())
    return api, {"Authorization": f"Bearer {mine.key}"}


def wrong(operation: Any, mode: Any, headers: dict[str, str]) -> list[str]:
    """Ask an operation, and return what is wrong with the answers."""
    from schemathesis import checks
    from schemathesis.core.failures import Failure, FailureGroup

    found: list[str] = []
    # What can be said may still not be true: an amount may be more than is left, a currency another one than the shop's.
    left_out = [checks.CHECKS.get_one("positive_data_acceptance")]
    if operation.method == "get":  # a query may say more than anybody asks for
        left_out.append(checks.CHECKS.get_one("negative_data_rejection"))
    forbidden = mode is schemathesis.GenerationMode.NEGATIVE

    @how(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode), pick=st.integers(0, 5))
    def ask(case: Any, pick: int) -> None:
        if pick < 4:
            _meet(case, pick, IDS if forbidden else KNOWN)
        answer = case.call(headers=headers)
        try:
            case.validate_response(answer, headers=headers, excluded_checks=left_out)
        except (Failure, FailureGroup) as error:
            found.append(f"{operation.label}: {error} {getattr(error, 'exceptions', '')}")

    with suppress(Unsatisfiable):  # some take nothing, so nothing can be forbidden
        ask()
    return found


def _meet(case: Any, pick: int, there_is: dict[str, list[Any]]) -> None:
    """Put what there is in the place of what was drawn."""
    noun = case.path.split("/")[2]
    for names, told in ((case.path_parameters, noun), (case.body, "")):
        if not isinstance(names, dict):
            continue
        for name in names:
            known = there_is.get(told if name == "name" else name)
            if known:
                names[name] = known[pick % len(known)]


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_answers_are_as_they_are_described(asked: tuple[Any, dict[str, str]], mode: str) -> None:
    api, headers = asked
    operations = [each.ok() for each in api.get_all_operations()]
    assert len(operations) > 25
    operations.sort(key=lambda each: each.method == "delete")  # the key that asks goes last
    found = [
        one
        for operation in operations
        for one in wrong(operation, getattr(schemathesis.GenerationMode, mode.upper()), headers)
    ]
    assert not found, "\n\n".join(found)
