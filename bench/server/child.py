"""A verb of the command, with the most memory that it took on a line of its own at the end."""

from __future__ import annotations

import resource
import sys

from regulars.cli import command

if __name__ == "__main__":
    try:
        command.main(sys.argv[1:], standalone_mode=False)
    finally:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
