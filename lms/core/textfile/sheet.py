"""What reading a file gives: typed rows, the text of its cells, and what is wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lms.core.duck import Rows
from lms.core.errors import Problem
from lms.core.textfile.layout import Layout


class Cells:
    """The wanted cells of every data row as text, kept in a temporary file.

    Written batch by batch; the file goes when nothing refers to it any more.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="zhixing-cells-")
        self._path = Path(self._folder.name) / "cells.arrow"
        self._schema = schema
        self._writer: pa.ipc.RecordBatchStreamWriter | None = pa.ipc.new_stream(str(self._path), schema)

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep some rows."""
        assert self._writer is not None
        if batch.num_rows:
            self._writer.write_batch(batch)

    def close(self) -> None:
        """Say that all rows are there."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def of(self, lines: Collection[int]) -> pa.Table:
        """Return the cells of some lines, by line."""
        wanted = np.array(sorted(lines), np.int64)
        found = [batch.take(_places(batch.column(0), wanted)) for batch in self.batches()]
        return pa.Table.from_batches(found, self._schema).sort_by("line")

    def table(self) -> pa.Table:
        """Return all cells, by line, in memory."""
        return pa.Table.from_batches(list(self.batches()), self._schema).sort_by("line")

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give all cells, as they were kept."""
        self.close()
        with pa.OSFile(str(self._path), "rb") as file, pa.ipc.open_stream(file) as reader:
            yield from reader


def _places(lines: pa.Array[Any], wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where some of the wanted numbers (ascending) stand; most of the lines ascend already."""
    given: npt.NDArray[np.int64] = lines.to_numpy()
    order = np.argsort(given, kind="stable")
    low, high = np.searchsorted(wanted, given[order[[0, -1]]])
    some = wanted[low : high + 1]
    at = order[np.minimum(np.searchsorted(given, some, sorter=order), len(given) - 1)]
    found: npt.NDArray[np.int64] = at[given[at] == some]
    return found


@dataclass(frozen=True)
class Sheet:
    """A file that was read.

    * good: `line` (int64) and the wanted columns, typed, of the rows without a problem, in no
      order; an optional column that the file lacks is all null. They stay in DuckDB: an importer
      of large files queries them there, `table` brings them into memory by line.
    * half: the same of the rows with a bad cell, which is null in them.
    * text: the wanted columns as text, of every data row (for an error file); `cells` in memory.
    * problems: one for each bad cell or row, by line; of very many only the first.
    * rows: how many data rows were read; skipped: how many blank, total and repeated header
      lines not; omitted: the first of them that were not blank; bad: how many rows have a problem.
    """

    layout: Layout
    good: Rows
    half: Rows
    text: Cells
    problems: list[Problem]
    rows: int
    skipped: int
    bad: int = 0
    omitted: Sequence[tuple[int, str]] = ()

    @property
    def table(self) -> pa.Table:
        """The good rows by line, in memory."""
        return self.good.by_line()

    @property
    def cells(self) -> pa.Table:
        """The text of all data rows by line, in memory."""
        return self.text.table()
