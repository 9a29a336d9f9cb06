"""Who is measured at value models."""

from __future__ import annotations

import sys

from bench.contender import BENCH, PEERS_PYTHON, Contender

REGULARS = Contender(
    "regulars",
    "regulars",
    "from regulars import value; from regulars.numeric import pareto_nbd, gamma_gamma, clv",
    sys.executable,
    ("-m", "bench.value.ours"),
)
LIFETIMES = Contender(
    "lifetimes",
    "lifetimes",
    "import lifetimes",
    str(PEERS_PYTHON),
    (str(BENCH / "peers" / "with_lifetimes.py"),),
)
PYMC = Contender(
    "pymc-marketing",
    "pymc-marketing",
    "from pymc_marketing import clv",
    str(PEERS_PYTHON),
    (str(BENCH / "peers" / "with_pymc_marketing.py"),),
)
ALL = (REGULARS, LIFETIMES, PYMC)
