"""`flask worker` whose steps of the given kinds last long enough to be killed in any part of one."""

from __future__ import annotations

import sys
import time
from typing import Any

from lms.app import create_app
from lms.core.jobs import JobKind, kind_of
from lms.core.worker import worker

PAUSE = 0.15
"""Seconds between preparing and writing a step, and again between writing and committing it."""


def slow_down(kind: Any) -> None:
    """Let a kind rest where a kill would hurt most."""
    prepare, apply = kind.prepare, kind.apply

    def slow_prepare(*arguments: Any) -> Any:
        prepared = prepare(*arguments)
        time.sleep(PAUSE)
        return prepared

    def slow_apply(session: Any, *arguments: Any) -> None:
        apply(session, *arguments)
        session.flush()
        time.sleep(PAUSE)

    kind.prepare, kind.apply = slow_prepare, slow_apply


if __name__ == "__main__":
    with create_app().app_context():
        for name in sys.argv[1:]:
            kind: JobKind = kind_of(name)
            slow_down(kind)
        worker(["--patience", "20"])
