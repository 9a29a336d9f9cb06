"""How bodies are read: strict JSON, so that nothing gets in that a store cannot hold."""

from __future__ import annotations

import json
import math
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser


class Strict(Parser):
    """Reads JSON without NaN, infinite numbers and texts that no database takes."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return what a body says; raises ``ValueError`` for anything else."""
        told = json.loads(request.body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
        _check(told)
        return told


def _refuse(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _check(told: Any) -> None:
    if isinstance(told, str):
        if "\0" in told:
            raise ValueError("A text holds the sign 0.")
        told.encode("utf-8")  # half a surrogate pair is no text
    elif isinstance(told, dict):
        for name, value in told.items():
            _check(name)
            _check(value)
    elif isinstance(told, list):
        for value in told:
            _check(value)
