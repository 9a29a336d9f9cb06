"""A thin client of a server's API, for programs of the shop: the standard library and nothing else."""

from regulars.client.client import Client
from regulars.client.errors import ApiError

__all__ = ["ApiError", "Client"]
