"""All data rows of a file, a chunk at a time: the sound ones as columns, the others with their problem."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile import fast
from lms.core.textfile.blocks import Feed
from lms.core.textfile.columns import Column
from lms.core.textfile.rows import Row, Splitter
from lms.core.textfile.sift import Sifter, shown

_SMALL = 1 << 15
_CHUNK = 50_000
_SHOWN = 20


@dataclass
class Tally:
    """What was seen on the way. `omitted`: the first lines that were left out though not blank."""

    rows: int = 0
    skipped: int = 0
    bad_rows: list[Problem] = field(default_factory=list)
    omitted: list[tuple[int, str]] = field(default_factory=list)
    last_line: int = 0
    last_short: bool = False

    def kept(self, line: int, *, short: bool) -> None:
        """Note the last of some rows that count as data."""
        if line >= self.last_line:
            self.last_line, self.last_short = line, short


@dataclass(frozen=True)
class Chunk:
    """Rows as text: `line` and the wanted columns; `sound` ones are to be typed, `bad` ones only shown."""

    sound: pa.RecordBatch
    bad: pa.RecordBatch


@dataclass(frozen=True)
class Gatherer:
    """Knows the places of the wanted columns in a row."""

    columns: Sequence[Column]
    positions: Mapping[str, int]
    sifter: Sifter
    tally: Tally = field(default_factory=Tally)

    @property
    def schema(self) -> pa.Schema:
        """The columns of a chunk."""
        return pa.schema({"line": pa.int64()} | {column.name: pa.string() for column in self.columns})

    def of_rows(self, rows: Iterator[Row]) -> Iterator[Chunk]:
        """Give the chunks of single rows."""
        while several := list(itertools.islice(rows, _CHUNK)):
            sound, bad = self._sorted(several)
            yield Chunk(self._batch(sound), self._batch(bad))

    def of_text(self, feed: Feed, splitter: Splitter, *, quickly: bool = True) -> Iterator[Chunk]:
        """Give the chunks of a text, whole blocks at once where they allow it."""
        if not quickly:
            yield from self.of_rows(_exactly(feed, splitter, whole=True))
            return
        while block := feed.take():
            split = fast.split(block, splitter, self.sifter.width, len(self.sifter.titles))
            if split is not None:
                yield self._of_split(split)
            elif len(block.data) > _SMALL and not splitter.fields and (halves := block.halves()):
                feed.put_back(halves[1])
                feed.put_back(halves[0])
            else:
                feed.put_back(block)
                yield from self.of_rows(_exactly(feed, splitter))

    def refuse_cut(self, *, ends_with_newline: bool) -> None:
        """Refuse a file whose last row is too short and has no line end: it was cut off."""
        if not ends_with_newline and self.tally.last_short:
            line = self.tally.last_line
            message = N_("文件在第 %(line)s 行中途被截断，请重新导出。")
            raise Rejected([Problem(message, {"line": line}, line=line)])

    def _sorted(self, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        sound, bad = [], []
        for row in rows:
            if self.sifter.left_out(row):
                self._omit(row)
            elif problem := self.sifter.problem(row):
                self.tally.bad_rows.append(problem)
                bad.append(row)
            else:
                sound.append(row)
        for row in (*sound[-1:], *bad[-1:]):
            self.tally.kept(row.line, short=len(row.cells) < self.sifter.width)
        self.tally.rows += len(sound) + len(bad)
        return sound, bad

    def _omit(self, row: Row) -> None:
        self.tally.skipped += 1
        text = shown(row.cells)
        if text and len(self.tally.omitted) < _SHOWN:
            self.tally.omitted.append((row.line, text))

    def _of_split(self, split: fast.Split) -> Chunk:
        """Judge the suspicious rows of a block one by one and keep the rest as they are."""
        doubtful = self._doubtful(split)
        rows = [split.row(at) for at in doubtful]
        sound, bad = self._sorted(sorted([*rows, *split.others]))
        cells, lines = split.cells, split.lines
        if doubtful:
            stay = np.ones(len(lines), bool)
            stay[doubtful] = False
            cells, lines = cells.filter(pa.array(stay)), lines[stay]
        if len(lines):
            self.tally.rows += len(lines)
            self.tally.kept(int(lines[-1]), short=False)
        arrays: list[pa.Array[Any]] = [pa.array(lines)]
        for column in self.columns:
            place = self.positions.get(column.name, cells.num_columns)
            if place < cells.num_columns:
                arrays.append(_flat(cells.column(place)))
            else:
                arrays.append(pa.nulls(len(lines), pa.string()))
        usual = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        if sound:
            table = pa.Table.from_batches([usual, self._batch(sound)]).combine_chunks()
            usual = table.to_batches()[0]
        return Chunk(usual, self._batch(bad))

    def _doubtful(self, split: fast.Split) -> list[int]:
        if not split.cells.num_rows:
            return []
        doubtful = self._suspicious(split.cells.column(0))
        for column in split.cells.columns[len(self.sifter.titles) :]:
            doubtful |= pc.not_equal(column, pa.scalar("")).to_numpy()
        return [int(at) for at in np.flatnonzero(doubtful)]

    def _suspicious(self, cells: pa.ChunkedArray[Any]) -> npt.NDArray[np.bool_]:
        if not self.sifter.codes_pass:
            return pc.match_substring_regex(cells, self.sifter.suspicious).to_numpy()
        found = pc.invert(pc.ascii_is_alnum(cells)).to_numpy()
        if found.any():
            some = cells.filter(pa.array(found))
            found[found] = pc.match_substring_regex(some, self.sifter.suspicious).to_numpy()
        return found

    def _batch(self, rows: Sequence[Row]) -> pa.RecordBatch:
        arrays: list[pa.Array[Any]] = [pa.array([row.line for row in rows], pa.int64())]
        for column in self.columns:
            place = self.positions.get(column.name)
            if place is None:
                arrays.append(pa.nulls(len(rows), pa.string()))
            else:
                cells = [row.cells[place] if len(row.cells) > place else None for row in rows]
                arrays.append(pa.array(cells, pa.string()))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _flat(column: pa.ChunkedArray[Any]) -> pa.Array[Any]:
    chunks: list[pa.Array[Any]] = list(column.chunks) or [pa.array([], pa.string())]
    joined: Any = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    return joined  # type: ignore[no-any-return]


class _Lines:
    """The lines of a feed; knows when those of the blocks taken so far are used up."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._left: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if not self._left:
            block = self._feed.take()
            while block and len(block.data) > _SMALL and (halves := block.halves()):
                self._feed.put_back(halves[1])
                block = halves[0]
            if block is None:
                raise StopIteration
            self._left = list(block.lines())[::-1]
        return self._left.pop()

    @property
    def used_up(self) -> bool:
        return not self._left


def _exactly(feed: Feed, splitter: Splitter, *, whole: bool = False) -> Iterator[Row]:
    """Give rows one by one, until a row ends where a block ends; with `whole`, to the end of the file."""
    block = feed.take()
    if block is None:
        return
    feed.put_back(block)
    lines = _Lines(feed)
    for row in splitter.rows(lines, block.line):
        yield row
        if lines.used_up and not whole:
            return
