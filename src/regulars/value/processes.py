"""The models of how often customers buy and when they stop, among which a shop's own past chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regulars import numeric
from regulars.numeric import beta_geometric, bg_nbd, cnbd_k, mbg_nbd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from regulars.numeric.fit import Fit, Floats, Parameters


@dataclass(frozen=True, slots=True)
class Process:
    """One model of :mod:`regulars.numeric` by name: all of them answer the same questions in the same words.

    ``form`` is what ``numeric.clv`` asks for: None for the Pareto/NBD. Times are in any one unit.
    """

    name: str
    module: str
    form: beta_geometric.Form | None = None

    @property
    def _model(self) -> Any:
        return getattr(numeric, self.module)

    @property
    def _options(self) -> dict[str, int]:
        return {"k": self.form.k} if self.form is not None and self.form.k > 1 else {}

    def fit(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, start: Parameters | None = None) -> Fit[Any]:
        """Fit the model to histories; ``start`` are parameters near which the search may begin."""
        found: Fit[Any] = self._model.fit(x, t_x, T, start=start, **self._options)
        return found

    def alive(self, params: Parameters, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
        """Return P(active at T)."""
        found: Floats = self._model.probability_alive(params, x, t_x, T, **self._options)
        return found

    def purchases(
        self, params: Parameters, horizon: float, rate: float, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
    ) -> Floats:
        """Return the expected purchases within the horizon, discounted at a continuous rate."""
        found: Floats = self._model.discounted_purchases(params, horizon, rate, x, t_x, T, **self._options)
        return found

    def none(self, params: Parameters, horizon: float, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
        """Return P(no purchase within the horizon)."""
        found: Floats = self._model.probability_of_none(params, horizon, x, t_x, T, **self._options)
        return found

    def wait(self, params: Parameters, share: float, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
        """Return within which time after T one who stays buys again with probability ``share``."""
        found: Floats = self._model.wait_for_next(params, share, x, t_x, T, **self._options)
        return found

    def of_new(self, params: Parameters, t: ArrayLike) -> Floats:
        """Return the expected repeat purchases in (0, t] of someone of whom nothing but the first purchase is known."""
        found: Floats = self._model.purchases_of_new(params, t, **self._options)
        return found

    @property
    def parameters(self) -> tuple[str, str, str, str]:
        """The names of the parameters, in their order."""
        return ("r", "alpha", "s", "beta") if self.form is None else ("r", "alpha", "a", "b")

    def lasts_for_ever(self, params: Parameters) -> bool:
        """Tell whether purchases to come have no end in the mean unless they are discounted: s <= 1, or a <= 1."""
        return bool(params[2] <= 1)


PARETO = Process("Pareto/NBD", "pareto_nbd")
BG = Process("BG/NBD", "bg_nbd", bg_nbd.FORM)
MBG = Process("MBG/NBD", "mbg_nbd", mbg_nbd.FORM)


def regular(k: int) -> Process:
    """Return the model of customers whose purchases are the k-th beats of a Poisson process: the higher k, the more even."""
    return Process(f"MBG/CNBD-{k}", "cnbd_k", cnbd_k.form_of(k))


def named(name: str) -> Process | None:
    """Return the process of a name; None where there is none of it."""
    plain = next((one for one in (PARETO, BG, MBG) if one.name == name), None)
    if plain is not None:
        return plain
    k = name.removeprefix("MBG/CNBD-")
    return regular(int(k)) if name != k and k.isdecimal() and 1 < int(k) <= MOST_EVEN else None


MOST_EVEN = 100
"""Beats to a purchase beyond which buying would be clockwork."""
