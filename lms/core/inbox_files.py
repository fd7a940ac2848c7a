"""A directory that others write into: looked at, read and put away without trusting anything in it.

Names come only from the directory itself; links are never followed; a file is read only when it is a plain
file with one name, of this process's user or of the directory's owner.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

from flask import current_app

from lms.core.errors import Refused
from lms.core.i18n import N_

MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class Sight:
    """A file as it lies there; `mark` changes whenever it is another file or another content."""

    name: str
    size: int
    changed: float
    mark: str
    fault: str | None = None
    """Why it must not be read, as a gettext id."""


def inbox_root() -> Path:
    """Return the directory into which other systems deliver."""
    return Path(current_app.config["ZHIXING_INBOX"])


@contextmanager
def alone(root: Path) -> Iterator[bool]:
    """Hold the inbox so that two scans never work in it together; False when another one does."""
    root.mkdir(parents=True, exist_ok=True)
    handle = os.open(root / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def sights(root: Path) -> list[Sight]:
    """Return what lies in the inbox, the oldest first; folders and hidden names are nothing of ours."""
    root.mkdir(parents=True, exist_ok=True)
    trusted = {os.getuid(), root.stat().st_uid}
    found: list[Sight] = []
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name.startswith(".") or len(found) >= MOST_ENTRIES:
                continue
            with suppress(FileNotFoundError):  # taken away meanwhile
                told = entry.stat(follow_symlinks=False)
                if not stat.S_ISDIR(told.st_mode):
                    found.append(_sight(entry.name, told, trusted))
    return sorted(found, key=lambda one: (one.changed, one.name))


def _sight(name: str, told: os.stat_result, trusted: set[int]) -> Sight:
    mark = f"{told.st_dev}:{told.st_ino}:{told.st_size}:{told.st_mtime_ns}"
    return Sight(name, told.st_size, told.st_mtime, mark, _fault(name, told, trusted))


def _fault(name: str, told: os.stat_result, trusted: set[int]) -> str | None:
    if stat.S_ISLNK(told.st_mode):
        return N_("这是符号链接，不读取。")
    if not stat.S_ISREG(told.st_mode):
        return N_("这不是普通文件，不读取。")
    if told.st_nlink != 1:
        return N_("这个文件另有硬链接，不读取。")
    if told.st_uid not in trusted:
        return N_("文件的所有者不是收件箱的所有者，不读取。")
    try:
        name.encode()
    except UnicodeEncodeError:
        return N_("文件名无法识别，不读取。")
    return None


@contextmanager
def reading(root: Path, sight: Sight) -> Iterator[IO[bytes]]:
    """Open a file that was seen; afterwards make sure that it stayed the same.

    Raises:
        Refused: it is no longer what was seen, or changed while it was read.
    """
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        handle = os.open(sight.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ELOOP):
            raise
        raise Refused(N_("文件在读取过程中被改动，下次再取。")) from None
    finally:
        os.close(folder)
    with os.fdopen(handle, "rb") as stream:
        _same(stream, root, sight)
        yield stream
        _same(stream, root, sight)


def _same(stream: IO[bytes], root: Path, sight: Sight) -> None:
    told = os.fstat(stream.fileno())
    now = _sight(sight.name, told, {os.getuid(), root.stat().st_uid})
    if now.mark != sight.mark or now.fault:
        raise Refused(N_("文件在读取过程中被改动，下次再取。"))


def put_away(root: Path, sight: Sight, folder: str, prefix: str) -> bool:
    """Move a file into a folder of the inbox under a name of its own, at once and whole; never delete.

    False when it is gone or there is another file in its place by now.
    """
    kept = root
    for part in Path(folder).parts:
        kept = kept / part
        kept.mkdir(exist_ok=True)
        if kept.is_symlink():
            raise Refused(N_("收件箱里的文件夹 %(name)s 是符号链接。"), name=part)
    try:
        told = os.lstat(root / sight.name)
    except FileNotFoundError:
        return False
    if _sight(sight.name, told, {told.st_uid}).mark != sight.mark:
        return False
    os.rename(root / sight.name, kept / f"{prefix}-{sight.name}"[:250])
    handle = os.open(kept, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return True
