"""Newton's search on objectives whose maximum is known: a bowl, a ridge into a corner of the box, a limit at infinity."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.numeric.newton import maximise

LOW, HIGH = np.full(2, -10.0), np.full(2, 10.0)


class Counted:
    """An objective that counts how often it was asked."""

    def __init__(self, objective):
        self.objective, self.asked = objective, 0

    def __call__(self, point):
        self.asked += 1
        return self.objective(point)


def ridge(steep, along, top):
    """A parabola that is steep across the diagonal and peaks far along it."""
    across, down = np.array([1.0, -1.0]) / np.sqrt(2), np.array([1.0, 1.0]) / np.sqrt(2)

    def objective(point):
        u, v = across @ point, down @ point - top
        gradient = -steep * u * across - along * v * down
        hessian = -steep * np.outer(across, across) - along * np.outer(down, down)
        return -(steep * u * u + along * v * v) / 2, gradient, hessian

    return objective


def test_a_bowl_takes_one_step_and_a_look():
    found = maximise(ridge(3.0, 2.0, 1.0), np.array([0.5, 1.0]), LOW, HIGH)
    assert found.converged
    assert found.iterations <= 3
    np.testing.assert_allclose(found.point, np.sqrt(0.5), atol=1e-9)


@pytest.mark.parametrize("start", [[4.5, 4.4], [-3.0, 3.0], [4.99999, -9.0]])
def test_a_ridge_that_leaves_the_box_is_followed_to_its_side(start):
    """A step clipped in one parameter alone falls off the ridge, and takes halving after halving."""
    objective = Counted(ridge(1e6, 1e-3, 100.0))
    found = maximise(objective, np.array(start), LOW, np.array([5.0, 40.0]))
    assert found.converged
    np.testing.assert_allclose(found.point, [5.0, 5.0], atol=1e-5)
    assert objective.asked <= 8


def test_the_best_point_of_a_side_is_found():
    found = maximise(ridge(4.0, 1.0, 30.0), np.zeros(2), LOW, np.array([2.0, 40.0]))
    # on x = 2 the derivative 4 (2 - y) / 2 + (30 - (2 + y) / √2) / √2 vanishes
    y = (4 + 30 / np.sqrt(2) - 1) / 2.5
    assert found.converged
    assert found.pressed.tolist() == [True, False]
    np.testing.assert_allclose(found.point, [2.0, y], atol=1e-6)


def test_towards_a_limit_steps_grow():
    """Newton's own steps towards the limit of -e^t all have the length one: twenty of them until nothing is left to gain."""

    def limit(point):
        falls = 1e3 * np.exp(point)
        return -float(falls.sum()), -falls, -np.diag(falls)

    objective = Counted(limit)
    found = maximise(objective, np.zeros(2), np.full(2, -60.0), np.full(2, 60.0))
    assert found.converged
    assert found.value > -1e-5
    assert objective.asked <= 12
