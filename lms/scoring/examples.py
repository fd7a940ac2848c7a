"""Running the worked examples of a scheme: what is expected, what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa

from lms.scoring import frames
from lms.scoring.conditions import worth
from lms.scoring.document import Asked, Example, Expected, Figure, Scheme
from lms.scoring.engine import Result, score
from lms.scoring.history import HISTORY
from lms.scoring.peers import GROUPS
from lms.scoring.spans import distance

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
    outcomes: dict[str, list[Outcome]] = {}
    whole = [(f"{index:06}", example) for index, example in enumerate(scheme.examples)]
    for elapsed in {example.elapsed for example in scheme.examples}:
        run = [(name, example) for name, example in whole if example.elapsed == elapsed]
        for name, outcome in _run(scheme, run, elapsed):
            outcomes.setdefault(name, []).append(outcome)
    return tuple(outcome for name, _ in whole for outcome in outcomes.get(name, []))


def _run(
    scheme: Scheme, people: Sequence[tuple[str, Example]], elapsed: float
) -> Iterator[tuple[str, Outcome]]:
    names = [name for name, _ in people]
    others = [
        (f"{name}/{at:06}", facts) for name, example in people for at, facts in enumerate(example.others)
    ]
    result = score(
        scheme,
        _figures([*((name, example.facts) for name, example in people), *others], "value"),
        _figures([(name, example.targets) for name, example in people], "target"),
        coefficients=_coefficients(people),
        history=_history(scheme, people),
        groups=_groups(scheme, [*names, *(name for name, _ in others)]),
        elapsed=elapsed,
        subjects=[*names, *(name for name, _ in others)],
    )
    return _outcomes(people, result)


def _outcomes(people: Sequence[tuple[str, Example]], result: Result) -> Iterator[tuple[str, Outcome]]:
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
            yield name, _outcome(example, one, found[name, one.what, one.code])


def _outcome(example: Example, one: Expected, got: Got) -> Outcome:
    return Outcome(example.name, one.what, one.code, one.value, got)


def _figures(people: Sequence[tuple[str, Sequence[Figure]]], column: str) -> pa.Table:
    rows = [
        {"subject": name, "measure": figure.measure, column: figure.value}
        for name, figures in people
        for figure in figures
    ]
    return pa.Table.from_pylist(rows, frames.FACTS if column == "value" else frames.TARGETS)


def _groups(scheme: Scheme, subjects: Sequence[str]) -> pa.Table:
    """The people of an example are each other's peers, and nobody else's, whatever the grouping."""
    rows = [
        {"subject": subject, "grouping": grouping, "group": subject.partition("/")[0]}
        for subject in subjects
        for grouping in ("", *scheme.groupings())
    ]
    return pa.Table.from_pylist(rows, GROUPS)


def _history(scheme: Scheme, people: Sequence[tuple[str, Example]]) -> pa.Table:
    rows = []
    for name, example in people:
        for one in example.history:
            values = {figure.measure: worth(scheme, figure.value) for figure in one.facts}
            targets = {figure.measure: figure.value for figure in one.targets}
            back, same_year = distance(one.period, example.period) or (0, False)
            rows += [
                {
                    "subject": name,
                    "measure": measure,
                    "back": back,
                    "same_year": same_year,
                    "value": values.get(measure),
                    "target": targets.get(measure),
                }
                for measure in sorted({*values, *targets})
            ]
    return pa.Table.from_pylist(rows, HISTORY)


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
