"""Rounding: the expression against exact decimals, on every engine."""

from __future__ import annotations

from decimal import Decimal

import narwhals as nw
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.scoring.frames import lifter
from lms.scoring.quantise import quantise, quantise_decimal, snap, units_at_least
from tests.scoring.build import BACKENDS

ROWS = 20_000


def spread(count: int) -> list[float]:
    """Deterministic figures of at most six decimals, half of them on a tie of two places."""
    values = []
    state = 20260930
    for index in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        whole = state >> 40
        values.append((whole * 10 + 5) / 1000 if index % 2 else whole / 1_000_000)
    return [-value if index % 3 == 0 else value for index, value in enumerate(values)]


def rounded(values: list[float | None], places: int, backend: str) -> list[int | None]:
    table = pa.table({"n": list(range(len(values))), "v": pa.array(values, pa.float64())})
    with lifter(backend) as lift:  # type: ignore[arg-type]
        frame = lift(table).select("n", q=quantise(nw.col("v"), places))
        out = frame.sort("n").collect("pyarrow").to_native()
    answer: list[int | None] = out["q"].to_pylist()
    return answer


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("places", [0, 2, 4])
def test_many_rows_equal_exact_decimals(backend: str, places: int) -> None:
    values = spread(ROWS)
    expected = [quantise_decimal(Decimal(repr(value)), places) for value in values]
    assert rounded([*values], places, backend) == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_ties_go_away_from_zero_and_null_stays_null(backend: str) -> None:
    assert rounded([89.885, -89.885, 1.005, 2.675, 0.0, -0.0, None, 89.8849], 2, backend) == [
        8989,
        -8989,
        101,
        268,
        0,
        0,
        None,
        8988,
    ]


@given(st.decimals(-10_000, 10_000, places=6), st.integers(0, 4))
def test_any_decimal_is_rounded_exactly(value: Decimal, places: int) -> None:
    assert rounded([float(value)], places, "pandas") == [quantise_decimal(value, places)]


@pytest.mark.parametrize("backend", ["duckdb", "pandas"])
def test_snapping_meets_the_written_number(backend: str) -> None:
    values = [8.1 / 9, 1.7 - 2.0, (0.8 - 0.5) / 0.1, -1e-12, None]
    table = pa.table({"v": pa.array(values, pa.float64()), "n": list(range(5))})
    with lifter(backend) as lift:  # type: ignore[arg-type]
        frame = lift(table).select("n", s=snap(nw.col("v"))).sort("n")
        out = frame.collect("pyarrow").to_native()["s"].to_pylist()
    assert out == [0.9, -0.3, 3.0, 0.0, None]
    assert str(out[3]) == "0.0"


def test_a_threshold_is_met_only_by_units_not_below_it() -> None:
    assert units_at_least(89.995, 2) == 9000
    assert units_at_least(90.0, 2) == 9000
    assert units_at_least(-0.5, 0) == 0
