"""The parameters that every contender predicts with (weeks, dollars), as published for CDNOW, so that answers must agree."""

BG_NBD = {"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258}
PARETO_NBD = {"r": 0.5533, "alpha": 10.5776, "s": 0.6062, "beta": 11.6679}
GAMMA_GAMMA = {"p": 6.2488, "q": 3.7446, "v": 15.4477}

WEEKS = 52.0
MONTHS = 12
RATE_MONTHLY = 0.01
WEEKS_A_MONTH = 4.345
"""As lifetimes and pymc-marketing have it."""
