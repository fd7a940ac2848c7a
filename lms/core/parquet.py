"""Where figures lie on disk: Parquet, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from flask import current_app

from lms.core.duck import Rows, literal
from lms.core.errors import room_on_disk

_QUICK = (
    "FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
    "WRITE_BLOOM_FILTER false, DICTIONARY_SIZE_LIMIT 8192"
)
"""Of millions of rows: a column of mostly different texts is not worth a dictionary."""


def root() -> Path:
    """Return the directory of the figures."""
    return Path(current_app.config["ZHIXING_FACTS"])


def write(relative: str, table: pa.Table) -> str:
    """Write a table durably (temporary, fsync, rename); a repeat replaces it. Return its relative path."""
    with writing(relative) as part:
        pq.write_table(table, part, compression="zstd")
    return relative


def write_rows(relative: str, rows: Rows) -> str:
    """Write rows that lie in DuckDB in the order of their query, as `write` does."""
    with writing(relative) as part:
        rows.room.connection.execute(f"COPY ({rows.query}) TO {literal(str(part))} ({_QUICK})")
    return relative


@contextmanager
def writing(relative: str) -> Iterator[Path]:
    """Yield where to write a file's content; it comes into being whole afterwards, or not at all.

    Raises:
        Refused: the disk is full.
    """
    final = root() / relative
    part = final.with_name(f".{final.name}.{os.getpid()}.part")
    try:
        with room_on_disk():
            final.parent.mkdir(parents=True, exist_ok=True)
            yield part
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(final)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    handle = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def path(relative: str) -> str:
    """Return where a table lies."""
    return str(root() / relative)
