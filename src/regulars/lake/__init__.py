"""The lake: facts read in bulk, as Parquet that every engine reads, and the engines that read them."""

from regulars.lake.tables import Capabilities, Orders, Shop
from regulars.lake.workspace import Engine, Workspace, open_workspace

__all__ = ["Capabilities", "Engine", "Orders", "Shop", "Workspace", "open_workspace"]
