"""How much of the composite each indicator carries, in per cent."""

from __future__ import annotations

from lms.scoring.document import Bound, Group, Indicator, Scheme, Section, Weighting


def shares(scheme: Scheme) -> dict[str, float] | None:
    """Return by indicator code its part of the composite; together 100. None where the scheme does not say.

    By weights where there are weights. Where points are plainly added, an indicator's part is the room
    between its lowest and highest points (a deduction of at most 20 weighs as much as a reward of at most
    20); an open end leaves the parts unknown. A section without weights inside is spread by that room, else
    evenly.
    """
    if scheme.weighting is Weighting.POINTS:
        return _additive(scheme)
    found: dict[str, float] = {}
    for section in scheme.sections:
        inner = _inner(section)
        found.update({code: (section.weight or 0.0) * part for code, part in inner.items()})
    return found


def _inner(section: Section) -> dict[str, float]:
    """The parts of a section, together 1."""
    lines = section.indicators
    parts = [line.weight or 0.0 for line in lines]
    if section.group is not Group.WEIGHTED_MEAN or not sum(parts):
        rooms = [_room(line.bound) or 0.0 for line in lines]
        spread = section.group is Group.SUM and all(rooms)
        parts = rooms if spread else [1.0] * len(lines)
    total = sum(parts)
    return {line.code: part / total for line, part in zip(lines, parts, strict=True)}


def _additive(scheme: Scheme) -> dict[str, float] | None:
    found: dict[str, float] = {}
    for section in scheme.sections:
        whole = _room(section.bound)
        rooms = {line.code: _room(line.bound) or _reach(line) for line in section.indicators}
        known = [room for room in rooms.values() if room is not None]
        reach: float = sum(known)
        if len(known) == len(rooms) and reach:
            # A section's own ends keep its indicators from reaching further together.
            scale = min(1.0, whole / reach) if whole else 1.0
            found.update({code: (room or 0.0) * scale for code, room in rooms.items()})
        elif whole:
            found.update({code: whole / len(rooms) for code in rooms})
        else:
            return None
    total = sum(found.values())
    return {code: room / total * 100 for code, room in found.items()} if total else None


def _room(bound: Bound) -> float | None:
    """How far the ends let points go from 0, both ways; None where an end is open."""
    low, high = bound.floor, bound.cap
    if high is None or (low is None and high <= 0):
        return None
    return max(high, 0.0) - min(low if low is not None else 0.0, 0.0)


def _reach(line: Indicator) -> float | None:
    """The room of a curve without bounds that is flat at both ends; else None."""
    segments = line.curve.segments
    if any(segment.slope for segment in (segments[0], segments[-1])):
        return None
    ends = [segment.points for segment in segments]
    for one in segments:
        if one.slope:
            ends += [
                one.points + one.slope * (end - one.at) for end in (one.low, one.high) if end is not None
            ]
    return max(*ends, 0.0) - min(*ends, 0.0)
