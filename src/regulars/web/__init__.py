"""The doors of a server: its API, and what else is asked over the web."""
