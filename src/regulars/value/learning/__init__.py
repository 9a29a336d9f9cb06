"""What earlier days teach about today's customers beyond the purchase model; needs LightGBM (``regulars[rank]``)."""

from regulars.value.learning.learner import Learner, Learnt

__all__ = ["Learner", "Learnt"]
