"""From bytes to text: which encoding, and whether the end was cut off."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_

ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
"""Encodings that can be declared; GBK and GB2312 are read as GB18030, which holds them."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TOLERATED = 0.02


@dataclass(frozen=True)
class Text:
    """Decoded text without its byte order mark."""

    text: str
    encoding: str


def decode(content: bytes, declared: str | None = None) -> Text:
    """Decode a file; a declared encoding wins over the guess.

    A few undecodable bytes become U+FFFD, so that the reader can name their lines.

    Raises:
        Rejected: the file is empty, no text, or ends within a character (it was cut off).
    """
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Rejected([Problem(N_("文件是空的。"))])
    for mark, name in _MARKS:
        if content.startswith(mark):
            content = content[len(mark) :]
            declared = declared or name
            break
    names = (declared,) if declared else (_wide(content) or "utf-8", "gb18030")
    best: tuple[int, str, str] | None = None
    for name in names:
        try:
            return _whole(content.decode(name), name)
        except UnicodeDecodeError as error:
            _refuse_cut(content, error)
            text = content.decode(name, errors="replace")
            if best is None or text.count("\ufffd") < best[0]:
                best = (text.count("\ufffd"), name, text)
    assert best is not None
    if best[0] > max(3, len(best[2]) * _TOLERATED):
        raise Rejected([Problem(N_("无法识别文件的编码，请另存为 UTF-8 或 GBK 后再上传。"))])
    return _whole(best[2], best[1])


def _whole(text: str, encoding: str) -> Text:
    if text.count("\x00") > max(3, len(text) * _TOLERATED):
        raise Rejected([Problem(N_("这不是文本文件。"))])
    return Text(text.removeprefix("\ufeff"), encoding)


def _wide(content: bytes) -> str | None:
    """Return a two-byte encoding when every other byte of the start is mostly zero."""
    head = content[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) / 12 or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _refuse_cut(content: bytes, error: UnicodeDecodeError) -> None:
    """Refuse a file that is right up to a last, incomplete character."""
    if error.end >= len(content) and error.start >= len(content) - 4 and error.start > 0:
        line = content[: error.start].decode(error.encoding).count("\n") + 1
        raise Rejected(
            [Problem(N_("文件在第 %(line)s 行中途被截断，请重新导出。"), {"line": line}, line=line)]
        )
