"""What depends on the others: the mean, best and worst of a measure, rank and percentile.

Worked out once for each indicator that asks for it, in numbers that no engine's order of adding can change;
the engines then take them as given.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lms.scoring.document import Direction, Indicator, PositionKind, ReferenceKind, Scheme
from lms.scoring.frames import Column, pc, schema_of

STANDINGS = schema_of(subject=pa.string(), place=pa.int64(), standing=pa.float64())

_Floats = npt.NDArray[np.float64]


def references(scheme: Scheme, facts: pa.Table, people: pa.Table) -> dict[str, float]:
    """Return by indicator code what its peers give as the reference; nothing where nobody has the figure."""
    found = {}
    for _, line in scheme.indicators():
        if line.reference.kind.of_peers:
            _, values = _figures(line, facts, people)
            if len(values):
                found[line.code] = _reference(line, values)
    return found


def standings(scheme: Scheme, facts: pa.Table, people: pa.Table) -> pa.Table:
    """Return the rank or percentile of everybody with a figure, by subject and place of the indicator."""
    parts = [STANDINGS.empty_table()]
    for place, (_, line) in enumerate(scheme.indicators()):
        if line.position.among_peers:
            subjects, values = _figures(line, facts, people)
            standing = _standing(line, values)
            places = np.full(len(values), place, np.int64)
            columns = [subjects, pa.array(places), pa.array(standing)]
            parts.append(pa.table(columns, schema=STANDINGS))
    return pa.concat_tables(parts)


def _figures(line: Indicator, facts: pa.Table, people: pa.Table) -> tuple[Column, _Floats]:
    wanted = pc.and_(
        pc.and_(pc.equal(facts["measure"], line.measure), pc.is_valid(facts["value"])),
        pc.is_in(facts["subject"], people["subject"].combine_chunks()),
    )
    known = facts.filter(wanted).combine_chunks()
    return known["subject"], np.asarray(known["value"], np.float64)


def _reference(line: Indicator, values: _Floats) -> float:
    if line.reference.kind is ReferenceKind.PEER_MEAN:
        return math.fsum(values) / len(values)
    highest = (line.reference.kind is ReferenceKind.PEER_BEST) == (line.direction is Direction.MORE)
    return float(values.max() if highest else values.min())


def _standing(line: Indicator, values: _Floats) -> _Floats:
    """Ranks from 1, equal figures sharing the better one, or the percentiles that follow from them."""
    better = -values if line.direction is Direction.MORE else values
    ranks: _Floats = np.searchsorted(np.sort(better), better, side="left").astype(np.float64) + 1.0
    if line.position is PositionKind.RANK:
        return ranks
    others = len(values) - 1
    found: _Floats = 100.0 * (len(values) - ranks) / others if others else np.full(len(values), 100.0)
    return found
