"""Score a scheme: Arrow tables in, Arrow tables out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from lms.scoring.document import Scheme

Backend = Literal["duckdb", "pandas", "polars"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gives. Points are Arrow decimals (to_pylist gives Decimal), already rounded half up at the
    scheme's places; figures (actual, target, position, raw_points) are float64; nothing is NaN or infinite.

    * lines: subject, section, indicator, actual, target, position, raw_points, coefficient, points, weight,
      effective_weight, contribution, state (ok | missing | excluded | zero). `contribution` is the part of the
      section's points (6 places); `effective_weight` differs from `weight` only after exclude_and_rescale.
    * sections: subject, section, points, weight, contribution (part of the total), state
      (complete | incomplete).
    * totals: subject, total, total_before_gates, state (complete | incomplete), grade, rank, gates (codes of
      the gates applied, comma-separated, "" when none), missing (codes of what is missing, comma-separated).
      Incomplete: total, grade and rank are null. Rank: 1 is best, equal totals share the better rank.
    * trace: subject, section, indicator, step_no, step, value, detail; section and indicator are null on
      the rows about the total, indicator is null on rows about a section.
    Rows are ordered by subject, then in the document's order, so two runs are byte-equal.
    """

    lines: pa.Table
    sections: pa.Table
    totals: pa.Table
    trace: pa.Table


def score(
    scheme: Scheme,
    facts: pa.Table,
    targets: pa.Table,
    *,
    coefficients: pa.Table | None = None,
    subjects: Collection[str] | None = None,
    backend: Backend = "duckdb",
) -> Result:
    """Score every subject under the scheme.

    * facts: subject (string), measure (string), value (float64, null = missing), one row per pair; measures
      that no indicator or gate asks for are ignored. A pair without a row is missing too.
    * targets: subject, measure, target (float64), one row per pair.
    * coefficients: subject, indicator, name, value, source: a person's own coefficient in place of the
      scheme's; only names that the indicator declares, within its low–high.
    * subjects: who is scored; by default everybody with a row in facts.

    Raises InvalidFrame (problems with path, message, params) on a missing column, NaN or infinity, a figure
    beyond ±1e15, doubled keys, or a coefficient that is not declared or out of range.
    """
    raise NotImplementedError
