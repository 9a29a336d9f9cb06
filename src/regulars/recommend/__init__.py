"""Recommendations: what to show whom in each slot of a shop, why, and how often that would have been right."""

from regulars.recommend.answers import Answer, Pick
from regulars.recommend.ask import SLOTS, ask
from regulars.recommend.evaluation import Evaluation, evaluate
from regulars.recommend.hindsight import Hindsight, hindsight
from regulars.recommend.interactions import Interactions, read
from regulars.recommend.parameters import Parameters
from regulars.recommend.recommender import Recommender, fit, fit_interactions
from regulars.recommend.rerank import Reranker
from regulars.recommend.rules import Rules
from regulars.recommend.rules_file import read_rules
from regulars.recommend.session_evaluation import SessionEvaluation, evaluate_sessions

__all__ = [
    "SLOTS",
    "Answer",
    "Evaluation",
    "Hindsight",
    "Interactions",
    "Parameters",
    "Pick",
    "Recommender",
    "Reranker",
    "Rules",
    "SessionEvaluation",
    "ask",
    "evaluate",
    "evaluate_sessions",
    "fit",
    "fit_interactions",
    "hindsight",
    "read",
    "read_rules",
]
