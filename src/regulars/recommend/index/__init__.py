"""The recommender as files: built whole, switched at once, mapped by any number of readers, mended in place by what happens since."""

from regulars.recommend.index.build import build
from regulars.recommend.index.mapped import Index
from regulars.recommend.index.reader import open_index
from regulars.recommend.index.served import Served, serve
from regulars.recommend.index.updates import Live

__all__ = ["Index", "Live", "Served", "build", "open_index", "serve"]
