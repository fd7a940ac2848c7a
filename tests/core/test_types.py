"""Amounts, moments, days and documents come back from the columns as they went in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy.dialects import sqlite

from lms.core.types import Fen, Json, LocalDate, Score, UtcDateTime

DIALECT = sqlite.dialect()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Fen(), "9007199254740993.01"),
        (Fen(), "-0.01"),
        (Score(), "9007199254.740993"),
        (Score(), "0.333333"),
    ],
)
def test_amounts_are_exact(column: Fen | Score, value: str) -> None:
    stored = column.process_bind_param(Decimal(value), DIALECT)
    assert isinstance(stored, int)
    assert column.process_result_value(stored, DIALECT) == Decimal(value)


def test_half_a_fen_goes_up_and_floats_are_refused() -> None:
    assert Fen().process_bind_param(Decimal("0.005"), DIALECT) == 1
    with pytest.raises(TypeError):
        Score().process_bind_param(0.1, DIALECT)  # type: ignore[arg-type]


def test_moments_need_a_zone_and_days_are_no_moments() -> None:
    moment = datetime(2026, 1, 1, 7, 30, tzinfo=timezone(timedelta(hours=8)))
    stored = UtcDateTime().process_bind_param(moment, DIALECT)
    assert UtcDateTime().process_result_value(stored, DIALECT) == datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    with pytest.raises(TypeError):
        UtcDateTime().process_bind_param(moment.replace(tzinfo=None), DIALECT)
    with pytest.raises(TypeError):
        LocalDate().process_bind_param(moment, DIALECT)
    assert LocalDate().process_bind_param(date(2026, 1, 1), DIALECT) == date(2026, 1, 1)


def test_a_document_has_one_text() -> None:
    assert Json().process_bind_param({"b": [1, "值"], "a": None}, DIALECT) == '{"a":null,"b":[1,"值"]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        Json().process_bind_param({"a": float("nan")}, DIALECT)
