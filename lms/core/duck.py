"""DuckDB as this house uses it: in memory, with limits, and without reaching out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

MEMORY = os.environ.get("ZHIXING_DUCKDB_MEMORY", "1GB")


@contextmanager
def duck(*, files: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a private in-memory connection; only with `files` may it read from the disk."""
    connection = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "threads": os.cpu_count() or 1})
    try:
        connection.execute("SET autoinstall_known_extensions=false")
        connection.execute("SET preserve_insertion_order=false")
        if not files:
            connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        yield connection
    finally:
        connection.close()
