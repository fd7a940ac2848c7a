"""DuckDB as this house uses it: in memory, with limits, and without reaching out."""

# ruff: noqa: S608  the queries are made of our own names
from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import duckdb
import pyarrow as pa

MEMORY = os.environ.get("ZHIXING_DUCKDB_MEMORY", "1GB")
SPILL_ABOVE = os.environ.get("ZHIXING_IMPORT_MEMORY", "640MB")
"""What an import may hold in memory; the rest goes to the temporary directory of the machine."""


@contextmanager
def duck(*, files: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a private in-memory connection; only with `files` may it read from the disk."""
    connection = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "threads": os.cpu_count() or 1})
    try:
        connection.execute("SET autoinstall_known_extensions=false")
        connection.execute("SET preserve_insertion_order=false")
        connection.execute("SET enable_progress_bar=false")
        if not files:
            connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        yield connection
    finally:
        connection.close()


class Workroom:
    """A private connection that spills to the disk what its memory cannot hold.

    It ends, and what it spilled goes, when nothing refers to it any more, or with `close`.
    `writes_to`: the one directory that it may read and write files in.
    """

    def __init__(self, writes_to: str | None = None) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="zhixing-rows-")
        self.connection = duckdb.connect(
            ":memory:", config={"memory_limit": SPILL_ABOVE, "threads": os.cpu_count() or 1}
        )
        self.connection.execute(f"SET temp_directory={literal(self.folder.name + '/spill')}")
        self.connection.execute("SET autoinstall_known_extensions=false")
        self.connection.execute("SET preserve_insertion_order=false")
        self.connection.execute("SET enable_progress_bar=false")
        if writes_to:
            self.connection.execute(f"SET allowed_directories=[{literal(writes_to.rstrip('/') + '/')}]")
        self.connection.execute("SET enable_external_access=false")
        self.connection.execute("SET lock_configuration=true")

    def close(self) -> None:
        """End it now."""
        self.connection.close()
        self.folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def rows(self, query: str) -> Rows:
        """Return the rows of a query, which keep this room open."""
        return Rows(self, query)


class Rows:
    """Rows that stay in DuckDB, in memory or spilled to disk, until somebody asks for them.

    Millions of rows go from reading to checking to writing as one of these: a query in a room
    that they keep open. `table()` brings all of them into memory.
    """

    def __init__(self, room: Workroom, query: str) -> None:
        self.room = room
        self.query = query

    @property
    def num_rows(self) -> int:
        """How many there are."""
        counted = self.room.connection.sql(f"SELECT count(*) FROM ({self.query})").fetchall()
        return int(counted[0][0])

    def table(self) -> pa.Table:
        """Return them all, in memory."""
        return pa.table(self.room.connection.sql(self.query).to_arrow_table())

    def by_line(self) -> pa.Table:
        """Return them all, in memory, by their column `line`."""
        return Rows(self.room, f"SELECT * FROM ({self.query}) ORDER BY line").table()


_EMPTY = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.date32(): "DATE",
    pa.bool_(): "BOOLEAN",
    pa.float64(): "DOUBLE",
}


def create_table(connection: duckdb.DuckDBPyConnection, name: str, content: pa.Table) -> None:
    """Make a table of a connection from an Arrow table, in place of one of that name."""
    if not content.num_rows and all(kind in _EMPTY for kind in content.schema.types):  # much quicker
        fields = ", ".join(f"{quoted(one.name)} {_EMPTY[one.type]}" for one in content.schema)
        connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} ({fields})")
        return
    connection.register("_given", content)
    connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} AS FROM _given")
    connection.unregister("_given")


def quoted(name: str) -> str:
    """Return a name as SQL; quotes are doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL; quotes are doubled."""
    return "'" + text.replace("'", "''") + "'"
