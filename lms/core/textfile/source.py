"""Where the bytes come from: content in memory, or a file that is read piece by piece."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile.archive import packing, unpack

PIECE = 4 << 20
"""So many bytes are read at once."""


class Source:
    """The bytes of one file, unpacked if need be; `sha256`: what the file as it lies must hash to.

    A large file is never in memory as a whole. `verify` may run beside the reading; whoever read to
    the end asks `refuse_changed`.
    """

    def __init__(self, content: bytes | Path, sha256: str | None = None) -> None:
        self._content = content
        self._sha256 = sha256
        self._stat = os.stat(content) if isinstance(content, Path) else None
        self._unpacked: tempfile.TemporaryDirectory[str] | None = None
        with self._raw() as raw:
            self.packed = packing(raw)
            if self.packed:
                self._unpacked = tempfile.TemporaryDirectory(prefix="zhixing-unpacked-")
                unpack(raw, self.packed, self._size(), self._plain())

    def open(self) -> IO[bytes]:
        """Open the unpacked bytes from their beginning."""
        return self._plain().open("rb") if self._unpacked else self._raw()

    def pieces(self, skip: int = 0) -> Iterator[bytes]:
        """Give the unpacked bytes piece by piece, after the first few."""
        with self.open() as stream:
            stream.seek(skip)
            while piece := stream.read(PIECE):
                yield piece

    def verify(self) -> None:
        """Make sure that the file is the one that was meant.

        Raises:
            Rejected: it is another one.
        """
        if isinstance(self._content, Path) and self._sha256 is not None and self._digest() != self._sha256:
            raise _changed()

    def refuse_changed(self) -> None:
        """Make sure that the file is still what it was at the beginning.

        Raises:
            Rejected: it was changed meanwhile.
        """
        if self._stat is not None and isinstance(self._content, Path):
            now = os.stat(self._content)
            if (now.st_size, now.st_mtime_ns) != (self._stat.st_size, self._stat.st_mtime_ns):
                raise _changed()

    def _digest(self) -> str:
        with self._raw() as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()  # type: ignore[arg-type]

    def _raw(self) -> IO[bytes]:
        return self._content.open("rb") if isinstance(self._content, Path) else io.BytesIO(self._content)

    def _size(self) -> int:
        return self._stat.st_size if self._stat else len(self._content)  # type: ignore[arg-type]

    def _plain(self) -> Path:
        assert self._unpacked is not None
        return Path(self._unpacked.name) / "content"


def _changed() -> Rejected:
    return Rejected([Problem(N_("文件在读取过程中被改动，请重新上传。"))])
