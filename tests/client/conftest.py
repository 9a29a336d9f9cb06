"""The server of the API's tests, asked by the client without sockets."""

from __future__ import annotations

from tests.web.conftest import django, light

__all__ = ["django", "light"]
