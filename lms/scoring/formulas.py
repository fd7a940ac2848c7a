"""Measures that a scheme makes of others: trees of sums, differences, products and quotients.

Worked out in numbers that no engine's order of adding can change; the engines then take them as given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np
import pyarrow as pa

from lms.scoring import frames
from lms.scoring.columns import Floats, column_of, known, snapped
from lms.scoring.document import Formula, Node, Operation, Scheme
from lms.scoring.frames import Column, pc
from lms.scoring.problems import N_, InvalidFrame, Problem

# A divisor nearer to zero than this is zero.
_ZERO = 1e-9


def in_order(formulas: Sequence[Formula]) -> Iterator[Formula]:
    """The formulas, each after those that it asks for. Raises CycleError where they ask for each other."""
    by_code = {one.code: one for one in formulas}
    asks = {
        one.code: {leaf.code for leaf in one.tree.leaves() if leaf.op is Operation.MEASURE} & set(by_code)
        for one in formulas
    }
    return (by_code[code] for code in TopologicalSorter(asks).static_order())


def circle(formulas: Sequence[Formula]) -> list[str]:
    """Codes of formulas that ask for each other, the first one again at the end; empty when none do."""
    try:
        list(in_order(formulas))
    except CycleError as error:
        return [str(code) for code in reversed(error.args[1])]
    return []


def with_formulas(scheme: Scheme, facts: pa.Table, targets: pa.Table) -> pa.Table:
    """Facts (subject, measure, value) with a row for each formula and subject that has all it asks for.

    A row that is already there under the code of a formula gives way to it. Raises InvalidFrame when a result
    is beyond ±1e15.
    """
    if not scheme.formulas:
        return facts
    subjects = pc.unique(pa.concat_arrays([*facts["subject"].chunks, *targets["subject"].chunks]))
    own = pa.array([one.code for one in scheme.formulas])
    facts = facts.filter(pc.invert(pc.is_in(facts["measure"], own)))
    found: dict[str, Floats] = {}
    parts = [facts]
    for formula in in_order(scheme.formulas):
        leaves = _leaves(formula, facts, targets, subjects, found)
        values = snapped(_value(formula.tree, leaves, len(subjects)))
        _refuse_large(formula, values, subjects)
        found[formula.code] = values
        there = known(values)
        measure = pa.array([formula.code] * int(there.sum()), pa.string())
        columns = [subjects.filter(pa.array(there)), measure, pa.array(values[there])]
        parts.append(pa.table(columns, schema=frames.FACTS))
    return pa.concat_tables(parts).combine_chunks()


def _leaves(
    formula: Formula, facts: pa.Table, targets: pa.Table, subjects: Column, found: Mapping[str, Floats]
) -> dict[tuple[Operation, str], Floats]:
    """Each measure and target of a formula as one number a subject, NaN where there is none."""
    tables = {Operation.MEASURE: (facts, "value"), Operation.TARGET: (targets, "target")}
    columns: dict[tuple[Operation, str], Floats] = {}
    for leaf in formula.tree.leaves():
        if leaf.op is Operation.MEASURE and leaf.code in found:
            columns[leaf.op, leaf.code] = found[leaf.code]
        elif leaf.op in tables:
            table, name = tables[leaf.op]
            columns[leaf.op, leaf.code] = column_of(table, leaf.code, name, subjects)
    return columns


def _value(node: Node, leaves: Mapping[tuple[Operation, str], Floats], count: int) -> Floats:
    if node.op is Operation.NUMBER:
        return np.full(count, node.value, np.float64)
    if node.op.leaf:
        values = leaves[node.op, node.code]
        return values if node.missing is None else np.where(known(values), values, node.missing)
    first, *others = (_value(part, leaves, count) for part in node.parts)
    for other in others:
        match node.op:
            case Operation.SUM:
                first = first + other
            case Operation.DIFFERENCE:
                first = first - other
            case Operation.PRODUCT:
                first = first * other
            case Operation.QUOTIENT:
                first = first / np.where(np.abs(other) < _ZERO, np.nan, other)
            case Operation.MIN:
                first = np.minimum(first, other)
            case _:
                first = np.maximum(first, other)
    return first


def _refuse_large(formula: Formula, values: Floats, subjects: Column) -> None:
    for at in np.flatnonzero(known(values) & ~(np.abs(values) <= frames.LIMIT))[:1]:
        shown = {"code": formula.code, "subject": subjects[int(at)].as_py(), "value": float(values[at])}
        message = N_("公式 %(code)s 对 %(subject)s 算出 %(value)s，太大，无法计分")
        raise InvalidFrame([Problem(f"formulas/{formula.code}", message, shown)])
