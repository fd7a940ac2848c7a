"""The trace as a tree of plain values: composite → section → indicator → steps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pyarrow as pa

Node = dict[str, Any]


def explain(trace: pa.Table) -> Iterator[tuple[str, Node]]:
    """(subject, tree) for each subject of a Result's trace, in its order.

    A tree is {"steps": [...], "sections": [{"section", "steps", "indicators": [{"indicator", "steps"}]}]};
    a step is {"step", "value", "detail"}. Sections and indicators stand in the document's order.
    """
    for subject, rows in groupby(trace.to_pylist(), key=lambda row: str(row["subject"])):
        yield subject, _tree(list(rows))


def _tree(rows: list[Node]) -> Node:
    sections: dict[str, Node] = {}
    tree: Node = {"steps": [], "sections": []}
    for row in rows:
        step = {"step": row["step"], "value": row["value"], "detail": row["detail"]}
        if row["section"] is None:
            tree["steps"].append(step)
            continue
        section = sections.setdefault(
            row["section"], {"section": row["section"], "steps": [], "indicators": {}}
        )
        if row["indicator"] is None:
            section["steps"].append(step)
        else:
            section["indicators"].setdefault(row["indicator"], []).append(step)
    for section in sections.values():
        lines = section["indicators"].items()
        tree["sections"].append(
            section | {"indicators": [{"indicator": code, "steps": steps} for code, steps in lines]}
        )
    return tree
