"""What earlier days teach about today's customers beyond the purchase model; needs LightGBM (``regulars[rank]``)."""

from regulars.value.learning.learner import Learner, Learnt
from regulars.value.learning.words import Reason

__all__ = ["Learner", "Learnt", "Reason"]
