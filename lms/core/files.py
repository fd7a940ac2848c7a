"""Content-addressed files: temporary, fsync, rename, and only then the row."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO

from flask import current_app
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.core.db import Model
from lms.core.types import UtcDateTime


class StoredFile(Model):
    """A file by its content; access goes through the row that owns it, never by hash."""

    __tablename__ = "stored_file"

    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)


def files_root() -> Path:
    """Return the directory where files live (shared by all hosts)."""
    return Path(current_app.config["ZHIXING_FILES"])


class TooLarge(ValueError):
    """The content goes beyond the limit that was set."""


def keep(content: bytes | IO[bytes], *, limit: int | None = None) -> tuple[str, int]:
    """Write content durably under its SHA-256 (before any transaction); return hash and size.

    A stream is read piece by piece. Nothing is left of what could not be kept whole.

    Raises:
        TooLarge: there are more than `limit` bytes.
    """
    root = files_root()
    root.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=root, delete=False) as target:
        try:
            for block in (
                [content] if isinstance(content, bytes) else iter(lambda: content.read(1 << 20), b"")
            ):
                size += len(block)
                if limit is not None and size > limit:
                    raise TooLarge(size)
                digest.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
            final = path_of(digest.hexdigest())
            final.parent.mkdir(parents=True, exist_ok=True)
            os.replace(target.name, final)
        except BaseException:
            Path(target.name).unlink(missing_ok=True)
            raise
    _sync_directory(final.parent)
    return digest.hexdigest(), size


def store(
    session: Session, content: bytes | IO[bytes], name: str, media_type: str, *, now: datetime
) -> StoredFile:
    """Keep content and add its row; the row joins the caller's transaction."""
    sha256, size = keep(content)
    stored = StoredFile(
        sha256=sha256, name=Path(name).name[:255], media_type=media_type, size=size, stored_at=now
    )
    session.add(stored)
    session.flush()
    return stored


def path_of(sha256: str) -> Path:
    """Return where content with this hash lies."""
    return files_root() / sha256[:2] / sha256


def read(stored: StoredFile) -> bytes:
    """Return the content of a stored file."""
    return path_of(stored.sha256).read_bytes()


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
