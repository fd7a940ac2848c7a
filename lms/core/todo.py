"""One line of somebody's to-do list, as every room reports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Todo:
    """What is to be done, where, and until when; `title` is a gettext id with `params`."""

    title: str
    url_endpoint: str
    url_args: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    due: date | None = None
    kind: str = "task"
