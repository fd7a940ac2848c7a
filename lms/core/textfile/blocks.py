"""Text as blocks of whole lines in UTF-8, however large the file is."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile.decode import Encoded
from lms.core.textfile.source import Source

LINE_LIMIT = 1 << 20
"""A longer line (in bytes of UTF-8) is refused; no bank writes one, and it would fill the memory."""


@dataclass(frozen=True)
class Block:
    """Whole lines, with the number of the first (from 1); only the last of a file may lack its end."""

    line: int
    data: bytes

    @cached_property
    def newlines(self) -> npt.NDArray[np.int64]:
        """Where the \n stand."""
        return np.flatnonzero(np.frombuffer(self.data, np.uint8) == ord("\n"))

    @cached_property
    def line_count(self) -> int:
        """How many lines it holds; one that lacks its end does not count."""
        count = len(self.newlines)
        if b"\r" in self.data:
            count += self.data.count(b"\r") - self.data.count(b"\r\n")
        return count

    def lines(self) -> Iterator[str]:
        """Give the lines with their ends; a lone \\r ends one as well."""
        return iter(io.StringIO(self.data.decode(), newline=""))

    def halves(self) -> tuple[Block, Block] | None:
        """Return two blocks in place of this one, or None when it is a single line."""
        cut = (
            self.data.find(b"\n", len(self.data) // 2) + 1
            or self.data.rfind(b"\n", 0, len(self.data) - 1) + 1
        )
        if not 0 < cut < len(self.data):
            return None
        head = Block(self.line, self.data[:cut])
        return head, Block(self.line + head.line_count, self.data[cut:])


class Feed:
    """The blocks of a file, in order; what was not used can be put back."""

    def __init__(self, source: Source, encoded: Encoded) -> None:
        self._blocks = blocks(source, encoded)
        self._back: list[Block] = []

    def take(self) -> Block | None:
        """Return the next block, or None after the last."""
        return self._back.pop() if self._back else next(self._blocks, None)

    def put_back(self, block: Block) -> None:
        """Let a block come next."""
        if block.data:
            self._back.append(block)

    def skip_to(self, line: int) -> None:
        """Leave out the lines before `line`."""
        while block := self.take():
            unended = not block.data.endswith((b"\n", b"\r"))
            after = block.line + block.line_count + unended
            if after <= line:
                continue
            lines = block.lines()
            passed = "".join(next(lines) for _ in range(line - block.line))
            self.put_back(Block(line, block.data[len(passed.encode()) :]))
            return


def blocks(source: Source, encoded: Encoded) -> Iterator[Block]:
    """Give a file's text.

    Raises:
        Rejected: a line is longer than `LINE_LIMIT`.
    """
    line, rest = 1, b""
    for piece in _in_utf8(source, encoded):
        data = rest + piece if rest else piece
        cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        if cut:
            block = Block(line, data[:cut])
            _refuse_long(block)
            yield block
            line += block.line_count
        rest = data[cut:]
        if len(rest) > LINE_LIMIT:
            raise Rejected([_long(line)])
    if rest:
        yield Block(line, rest)


def _in_utf8(source: Source, encoded: Encoded) -> Iterator[bytes]:
    if encoded.encoding == "utf-8" and encoded.clean:
        yield from source.pieces(encoded.mark)
        return
    decoder = codecs.getincrementaldecoder(encoded.encoding)(errors="replace")
    for piece in source.pieces(encoded.mark):
        if text := decoder.decode(piece):
            yield text.encode("utf-8", errors="replace")
    if text := decoder.decode(b"", final=True):
        yield text.encode("utf-8", errors="replace")


def _refuse_long(block: Block) -> None:
    """Lines are measured from one \\n to the next; only where that is too far, \\r counts as well."""
    spans = np.diff(block.newlines, prepend=-1, append=len(block.data) - 1)
    if spans.max() <= LINE_LIMIT:
        return
    for at, line in enumerate(block.lines(), start=block.line):
        if len(line.encode()) > LINE_LIMIT:
            raise Rejected([_long(at)])


def _long(line: int) -> Problem:
    message = N_("第 %(line)s 行超过 1 MB：文件可能损坏，或分隔方式不对。")
    return Problem(message, {"line": line}, line=line)
