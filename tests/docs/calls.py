"""Runs the script of a page and writes down which public functions the page itself called.

Calls inside the library do not count: what a reader sees called is what is shown.
"""

from __future__ import annotations

import functools
import importlib
import json
import re
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator
from inspect import isclass, isfunction
from pathlib import Path
from typing import Any

NUMERIC, VALUE = "regulars.numeric", "regulars.value"


def modules() -> list[str]:
    """Return the names of the modules of which everything public must be shown at work."""
    return [*(f"{NUMERIC}.{name}" for name in importlib.import_module(NUMERIC).__all__), VALUE]


def public(names: Iterable[str]) -> Iterator[tuple[Any, str, str]]:
    """Yield (owner, attribute, full name) of each public function and method of a public class of some modules."""
    for module in map(importlib.import_module, names):
        for name in module.__all__:
            found = vars(module)[name]
            if isfunction(found):
                yield module, name, f"{module.__name__}.{name}"
            elif isclass(found):
                for method, held in vars(found).items():
                    if not method.startswith("_") and (isfunction(held) or isinstance(held, classmethod)):
                        yield found, method, f"{module.__name__}.{name}.{method}"


def watched(call: Callable[..., Any], name: str, page: str, called: set[str]) -> Callable[..., Any]:
    """Return the function with a note made of each call from the page."""

    @functools.wraps(call)
    def noted(*args: Any, **kwargs: Any) -> Any:
        if sys._getframe(1).f_code.co_filename == page:
            called.add(name)
        return call(*args, **kwargs)

    return noted


def main(page: str, out: str) -> None:
    """Run the page's script as Python would, then write the names of what it called to ``out``."""
    called: set[str] = set()
    written = Path(out).resolve()
    text = Path(page).read_text(encoding="utf-8")
    # Importing everything takes longer than most pages do.
    named = [module for module in modules() if re.search(rf"\b{module.rpartition('.')[2]}\b", text)]
    for owner, attribute, name in list(public(named)):
        held = vars(owner)[attribute]
        if isinstance(held, classmethod):
            setattr(owner, attribute, classmethod(watched(held.__func__, name, page, called)))
        else:
            setattr(owner, attribute, watched(held, name, page, called))
    sys.argv, sys.path[0] = [page], str(Path(page).resolve().parent)
    runpy.run_path(page, run_name="__main__")
    written.write_text(json.dumps(sorted(called)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
