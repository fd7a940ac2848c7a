"""Column types that keep money, points and time exact on both stores.

SQLite keeps Numeric as a REAL and drops time zones, so amounts are stored as scaled
integers and moments as UTC; a house test refuses the plain types in models.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Dialect, String, Text
from sqlalchemy.types import TypeDecorator


class _Scaled(TypeDecorator[Decimal]):
    impl = BigInteger
    cache_ok = True
    places = 0

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("a float never reaches an exact column; pass a Decimal")
        return int(Decimal(value).scaleb(self.places).quantize(Decimal(1), ROUND_HALF_UP))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        return Decimal(value).scaleb(-self.places)


class Fen(_Scaled):
    """Money in yuan with two places, stored as a whole number of fen."""

    cache_ok = True
    places = 2


class Score(_Scaled):
    """Points, weights, percents and ratios with six places, stored as millionths."""

    cache_ok = True
    places = 6


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC; a naive datetime is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a moment needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class LocalDate(TypeDecorator[date]):
    """A calendar day in Asia/Shanghai."""

    impl = Date
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date | None:
        if isinstance(value, datetime):
            raise TypeError("a day is a date, not a datetime")
        return value


def canonical_json(value: Any) -> str:
    """Return JSON text that is the same for the same content (sorted keys, no spaces)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


class Json(TypeDecorator[Any]):
    """A JSON document kept as canonical text, byte-equal on both stores."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class EnumText(TypeDecorator[Any]):
    """A StrEnum stored by its value."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__(length=40)
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.kind(value)
