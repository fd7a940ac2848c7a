"""From bytes to text: which encoding, and whether the end was cut off."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.core.textfile.source import Source

ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "windows-1252")
"""Encodings that can be declared; GBK and GB2312 are read as GB18030, which holds them.

Windows-1252 is never guessed: every file is valid in it."""

_ALIASES = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "utf-8-sig": "utf-8",
    "utf8": "utf-8",
    "cp1252": "windows-1252",
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TOLERATED = 0.02
_NOTHING = b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"


@dataclass(frozen=True)
class Encoded:
    """How a file's bytes are text: the encoding, and how many bytes of a mark come first.

    `clean`: every byte can be decoded; otherwise some few become U+FFFD, so that the reader
    can name their lines. `ends_with_newline`: its last line is complete.
    """

    encoding: str
    mark: int
    clean: bool
    ends_with_newline: bool


def survey(source: Source, declared: str | None = None) -> Encoded:
    """Go through a file once and tell its encoding; a declared one wins over the guess.

    Raises:
        Rejected: the file is empty, no text, or ends within a character (it was cut off).
    """
    declared = _ALIASES.get(declared.lower(), declared.lower()) if declared else None
    if all(not piece.strip(_NOTHING) for piece in source.pieces()):
        raise Rejected([Problem(N_("文件是空的。"))])
    with source.open() as stream:
        head = stream.read(4096)
    mark = 0
    for bom, name in _MARKS:
        if head.startswith(bom):
            mark, declared = len(bom), declared or name
            break
    names = (declared,) if declared else (_wide(head) or "utf-8", "gb18030")
    found = []
    for name in names:
        counted = _count(source, name, mark)
        if counted.broken == 0:
            return _whole(counted, name, mark)
        found.append((counted.broken, name, counted))
    broken, name, counted = min(found, key=lambda one: one[0])
    if broken > max(3, counted.length * _TOLERATED):
        raise Rejected([Problem(N_("无法识别文件的编码，请另存为 UTF-8 或 GBK 后再上传。"))])
    return _whole(counted, name, mark)


@dataclass
class _Counted:
    length: int = 0
    zeros: int = 0
    broken: int = 0
    last: str = ""


def _count(source: Source, encoding: str, mark: int) -> _Counted:
    """Decode everything and count; a piece of plain ASCII need not be decoded."""
    counted = _Counted()
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    wide = encoding.startswith("utf-16")
    for piece in source.pieces(mark):
        if not wide and not decoder.getstate()[0] and piece.isascii():
            text = chr(piece[-1])
        else:
            try:
                text = decoder.decode(piece)
            except UnicodeDecodeError:
                return _count_broken(source, encoding, mark)
        counted.length += len(piece)
        if b"\x00" in piece:
            counted.zeros += text.count("\x00") if wide else piece.count(b"\x00")
        counted.last = text[-1:] or counted.last
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if counted.last:
            line = _last_line(source, encoding, mark)
            message = N_("文件在第 %(line)s 行中途被截断，请重新导出。")
            raise Rejected([Problem(message, {"line": line}, line=line)]) from error
        return _count_broken(source, encoding, mark)
    return counted


def _last_line(source: Source, encoding: str, mark: int) -> int:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return 1 + sum(decoder.decode(piece).count("\n") for piece in source.pieces(mark))


def _count_broken(source: Source, encoding: str, mark: int) -> _Counted:
    counted = _Counted()
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for piece in source.pieces(mark):
        text = decoder.decode(piece)
        counted.length += len(text)
        counted.zeros += text.count("\x00")
        counted.broken += text.count("\ufffd")
        counted.last = text[-1:] or counted.last
    counted.broken += decoder.decode(b"", final=True).count("\ufffd")
    counted.broken = max(counted.broken, 1)
    return counted


def _whole(counted: _Counted, encoding: str, mark: int) -> Encoded:
    if counted.zeros > max(3, counted.length * _TOLERATED):
        raise Rejected([Problem(N_("这不是文本文件。"))])
    return Encoded(encoding, mark, counted.broken == 0, counted.last in ("\n", "\r"))


def _wide(head: bytes) -> str | None:
    """Return a two-byte encoding when every other byte of the start is mostly zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) / 12 or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"
