"""Figures of one measure as one number a subject: NaN stands for what is missing, within these rooms only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lms.scoring.frames import Column, pc

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def column_of(table: pa.Table, measure: str, name: str, subjects: Column) -> Floats:
    """The figures named `name` of a measure, in the order of the subjects, NaN where there is none."""
    return aligned(table.filter(pc.equal(table["measure"], measure)), name, subjects)


def aligned(table: pa.Table, name: str, subjects: Column) -> Floats:
    """A column of a table with one row a subject, in the order of `subjects`."""
    values = np.full(len(subjects), np.nan)
    at = pc.index_in(table["subject"], subjects)
    here = pc.and_(pc.is_valid(at), pc.is_valid(table[name]))
    places = np.asarray(at.filter(here), np.int64)
    values[places] = np.asarray(table[name].filter(here), np.float64)
    return values


def known(values: Floats) -> Flags:
    """Where there is a figure."""
    return ~np.isnan(values)


def nulls(values: Floats) -> Column:
    """The numbers as an Arrow column, null where there is none."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def snapped(values: Floats) -> Floats:
    """The floats nearest to the values' ninth decimals, as `quantise.snap` has them in the engines."""
    return np.copysign(np.floor(np.abs(values) * 1e9 + 0.5) / 1e9, values) + 0.0
