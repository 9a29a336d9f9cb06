"""The re-ranker: trees that learnt, from earlier weeks of the shop, which of the candidates people really bought (extra ``rank``)."""

from regulars.recommend.rerank.features import Facts
from regulars.recommend.rerank.reranker import Reranker, learn

__all__ = ["Facts", "Reranker", "learn"]
