"""What stands around the figures of a cycle, as the engine takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

NAMES = ("history", "groups", "elapsed")
"""Tables that are there only where a scheme asks for them."""


def arguments(tables: Mapping[str, pa.Table]) -> dict[str, Any]:
    """Return the arguments of `scoring.score` for tables of these names; others are left alone."""
    elapsed = tables["elapsed"]["elapsed"][0].as_py() if "elapsed" in tables else 1.0
    return {"history": tables.get("history"), "groups": tables.get("groups"), "elapsed": elapsed}
