"""Which worker of pytest-xdist runs which tests: a file stays whole, so that what its tests share is made once.

Marks ``xdist_group`` do the same only with some versions: pytest 9.2 no longer lets a plug-in rename tests, and with it
groups are dealt out test by test without a word; every worker then makes every shop, server and session anew.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/web/shop/": "shop",
    "tests/laws/test_engines.py": "spark",
    "tests/laws/test_rules.py": "spark",
    "tests/segments/test_engines.py": "spark",
}
"""Files that share what is expensive, and what it is: a simulated shop that is served, a session of Spark."""
SECONDS = {
    "spark": 80,
    "tests/docs/test_examples.py": 58,
    "tests/stories/test_a_real_shop.py": 55,
    "tests/stories/test_a_living_shop.py": 50,
    "tests/web/console/test_browser.py": 36,
    "shop": 30,
    "tests/web/console/test_building.py": 27,
    "tests/web/console/test_journeys.py": 25,
}
"""About how long the longest units take, in seconds of processor, so that they begin first and no worker is left with one at the end."""


def unit(test: str) -> str:
    """Return what a test stays together with."""
    file = test.split("::")[0]
    return next((shared for place, shared in TOGETHER.items() if file.startswith(place)), file)


class WholeFiles(LoadScopeScheduling):
    """Deals out whole files, the longest first."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        longest = max(self.workqueue, key=lambda each: (SECONDS.get(each, 0), len(self.workqueue[each])))
        self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)
