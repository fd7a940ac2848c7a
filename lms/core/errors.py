"""How the business says no: message ids with parameters, translated by the web layer."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lms.core.i18n import N_


class Refused(Exception):
    """A business rule forbids the act; `message` is a gettext id with named placeholders."""

    def __init__(self, message: str, /, **params: Any) -> None:
        super().__init__(message % params if params else message)
        self.message = message
        self.params = params


class NotFound(Exception):
    """The thing is not there, or not there for this person (the two look the same)."""


class Forbidden(Exception):
    """The person may not do this at all."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: what, and in which file, line (1-based) and field."""

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    field: str | None = None
    line: int | None = None
    value: str | None = None
    file: str | None = None

    def __str__(self) -> str:
        text = self.message % dict(self.params) if self.params else self.message
        where = [str(part) for part in (self.file, self.line, self.field) if part is not None]
        return f"{':'.join(where)}: {text}" if where else text


class Rejected(Exception):
    """An input with problems, all of them; nothing of it was kept."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems[:5]))
        self.problems = tuple(problems)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_WORDS = (
    "No space left",
    "disk is full",
    "File too large",
    "Disk quota exceeded",
    "max_temp_directory_size",
)
"""How libraries that give no number say it."""


@contextmanager
def room_on_disk() -> Iterator[None]:
    """Turn a full disk, whichever library finds it, into words for the person who waits.

    Raises:
        Refused: the disk is full.
    """
    try:
        yield
    except Exception as error:
        full = isinstance(error, OSError) and error.errno in _FULL
        if full or any(words in str(error) for words in _FULL_WORDS):
            raise Refused(N_("磁盘空间不足，没有写入任何内容。请清理磁盘后重试。")) from error
        raise
