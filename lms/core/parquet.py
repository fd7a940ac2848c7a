"""Where figures lie on disk: Parquet, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from flask import current_app


def root() -> Path:
    """Return the directory of the figures."""
    return Path(current_app.config["ZHIXING_FACTS"])


def write(relative: str, table: pa.Table) -> str:
    """Write a table durably (temporary, fsync, rename); a repeat replaces it. Return its relative path."""
    final = root() / relative
    final.parent.mkdir(parents=True, exist_ok=True)
    part = final.with_name(f".{final.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as target:
            pq.write_table(table, target, compression="zstd")
            target.flush()
            os.fsync(target.fileno())
        part.replace(final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    handle = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return relative


def path(relative: str) -> str:
    """Return where a table lies."""
    return str(root() / relative)
