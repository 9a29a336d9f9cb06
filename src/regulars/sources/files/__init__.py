"""Files as shops export them: CSV in all its dialects, workbooks, Parquet, JSON, and folders of these."""

from regulars.sources.files.desk import Desk
from regulars.sources.files.folders import read_path
from regulars.sources.files.lines import Lines

__all__ = ["Desk", "Lines", "read_path"]
