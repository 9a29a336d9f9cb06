"""What a refund takes from which line: to the last unit, and never more than was paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark

STATUSES = ("paid", "unpaid", "cancelled", "test")


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid for one thing, in minor units with tax; how much of it the shop keeps, and how much went back."""

    paid: int
    net: int
    """Without tax."""
    refunded: int = 0
    """Of ``net``."""
    back: int | None = None
    """Of ``paid``; None where only ``refunded`` is known."""

    @property
    def given(self) -> int:
        """Return what went back, tax included."""
        if self.back is not None:
            return self.back
        return min(half_up(Fraction(self.refunded * self.paid, self.net)), self.paid) if self.net > 0 else 0

    @property
    def room(self) -> int:
        """Return what can still go back."""
        return max(self.paid - self.given, 0)

    def less(self, amount: int) -> Paid:
        """Give back an amount of what is left; the last of it takes all that the shop keeps, so that rounding loses nothing."""
        left = self.net - self.refunded
        taken = half_up(Fraction(left * amount, self.room)) if amount else 0
        return replace(self, refunded=self.refunded + taken, back=self.given + amount)


def half_up(number: Fraction) -> int:
    """Round to a whole number, halves away from zero as the loader does."""
    size = (2 * abs(number.numerator) + number.denominator) // (2 * number.denominator)
    return size if number >= 0 else -size


def net_of(back: int, paid: int, net: int) -> int:
    """Return the share of the shop in what went back, tax included."""
    return half_up(Fraction(back * net, paid)) if paid > 0 else 0


def shared(amount: int, rooms: Mapping[int, int]) -> dict[int, int]:
    """Share an amount out by what is left of each line; what rounding leaves goes to the largest parts first.

    Raises where the lines have not got so much left.
    """
    whole = sum(rooms.values())
    _enough(amount, whole)
    if not amount:
        return {}
    parts = {line: amount * room // whole for line, room in rooms.items()}
    rest = sorted(rooms, key=lambda line: (-(amount * rooms[line] % whole), line))
    for line in rest[: amount - sum(parts.values())]:
        parts[line] += 1
    return {line: part for line, part in parts.items() if part}


def bearing(amount: int | None, told: Sequence[tuple[int, int]], rooms: Mapping[int, int]) -> dict[int, int]:
    """Return what each line bears of a refund: what is told of lines, or an ``amount`` of all of them.

    Raises for lines that there are not, and for more than is left.
    """
    if amount is not None:
        return shared(amount, rooms)
    parts: dict[int, int] = {}
    for line, part in told:
        if line not in rooms:
            raise RegularsError(
                "orders.no_line",
                mark("The order has no line {line}."),
                hint=mark("GET the order to see its lines and their numbers."),
                line=line,
            )
        parts[line] = parts.get(line, 0) + part
        _enough(parts[line], rooms[line])
    return parts


def _enough(amount: int, room: int) -> None:
    if amount > room:
        raise too_much()


def too_much() -> RegularsError:
    """Return the error for a refund of more than is left."""
    return RegularsError(
        "orders.refund_too_much",
        mark("The refund takes back more than is left of what was paid."),
        hint=mark("GET the order to see what was paid and what went back already."),
    )
