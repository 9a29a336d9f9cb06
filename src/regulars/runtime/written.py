"""How results leave the house: JSON that is valid everywhere, and files that appear whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from regulars.kit.files import publishing
from regulars.kit.unknown import Unknown

if TYPE_CHECKING:
    from regulars import recommend


def write_parts(parts: Iterator[pa.Table], file: Path) -> Path:
    """Write a table that comes in parts as Parquet, holding one part at a time: the whole of it appears, or nothing."""
    with publishing(file.parent) as scratch:
        first = next(parts)
        with pq.ParquetWriter(scratch / file.name, first.schema, compression="zstd") as out:
            out.write_table(first)
            for part in parts:
                out.write_table(part)
    return file


def write_json(data: Any, folder: Path, name: str) -> Path:
    """Write JSON-ready data to a file of a folder."""
    with publishing(folder) as scratch:
        (scratch / name).write_text(dumps(data), encoding="utf-8")
    return folder / name


def told(
    found: recommend.Evaluation | recommend.SessionEvaluation | recommend.Hindsight | Unknown,
) -> dict[str, Any]:
    """Return an evaluation of recommendations, or a look back at them, or why there is none, ready for JSON."""
    return unknown_json(found) if isinstance(found, Unknown) else found.to_json()


def reranking(found: recommend.Reranker | Unknown | None) -> dict[str, Any]:
    """Return what is told of a re-ranker, or why there is none, ready for JSON; nothing where it was not asked for."""
    if found is None:
        return {}
    return {"reranker": unknown_json(found) if isinstance(found, Unknown) else asdict(found.told)}


def unknown_json(reason: Unknown) -> dict[str, Any]:
    """Return why something is not known, ready for JSON."""
    return {"unknown": {"code": reason.code, "reason": str(reason)}}


def dumps(data: Any) -> str:
    """Write JSON that is valid everywhere: no NaN, dates and decimals as text."""
    return json.dumps(_finite(data), indent=2, ensure_ascii=False, default=str)


def _finite(data: Any) -> Any:
    if isinstance(data, float | np.floating):
        return float(data) if np.isfinite(data) else None
    if isinstance(data, np.integer):
        return int(data)
    if isinstance(data, Mapping):
        return {str(key): _finite(entry) for key, entry in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(entry) for entry in data]
    return asdict(data) if hasattr(data, "__dataclass_fields__") else data
