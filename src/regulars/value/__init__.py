"""What every customer is worth: traditional, historical and predicted, with intervals and a track record."""

from regulars.value import drift, groupings
from regulars.value.assumptions import Assumptions, Minimum
from regulars.value.backtest import Backtest, Score
from regulars.value.estimate import Value, estimate
from regulars.value.rolling import Rolling
from regulars.value.scoring import Scorer, score
from regulars.value.total import Total
from regulars.value.tracking import Track, follow

__all__ = [
    "Assumptions",
    "Backtest",
    "Minimum",
    "Rolling",
    "Score",
    "Scorer",
    "Total",
    "Track",
    "Value",
    "drift",
    "estimate",
    "follow",
    "groupings",
    "score",
]
