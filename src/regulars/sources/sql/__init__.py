"""Databases: one read-only query, streamed into the working folder."""

from regulars.sources.sql.database import read_database
from regulars.sources.sql.urls import is_url

__all__ = ["is_url", "read_database"]
