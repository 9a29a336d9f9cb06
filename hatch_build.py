"""A wheel carries the built front end: without it the report has no charts, so building fails instead."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEnd(BuildHookInterface):
    """Build charts and styles with npm before files are collected; editable installs leave that to ``make setup``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Run npm where the assets are not there yet."""
        if version == "editable":
            return
        root = Path(self.root)
        built = (
            "src/regulars/report/assets/report.js",
            "src/regulars/web/console/assets/console.js",
            "src/regulars/web/edge/assets/regulars.js",
            "src/regulars/web/shop/assets/shop.css",
        )
        if all((root / path).exists() for path in built):
            return
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=root / "frontend", check=True)  # noqa: S607
        subprocess.run(["npm", "run", "build"], cwd=root / "frontend", check=True)  # noqa: S607
