"""Rules of recommendations as a form: fields of text out of rules, and rules out of what somebody typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.http import QueryDict

from regulars.catalog import searching
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Phrase, mark
from regulars.recommend.rule_values import SELECTORS
from regulars.recommend.rulebook import MOST_NAMES, MOST_ROWS, Said

FLAGS = ("in_stock", "exclude_in_cart", "exclude_bought")
NUMBERS = (
    "bought_again_share",
    "price_from",
    "price_to",
    "margin_weight",
    "most_per_category",
    "most_per_brand",
)
WHOLE = ("most_per_category", "most_per_brand")
LONGEST = 20_000
SPARE = 2
"""Empty rows at the end of lists."""
TITLES = {
    "in_stock": mark("Hide what cannot be bought now"),
    "exclude_in_cart": mark("Hide what lies in the cart"),
    "exclude_bought": mark("Hide what the customer has bought"),
    "bought_again_share": mark("But not what this share of buyers buys again"),
    "price_from": mark("Price from"),
    "price_to": mark("Price up to"),
    "margin_weight": mark("Weight of the margin"),
    "most_per_category": mark("At most so many of one category"),
    "most_per_brand": mark("At most so many of one brand"),
    "pin": mark("Products at fixed places"),
    "levers": mark("Lifted and held back"),
    "boost": mark("Lifted"),
    "bury": mark("Held back"),
    "exclude": mark("Never shown"),
    "categories": mark("Only these categories"),
}
KINDS = {"product": mark("Product"), "category": mark("Category"), "brand": mark("Brand")}


class Lever(NamedTuple):
    """A row of what is lifted or held back, as it stands in the form."""

    kind: str
    name: str
    factor: str


class Form(NamedTuple):
    """Everything as it stands in the form."""

    flags: Mapping[str, str]
    """By rule: ``yes``, ``no``, or nothing for what goes without saying."""
    numbers: Mapping[str, str]
    pins: list[tuple[str, str]]
    levers: list[Lever]
    exclude: str
    categories: str


def of(said: Said) -> Form:
    """Return the form of a set of rules."""
    flags = {name: {True: "yes", False: "no"}.get(said.get(name), "") for name in FLAGS}  # type: ignore[arg-type]
    numbers = {name: "" if said.get(name) is None else f"{said[name]:g}" for name in NUMBERS}
    levers = [
        Lever(kind, str(lever[kind]), f"{lever['factor']:g}")
        for name in ("boost", "bury")
        for lever in said.get(name, [])
        for kind in SELECTORS
        if kind in lever
    ]
    return Form(
        flags,
        numbers,
        _spare([(place, product) for place, product in said.get("pin", {}).items()], ("", "")),
        _spare(levers, Lever("product", "", "")),
        "\n".join(said.get("exclude", [])),
        "\n".join(said.get("categories", [])),
    )


def typed(told: QueryDict) -> Form:
    """Return what was typed."""
    places, products = told.getlist("place"), told.getlist("pinned")
    kinds, names, factors = told.getlist("kind"), told.getlist("name"), told.getlist("factor")
    pins = [
        (place.strip()[:20], product.strip()[:300]) for place, product in zip(places, products, strict=False)
    ]
    levers = [
        Lever(kind if kind in SELECTORS else "product", name.strip()[:300], factor.strip()[:40])
        for kind, name, factor in zip(kinds, names, factors, strict=False)
    ]
    return Form(
        {name: told.get(name, "") if told.get(name) in ("yes", "no") else "" for name in FLAGS},
        {name: told.get(name, "").strip()[:40] for name in NUMBERS},
        _spare([each for each in pins if any(each)][: MOST_ROWS + 1], ("", "")),
        _spare([each for each in levers if each.name or each.factor][: MOST_ROWS + 1], Lever("product", "", "")),
        told.get("exclude", "")[:LONGEST],
        told.get("categories", "")[:LONGEST],
    )  # fmt: skip


def read(form: Form, before: Said) -> Said:
    """Return the rules that a form says; raises ``RegularsError`` for what cannot be read and for a product that there is not.

    A code that stands in the rules ``before`` may stay, whether or not there is such a product.
    """
    said: Said = {name: value == "yes" for name, value in form.flags.items() if value}
    for name, text in form.numbers.items():
        if text:
            said[name] = _number(name, text)
    goods = _Goods(before)
    pins = [(place, product) for place, product in form.pins if place or product]
    levers = [lever for lever in form.levers if lever.name or lever.factor]
    names = [line.strip() for line in form.exclude.splitlines() if line.strip()]
    goods.look_up([product for _, product in pins] + names[: MOST_NAMES + 1] + [each.name for each in levers if each.kind == "product"])  # fmt: skip
    said["exclude"] = [goods.code("exclude", each) for each in names]
    said["categories"] = [line.strip() for line in form.categories.splitlines() if line.strip()]
    said["pin"] = _pins(pins, goods)
    for lever in levers:
        factor = _number("levers", lever.factor)
        name = "boost" if factor >= 1 else "bury"
        meant = goods.code(name, lever.name) if lever.kind == "product" else lever.name
        said.setdefault(name, []).append({lever.kind: meant, "factor": factor})
    return said


def _pins(pins: Iterable[tuple[str, str]], goods: _Goods) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, product in pins:
        number = _number("pin", place)
        if number < 1 or number != int(number) or str(int(number)) in found:
            raise _refused("pin", place, mark("a whole place from 1 on, each once"))
        found[str(int(number))] = goods.code("pin", product)
    return found


class _Goods:
    """Products by their codes, or by names that only one of them has."""

    def __init__(self, before: Said) -> None:
        self._kept = {*before.get("exclude", []), *before.get("pin", {}).values()}
        self._kept |= {each["product"] for name in ("boost", "bury") for each in before.get(name, []) if "product" in each}  # fmt: skip
        self._known: set[str] = set()

    def look_up(self, names: Iterable[str]) -> None:
        """Ask for all codes at once."""
        self._known = set(searching.known(name for name in names if name and name.isprintable()))

    def code(self, rule: str, told: str) -> str:
        """Return the code of a product; raises for one that there is not."""
        if told in self._known or told in self._kept:
            return told
        found = searching.exactly(told)
        if found is None:
            raise RegularsError(
                "recommend.rule_product",
                mark(
                    "The rule {rule} names the product {product}, and there is none with this code or name."
                ),
                hint=mark("Type its code, or its whole name where only one has it."),
                rule=Phrase(TITLES[rule]),
                product=repr(told[:80]),
            )
        return found.product_id


def _number(rule: str, text: str) -> float | int:
    """Read a number with a dot or a comma, or a share with a percent sign."""
    plain = text.replace(" ", "").replace("\u00a0", "").replace(",", ".")
    share = plain.endswith("%")
    try:
        number = float(plain.rstrip("%")) / (100 if share else 1)
    except ValueError:
        raise _refused(rule, text, mark("a number")) from None
    return int(number) if rule in WHOLE and number.is_integer() else number


def _refused(rule: str, text: str, needed: str) -> RegularsError:
    return RegularsError(
        "recommend.rule_value",
        mark("The rule {rule} is {value}."),
        hint=mark("It needs {needed}."),
        rule=Phrase(TITLES[rule]),
        value=repr(text[:80]),
        needed=Phrase(needed),
    )


def _spare(rows: list[Any], empty: Any) -> list[Any]:
    return [*rows, *([empty] * SPARE)]
