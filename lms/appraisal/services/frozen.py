"""Frozen tables: Parquet files by content, and one hash for all of them together."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy.orm import Session

from lms.core import files
from lms.core.files import StoredFile
from lms.core.types import canonical_json

Kept = dict[str, dict[str, Any]]
"""{"facts": {"sha256", "size"}}, and "file_id" once its row is written."""


def keep(tables: Mapping[str, pa.Table]) -> Kept:
    """Write tables durably, before any transaction; the same rows give the same bytes."""
    kept: Kept = {}
    for name, table in tables.items():
        sha256, size = files.keep(_bytes(table))
        kept[name] = {"sha256": sha256, "size": size}
    return kept


def hashed(tables: Mapping[str, pa.Table]) -> Kept:
    """Return what `keep` would, and write nothing."""
    return {name: {"sha256": hashlib.sha256(_bytes(table)).hexdigest()} for name, table in tables.items()}


def add_rows(session: Session, kept: Kept, prefix: str, *, now: datetime) -> Kept:
    """Add the rows that own kept files; they join the caller's transaction."""
    rows: dict[str, StoredFile] = {}
    for name, one in kept.items():
        rows[name] = StoredFile(
            sha256=one["sha256"],
            name=f"{prefix}-{name}.parquet",
            media_type="application/vnd.apache.parquet",
            size=one["size"],
            stored_at=now,
        )
    session.add_all(rows.values())
    session.flush()
    return {name: {**kept[name], "file_id": row.id} for name, row in rows.items()}


def fingerprint(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """Return one hash for tables, from their names and the hashes of their files."""
    hashes = {name: one["sha256"] for name, one in kept.items()}
    return hashlib.sha256(canonical_json(hashes).encode()).hexdigest()


def table(kept: Mapping[str, Mapping[str, Any]], name: str, subjects: list[str] | None = None) -> pa.Table:
    """Return a frozen table, or only the rows of some subjects."""
    return pq.read_table(
        files.path_of(kept[name]["sha256"]),
        filters=None if subjects is None else [("subject", "in", subjects)],
        partitioning=None,
    )


def damaged(kept: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of tables whose file is gone or no longer has its hash."""
    bad = []
    for name, one in kept.items():
        path = files.path_of(one["sha256"])
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != one["sha256"]:
            bad.append(name)
    return bad


def _bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), sink, compression="zstd")
    return sink.getvalue()
