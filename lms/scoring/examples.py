"""Running the worked examples of a scheme: what is expected, what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa

from lms.scoring import frames
from lms.scoring.document import Asked, Example, Expected, Figure, Scheme
from lms.scoring.engine import Result, score

Got = Decimal | str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing an example expects, and what came out; None where nothing did."""

    example: str
    what: Asked
    code: str
    expected: float | str | None
    got: Got

    @property
    def agrees(self) -> bool:
        """Whether they are the same to the last digit."""
        if isinstance(self.got, Decimal) and isinstance(self.expected, float):
            return Decimal(repr(self.expected)) == self.got
        return self.got == self.expected

    @property
    def place(self) -> str:
        """What was asked, as the scheme file writes it: total, sections/business."""
        return f"{self.what}/{self.code}" if self.code else self.what.value


@lru_cache(maxsize=64)
def run_examples(scheme: Scheme) -> tuple[Outcome, ...]:
    """What each example of the scheme expects and gets, in the order of the document.

    A page asks for the same scheme again and again, and the answer never changes.
    """
    if not scheme.examples:
        return ()
    names = [f"{index:06}" for index in range(len(scheme.examples))]
    people = list(zip(names, scheme.examples, strict=True))
    result = score(
        scheme,
        _figures([(name, example.facts) for name, example in people], "value"),
        _figures([(name, example.targets) for name, example in people], "target"),
        coefficients=_coefficients(people),
        subjects=names,
    )
    return tuple(_outcomes(people, result))


def _outcomes(people: Sequence[tuple[str, Example]], result: Result) -> Iterator[Outcome]:
    found: dict[tuple[str, str, str], Got] = {}
    for row in result.totals.to_pylist():
        found[row["subject"], Asked.TOTAL, ""] = row["total"]
        found[row["subject"], Asked.GRADE, ""] = row["grade"]
    for row in result.sections.to_pylist():
        found[row["subject"], Asked.SECTIONS, row["section"]] = row["points"]
    for row in result.lines.to_pylist():
        found[row["subject"], Asked.INDICATORS, row["indicator"]] = row["points"]
    for name, example in people:
        for one in example.expect:
            yield _outcome(example, one, found[name, one.what, one.code])


def _outcome(example: Example, one: Expected, got: Got) -> Outcome:
    return Outcome(example.name, one.what, one.code, one.value, got)


def _figures(people: Sequence[tuple[str, Sequence[Figure]]], column: str) -> pa.Table:
    rows = [
        {"subject": name, "measure": figure.measure, column: figure.value}
        for name, figures in people
        for figure in figures
    ]
    return pa.Table.from_pylist(rows, frames.FACTS if column == "value" else frames.TARGETS)


def _coefficients(people: Sequence[tuple[str, Example]]) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {
            "subject": name,
            "indicator": own.indicator,
            "name": own.name,
            "value": own.value,
            "source": example.name,
        }
        for name, example in people
        for own in example.coefficients
    ]
    return pa.Table.from_pylist(rows, frames.COEFFICIENTS)
