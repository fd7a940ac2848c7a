"""What is wrong with one cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class CellError(ValueError):
    """A cell that cannot be read; the message is a msgid with its values."""

    def __init__(self, message: str, params: Mapping[str, Any]) -> None:
        self.message, self.params = message, params
        super().__init__(message % params)
