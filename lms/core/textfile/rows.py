"""From lines to rows of cells with their true line numbers, exactly, one row at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_

CELL_LIMIT = 131_072
"""A cell of more characters than this is no cell but a quote left open."""


class Row(NamedTuple):
    """A row: the line where it begins (1-based), its cells, and whether its quotes hold."""

    line: int
    cells: list[str]
    sound: bool = True


def printable(separator: str) -> bool:
    """Whether a separator is one that comes with quotes: a single printable character or a tab."""
    return len(separator) == 1 and (separator == "\t" or separator.isprintable())


@dataclass(frozen=True)
class Splitter:
    """How a line becomes cells: by a separator, with or without quotes, or at fixed places.

    `fields`: begin (from 1) and length of each field in bytes of `encoding`.
    """

    separator: str
    quoted: bool | None = None
    fields: Sequence[tuple[int, int]] = ()
    encoding: str = "utf-8"

    @property
    def quotes(self) -> bool:
        """Whether `"` encloses cells."""
        if self.fields or len(self.separator) != 1:
            return False
        return printable(self.separator) if self.quoted is None else self.quoted

    def rows(self, lines: Iterator[str], first: int = 1) -> Iterator[Row]:
        """Split lines into rows; a quoted cell may hold separators and line breaks.

        Raises:
            Rejected: a quote is never closed, so that rows can no longer be told apart.
        """
        if self.quotes:
            yield from _quoted(lines, self.separator, first)
            return
        for line, text in enumerate(lines, start=first):
            text = text.rstrip("\r\n")
            cells = self._fixed(text) if self.fields else text.split(self.separator)
            yield Row(line, cells if text else [])

    def _fixed(self, text: str) -> list[str]:
        data = text.encode(self.encoding, errors="replace")
        return [
            data[begin - 1 : begin - 1 + size].decode(self.encoding, errors="replace")
            for begin, size in self.fields
            if begin <= len(data)
        ]


def _quoted(lines: Iterator[str], separator: str, first: int) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = first
    while True:
        try:
            for cells in reader:
                yield Row(line, cells)
                line = first + reader.line_num
            return
        except csv.Error as error:
            last = first + reader.line_num - 1
            if last > line or "end of data" in str(error):
                raise Rejected([_open_quote(line)]) from error
            yield Row(line, [], sound=False)
            line = last + 1


def _open_quote(line: int) -> Problem:
    return Problem(N_("第 %(line)s 行的引号没有结束：文件被截断或引号有误。"), {"line": line}, line=line)
