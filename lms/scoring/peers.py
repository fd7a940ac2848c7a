"""What depends on the others: the mean, best and worst of a measure, rank and percentile, cut-offs of grades.

Worked out once for each indicator that asks for it, within each of its peer groups, in numbers that no
engine's order of adding can change; the engines then take them as given.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lms.scoring.columns import Floats, known
from lms.scoring.document import Direction, Indicator, PositionKind, Quota, ReferenceKind
from lms.scoring.frames import Column, pc, schema_of

GROUPS = schema_of(subject=pa.string(), grouping=pa.string(), group=pa.string())
"""To which group of a grouping (branch, grade …) a subject belongs."""

Places = npt.NDArray[np.int64]
_ROUNDING = {Quota.DOWN: ROUND_FLOOR, Quota.HALF_UP: ROUND_HALF_UP, Quota.UP: ROUND_CEILING}


def groups_of(groups: pa.Table, grouping: str, subjects: Column) -> Column:
    """The peer group of each subject; "" for who has none, and for all where nothing is grouped."""
    rows = groups.filter(pc.equal(groups["grouping"], grouping))
    found = rows["group"].combine_chunks().take(pc.index_in(subjects, rows["subject"].combine_chunks()))
    return pc.fill_null(found, "")


def members(groups: Column) -> Iterator[Places]:
    """The places of the members of each group."""
    numbers = np.asarray(groups.dictionary_encode().indices, np.int64)
    order = np.argsort(numbers, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)


def reference(line: Indicator, values: Floats, groups: Column) -> Floats:
    """What the peers give to compare with, one number a subject; NaN where no peer has the figure."""
    found = np.full(len(values), np.nan)
    for group in members(groups):
        there = values[group][known(values[group])]
        if len(there):
            found[group] = _reference(line, there)
    return found


def standing(line: Indicator, values: Floats, groups: Column) -> Floats:
    """The rank or percentile of everybody with a figure among the peers; NaN for the others."""
    found = np.full(len(values), np.nan)
    for group in members(groups):
        there = group[known(values[group])]
        if len(there):
            found[there] = _standing(line, values[there])
    return found


def cut_offs(units: list[int | None], top: float, quota: Quota, groups: Column) -> list[int | None]:
    """For each subject the lowest total that is among the first `top` per cent of its peers.

    `units` are the totals in whole units, None for who has none and does not count. None where no total can
    be: nobody is counted, or the share is of nobody.
    """
    found: list[int | None] = [None] * len(units)
    for group in members(groups):
        there = sorted(units[at] for at in group if units[at] is not None)
        if there:
            cut = _cut_off([int(one) for one in there if one is not None], Decimal(repr(top)), quota)
            for at in group:
                found[at] = cut
    return found


def _cut_off(rising: list[int], top: Decimal, quota: Quota) -> int | None:
    """The lowest whole unit that is not under the cut-off; exact, whatever the share."""
    if quota is Quota.INTERPOLATED:
        at = Fraction(len(rising) - 1) * (1 - Fraction(top) / 100)
        low = math.floor(at)
        high = min(low + 1, len(rising) - 1)
        return math.ceil(rising[low] + (rising[high] - rising[low]) * (at - low))
    count = int((len(rising) * top / 100).quantize(Decimal(1), rounding=_ROUNDING[quota]))
    return rising[-count] if count else None


def _reference(line: Indicator, values: Floats) -> float:
    if line.reference.kind is ReferenceKind.PEER_MEAN:
        return math.fsum(values) / len(values)
    highest = (line.reference.kind is ReferenceKind.PEER_BEST) == (line.direction is Direction.MORE)
    return float(values.max() if highest else values.min())


def _standing(line: Indicator, values: Floats) -> Floats:
    """Ranks from 1, equal figures sharing the better one, or the percentiles that follow from them."""
    better = -values if line.direction is Direction.MORE else values
    ranks: Floats = np.searchsorted(np.sort(better), better, side="left").astype(np.float64) + 1.0
    if line.position is PositionKind.RANK:
        return ranks
    others = len(values) - 1
    found: Floats = 100.0 * (len(values) - ranks) / others if others else np.full(len(values), 100.0)
    return found
