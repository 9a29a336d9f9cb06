"""How a contender is measured: alone in a process, its input already in memory, over processor seconds and peak memory.

Standard library only, and nothing of the package around it: the peers run this file in a virtual environment of their own.
"""

import ctypes
import gc
import json
import resource
import sys
import time
import warnings
from pathlib import Path

CALLS, ENOUGH_SECONDS = 3, 45.0
"""A task is called so many times, as long as fewer seconds than these have gone by; the quickest call counts."""
ONCE = ("forecast",)
"""Tasks of which the answer counts, not the time."""


def main(tasks):
    """Run ``FILE TASK WORDS…``: prepare, measure, print one line of JSON.

    A task is a function of the words that reads the input and returns what is to be measured; that returns figures by
    which contenders can be compared.
    """
    warnings.simplefilter("ignore")
    name, words = sys.argv[1], sys.argv[2:]
    work = tasks[name](*words)
    memory = _Memory()
    seconds, walls, answer, peak = [], [], {}, 0
    calls = 1 if name in ONCE else CALLS
    while len(seconds) < calls and sum(walls) < ENOUGH_SECONDS:
        before, wall = _cpu(), time.perf_counter()
        answer = work()
        seconds.append(_cpu() - before)
        walls.append(time.perf_counter() - wall)
        peak = peak or memory.beyond()
    told = {"cpu": min(seconds), "first_cpu": seconds[0], "wall": min(walls), "calls": len(seconds)}
    print(json.dumps({**told, "peak": peak, "answer": answer}))


def _cpu():
    """Processor seconds of this process and of those it waited for (PyTensor calls a compiler)."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class _Memory:
    """Peak resident memory beyond what is held now, which is the input and the libraries."""

    def __init__(self):
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark starts anew
        self.held = _status("VmRSS")

    def beyond(self):
        return max(0, _status("VmHWM") - self.held)


def _status(name):
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0
