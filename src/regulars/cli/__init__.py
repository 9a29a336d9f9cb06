"""The command: one file a verb, loaded only when it is used, so that ``regulars --help`` is there at once."""

from regulars.cli.group import command, main

__all__ = ["command", "main"]
