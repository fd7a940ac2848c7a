"""The time of an attempt, as the server decides it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

GRACE = timedelta(seconds=20)
"""What a slow line may take between the last second of the clock and the answer's arrival."""


def due_at(started_at: datetime, minutes: int) -> datetime:
    """Return the moment until which answers count."""
    return started_at + timedelta(minutes=minutes)


def overdue(due: datetime, now: datetime) -> bool:
    """Whether answers come too late, grace included."""
    return now > due + GRACE


def seconds_left(due: datetime, now: datetime) -> int:
    """Return the whole seconds until the end, rounded up, never below zero."""
    return max(0, math.ceil((due - now).total_seconds()))
