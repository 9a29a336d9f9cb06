"""The hot path of the server: events in, recommendations and segments out, without a web framework."""

from regulars.web.edge.application import PATHS, Application, application
from regulars.web.edge.parts import Counts, Edge, Limits, Recommender, WriteKey
from regulars.web.edge.trust import signature

__all__ = [
    "PATHS",
    "Application",
    "Counts",
    "Edge",
    "Limits",
    "Recommender",
    "WriteKey",
    "application",
    "signature",
]
