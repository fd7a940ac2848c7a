"""Short words for the tests of scoring: documents, tables, and how to read a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from lms.scoring import Result, Scheme, parse, presets, score

ENGINES = ("arrow", "duckdb", "pandas")
"""Those that give the same bytes."""
BACKENDS = (*ENGINES, "polars")
TEXT = pa.string()
FLOAT = pa.float64()


def facts_table(facts: Mapping[tuple[str, str], float | None]) -> pa.Table:
    return pa.table(
        {
            "subject": pa.array([key[0] for key in facts], TEXT),
            "measure": pa.array([key[1] for key in facts], TEXT),
            "value": pa.array(list(facts.values()), FLOAT),
        }
    )


def targets_table(targets: Mapping[tuple[str, str], float | None]) -> pa.Table:
    return facts_table(targets).rename_columns(["subject", "measure", "target"])


def coefficients_table(own: Mapping[tuple[str, str, str], float]) -> pa.Table:
    return pa.table(
        {
            "subject": pa.array([key[0] for key in own], TEXT),
            "indicator": pa.array([key[1] for key in own], TEXT),
            "name": pa.array([key[2] for key in own], TEXT),
            "value": pa.array(list(own.values()), FLOAT),
            "source": pa.array(["own row"] * len(own), TEXT),
        }
    )


def history_table(
    history: Mapping[tuple[str, str, int], tuple[float | None, float | None]], year: int = 0
) -> pa.Table:
    """By (subject, measure, back): value and target; up to `year` periods back are of this year."""
    return pa.table(
        {
            "subject": pa.array([key[0] for key in history], TEXT),
            "measure": pa.array([key[1] for key in history], TEXT),
            "back": pa.array([key[2] for key in history], pa.int64()),
            "same_year": pa.array([key[2] <= year for key in history], pa.bool_()),
            "value": pa.array([value for value, _ in history.values()], FLOAT),
            "target": pa.array([target for _, target in history.values()], FLOAT),
        }
    )


def groups_table(groups: Mapping[tuple[str, str], str]) -> pa.Table:
    return pa.table(
        {
            "subject": pa.array([key[0] for key in groups], TEXT),
            "grouping": pa.array([key[1] for key in groups], TEXT),
            "group": pa.array(list(groups.values()), TEXT),
        }
    )


def line(code: str = "X", weight: float = 100, **rule: Any) -> dict[str, Any]:
    base = {"code": code, "name_zh": code, "weight": weight, "measure": code}
    return base | (rule if "curve" in rule else presets.value_as_points(cap=None, floor=None) | rule)


def section(code: str, weight: float, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"code": code, "name_zh": code, "weight": weight, "indicators": list(lines)} | more


def document(*sections: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"code": "S", "name_zh": "方案", "sections": list(sections)} | more


def single(*lines: dict[str, Any], **more: Any) -> Scheme:
    """A scheme of one section, weight 100."""
    return parse(document(section("only", 100, *lines), **more))


def run(
    scheme: Scheme,
    facts: Mapping[tuple[str, str], float | None],
    targets: Mapping[tuple[str, str], float | None] | None = None,
    own: Mapping[tuple[str, str, str], float] | None = None,
    backend: str | None = None,
    **more: Any,
) -> Result:
    return score(
        scheme,
        facts_table(facts),
        targets_table(targets or {}),
        coefficients=coefficients_table(own) if own else None,
        backend=backend,  # type: ignore[arg-type]
        **more,
    )


def total(result: Result, subject: str = "p") -> dict[str, Any]:
    (row,) = [row for row in result.totals.to_pylist() if row["subject"] == subject]
    return dict(row)


def line_row(result: Result, indicator: str, subject: str = "p") -> dict[str, Any]:
    rows = result.lines.to_pylist()
    (row,) = [row for row in rows if (row["subject"], row["indicator"]) == (subject, indicator)]
    return dict(row)


def steps(result: Result, indicator: str | None, subject: str = "p") -> dict[str, tuple[float | None, str]]:
    return {
        row["step"]: (row["value"], row["detail"])
        for row in result.trace.to_pylist()
        if (row["subject"], row["indicator"]) == (subject, indicator)
    }
