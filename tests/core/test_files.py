"""Files lie under the hash of their content."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from io import BytesIO

from sqlalchemy.orm import Session

from lms.core.files import files_root, path_of, read, store

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_the_same_content_is_kept_once(session: Session) -> None:
    content = "同样的内容".encode()
    first = store(session, content, "../../etc/甲.txt", "text/plain", now=NOW)
    second = store(session, BytesIO(content), "乙.txt", "text/plain", now=NOW)
    assert first.sha256 == second.sha256 == hashlib.sha256(content).hexdigest()
    assert (first.name, second.name) == ("甲.txt", "乙.txt")
    assert first.size == second.size == len(content)
    assert read(second) == content
    assert list(files_root().rglob(f"{first.sha256}*")) == [path_of(first.sha256)]
