"""The curve of a rule as a picture needs it: the points at a position, and the places where it bends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from lms.scoring.document import Indicator, PositionKind, Segment, StepMode

_SAMPLES = 160
_HAIR = 1e-9
_BENDS = 8


def points_at(line: Indicator, position: float) -> float:
    """Return the points at a position within floor and cap, the person's coefficients aside."""
    place = _stepped(line, position)
    piece = next(one for one in line.curve.segments if _reaches(one, place))
    points = piece.points + piece.slope * (place - piece.at)
    if line.bound.floor is not None:
        points = max(points, line.bound.floor)
    if line.bound.cap is not None:
        points = min(points, line.bound.cap)
    return points


def bends(line: Indicator) -> list[float]:
    """Return the positions that tell the curve: ends of its pieces, else its fixed point and beside."""
    pieces = line.curve.segments
    ends = sorted({end for one in pieces for end in (one.low, one.high) if end is not None})
    if ends:
        return [_place(line, end) for end in _thinned(ends)]
    (piece,) = pieces
    unit = line.curve.step.unit if line.curve.step else 0.0
    if line.position in (PositionKind.RATIO, PositionKind.INVERSE):
        return [0.8, 1.0, *([cap] if (cap := _reached(line, piece)) is not None else [1.2])]
    across = unit or _width(line, piece)
    first = piece.at - across if line.position is not PositionKind.VALUE else piece.at
    return sorted({first, piece.at, piece.at + across})


def span(line: Indicator, positions: Iterable[float]) -> tuple[float, float]:
    """Return from where to where a picture goes that shows the bends and all these positions."""
    known = [*bends(line), *(one for one in positions if math.isfinite(one))]
    low, high = min(known), max(known)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return low - room, high + room


def path(line: Indicator, low: float, high: float) -> list[tuple[float, float]]:
    """Return position and points along the curve from low to high, close on both sides of every edge."""
    places = {low + (high - low) * at / _SAMPLES for at in range(_SAMPLES + 1)}
    hair = (high - low) * _HAIR
    for piece in line.curve.segments:
        for end in (piece.low, piece.high):
            if end is not None and low < end < high:
                places |= {end - hair, end, end + hair}
    return [(place, points_at(line, place)) for place in sorted(places)]


def _stepped(line: Indicator, position: float) -> float:
    step = line.curve.step
    if step is None:
        return position
    steps = round((position - step.origin) / step.unit, 9)
    size = abs(steps)
    if step.mode is StepMode.WHOLE:
        size = math.floor(size)
    elif step.mode is StepMode.STARTED:
        size = math.ceil(size)
    elif step.mode is StepMode.HALF_UP:
        size = math.floor(size + 0.5)
    return round(step.origin + math.copysign(size, steps) * step.unit, 9)


def _reaches(piece: Segment, place: float) -> bool:
    return piece.high is None or place < piece.high or (piece.high_closed and place == piece.high)


def _place(line: Indicator, end: float) -> float:
    """A rank stands on whole places: the edge 3.5 is told as the third."""
    return math.floor(end) if line.position is PositionKind.RANK else end


def _reached(line: Indicator, piece: Segment) -> float | None:
    """The position at which the cap is reached."""
    if line.bound.cap is None or piece.slope <= 0:
        return None
    at = piece.at + (line.bound.cap - piece.points) / piece.slope
    return at if at > 1.0 else None


def _width(line: Indicator, piece: Segment) -> float:
    """How far from its fixed point a straight curve is shown: to the cap or floor that it reaches, else 1."""
    limits = [one for one in (line.bound.cap, line.bound.floor) if one is not None]
    far = [abs((one - piece.points) / piece.slope) for one in limits if piece.slope]
    return min((one for one in far if one > 0), default=1.0)


def _thinned(ends: Sequence[float]) -> list[float]:
    """At most so many of the ends, the first and last among them."""
    if len(ends) <= _BENDS:
        return list(ends)
    every = (len(ends) - 1) / (_BENDS - 1)
    return [ends[round(at * every)] for at in range(_BENDS)]
