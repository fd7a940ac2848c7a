"""Packed files: a .gz, or a .zip that holds exactly one file, unpacked with a limit."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import IO

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_

UNPACKED_LIMIT = 4 * 1024**3
"""More than this is not unpacked."""

RATIO_LIMIT = 200
"""Nor is, beyond 64 MiB, what grows more than so many times: text shrinks to a tenth, a bomb to nothing."""

_UNJUDGED = 64 * 1024**2
_BLOCK = 1 << 20


def packing(stream: IO[bytes]) -> str:
    """Return "gzip", "zip", or "" for what is not packed; an xlsx workbook is not."""
    head = stream.read(4)
    stream.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if not head.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        names = ["xl/"]  # a damaged one is told of as the workbook that it most likely was
    stream.seek(0)
    return "" if any(name.startswith("xl/") or name == "[Content_Types].xml" for name in names) else "zip"


def unpack(stream: IO[bytes], kind: str, packed_size: int, target: Path) -> None:
    """Unpack into a file.

    Raises:
        Rejected: damaged, with a password, with more or fewer than one file, or unreasonably large.
    """
    try:
        if kind == "gzip":
            with gzip.GzipFile(fileobj=stream) as unpacked:
                _copy(unpacked, packed_size, target)
            return
        with zipfile.ZipFile(stream) as archive:
            inside = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(inside) != 1:
                message = N_("压缩包中须恰好有一个文件，实际有 %(found)s 个。")
                raise Rejected([Problem(message, {"found": len(inside)})])
            with archive.open(inside[0]) as unpacked:
                _copy(unpacked, packed_size, target)
    except (
        zipfile.BadZipFile,
        gzip.BadGzipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise Rejected([Problem(N_("无法解压文件：文件已损坏、被截断或有密码。"))]) from error


def _copy(source: IO[bytes] | gzip.GzipFile, packed_size: int, target: Path) -> None:
    allowed = min(UNPACKED_LIMIT, max(_UNJUDGED, packed_size * RATIO_LIMIT))
    size = 0
    with target.open("wb") as written:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > allowed:
                raise Rejected([Problem(N_("压缩包解开后过大，请拆分后再上传。"))])
            written.write(block)
