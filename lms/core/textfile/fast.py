"""A block of lines to Arrow columns at once, wherever that gives the same as row by row.

Blocks in which rows cannot simply be told apart by line ends (a line break or a doubled quote
inside a cell, a lone carriage return) are not for here: `table` then returns None.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from lms.core.textfile.blocks import Block
from lms.core.textfile.rows import CELL_LIMIT, Row, Splitter

_STAND_IN = b"\x1f"
_MARK = ord('"')
_NEWLINE = ord("\n")


@dataclass(frozen=True)
class Split:
    """A block's rows: those of the usual width as columns, with their lines, and the others one by one."""

    lines: npt.NDArray[np.int64]
    cells: pa.Table
    others: Sequence[Row]

    def row(self, at: int) -> Row:
        """Return one of the usual rows."""
        return Row(int(self.lines[at]), [str(column[at].as_py()) for column in self.cells.columns])


def split(block: Block, splitter: Splitter, width: int, widest: int) -> Split | None:
    """Return a block's rows, or None when they must be read row by row.

    `width` and `widest`: how many cells a right row has at least and at most (blank ones aside).
    """
    if splitter.fields:
        return None
    ends = _line_ends(block, splitter)
    if ends is None:
        return None
    separator, data = _one_byte(splitter.separator, block.data)
    if separator is None:
        return None
    count = _usual_width(block, ends, splitter, width, widest)
    odd: list[int] = []

    def note(row: pyarrow.csv.InvalidRow) -> Literal["skip", "error"]:
        assert row.number is not None
        odd.append(row.number - 1)
        return "skip"

    names = [str(at) for at in range(count)]
    cells = pyarrow.csv.read_csv(
        io.BytesIO(data),
        pyarrow.csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        pyarrow.csv.ParseOptions(
            delimiter=separator,
            quote_char='"' if splitter.quotes and b'"' in data else False,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    lines = np.arange(block.line, block.line + len(ends), dtype=np.int64)
    usual = np.delete(lines, odd) if odd else lines
    if len(usual) != cells.num_rows:
        return None
    return Split(usual, cells.combine_chunks(), [_row(block, ends, at, splitter) for at in odd])


def _usual_width(
    block: Block, ends: npt.NDArray[np.int64], splitter: Splitter, width: int, widest: int
) -> int:
    """Return how many cells most of the first rows have, as far as it is enough."""
    first = (len(_row(block, ends, at, splitter).cells) for at in range(min(len(ends), 9)))
    counted = Counter(count for count in first if count >= width)
    return counted.most_common(1)[0][0] if counted else widest


def _row(block: Block, ends: npt.NDArray[np.int64], at: int, splitter: Splitter) -> Row:
    begin = int(ends[at - 1]) + 1 if at else 0
    text = block.data[begin : int(ends[at]) + 1].decode()
    return next(splitter.rows(iter([text]), block.line + at))


def _one_byte(separator: str, data: bytes) -> tuple[str | None, bytes]:
    """Return a separator of one byte, and the data with it in place of a longer one."""
    if len(separator.encode()) == 1:
        return separator, data
    if _STAND_IN in data:
        return None, data
    return _STAND_IN.decode(), data.replace(separator.encode(), _STAND_IN)


def _line_ends(block: Block, splitter: Splitter) -> npt.NDArray[np.int64] | None:
    """Return where each line ends; None when a line is not the same as a row."""
    data, ends = block.data, block.newlines
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data) - 1)
    if np.diff(ends, prepend=-1).max() > CELL_LIMIT:
        return None
    if splitter.quotes and b'"' in data and not _plainly_quoted(data, ends, splitter.separator):
        return None
    return ends


def _plainly_quoted(data: bytes, ends: npt.NDArray[np.int64], separator: str) -> bool:
    """Whether every quote opens a cell at its beginning or closes it at its end, on one line."""
    content = np.frombuffer(data, np.uint8)
    at = np.flatnonzero(content == _MARK)
    if len(at) % 2 or len(separator.encode()) != 1:
        return False
    edges = np.zeros(256, bool)
    edges[[ord(separator), _NEWLINE]] = True
    opening, closing = at[0::2], at[1::2]
    before = edges[content[opening - 1]] | (opening == 0)
    edges[ord("\r")] = True
    after = edges[content[(closing + 1) % len(content)]] | (closing == len(content) - 1)
    one_line = np.searchsorted(ends, opening) == np.searchsorted(ends, closing)
    return bool(before.all() and after.all() and one_line.all())
