"""The re-ranker: trees that learnt, from earlier weeks of the shop, which of the candidates people really bought (extra ``rank``)."""

from regulars.recommend.rerank.facts import Facts
from regulars.recommend.rerank.features import MOST
from regulars.recommend.rerank.lessons import Effort
from regulars.recommend.rerank.reranker import Learnt, Proof, Reranker, learn, taught

__all__ = ["MOST", "Effort", "Facts", "Learnt", "Proof", "Reranker", "learn", "taught"]
