"""From figures to places on the paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

Figure = Decimal | float | int
Show = Callable[[Figure], str]


def show_plain(value: Figure) -> str:
    """At most two places, without trailing zeros: what a chart writes when the caller names no format."""
    written = f"{float(value):.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def figure(value: Figure | None) -> float | None:
    """The value as float; None for nothing and for what is no number at all."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def present(values: Iterable[Figure | None]) -> list[float]:
    """The figures that are there."""
    return [number for value in values if (number := figure(value)) is not None]


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps [low, high] to [start, end] in pixels; beyond the ends it stays at the ends."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value."""
        if self.high == self.low:
            return self.start
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round figures that enclose [low, high] in steps of 1, 2 or 5 times a power of ten.

    >>> ticks(0, 97)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    """
    if high < low:
        low, high = high, low
    if high - low < 1e-9:  # nothing that a page could tell apart
        room = abs(high) * 0.1 if abs(high) > 1e-6 else 1.0
        low, high = low - room, high + room
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(position * step, 12) for position in range(first, last + 1)]


def thinned(count: int, room: float, each: float) -> set[int]:
    """Which of `count` labels, each so wide, fit into this room without touching; first and last always."""
    if count <= 0:
        return set()
    every = max(1, math.ceil(count * each / max(room, 1)))
    kept = set(range(0, count, every))
    if count - 1 not in kept:
        kept = {position for position in kept if count - 1 - position >= every} | {0, count - 1}
    return kept


@dataclass(frozen=True, slots=True)
class Series:
    """One named row of figures, in the order of the chart's labels; None where there is none."""

    name: str
    values: Sequence[Figure | None]
