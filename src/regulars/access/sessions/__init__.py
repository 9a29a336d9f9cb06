"""Signing in: attempts that grow slower, sessions that end, and a second factor in between."""
