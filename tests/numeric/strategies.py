"""Purchase histories that break implementations, for property tests to draw from."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


@st.composite
def histories(draw):
    """Up to 25 customers in any unit of time, hundreds of purchases and moments that coincide included."""
    n = draw(st.integers(1, 25))
    unit = 10.0 ** draw(st.integers(-4, 8))
    T = np.array(draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))) * unit
    x = np.array(draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 5, 40, 400, 20_000]), min_size=n, max_size=n)))
    share = np.array(draw(st.lists(st.sampled_from([0, 1e-9, 0.3, 0.9, 1.0]), min_size=n, max_size=n)))
    return x, np.where(x > 0, share * T, 0.0), T
