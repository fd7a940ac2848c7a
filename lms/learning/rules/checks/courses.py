"""Checks between courses: what must be learnt first exists, and nothing waits for itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lms.core.i18n import N_
from lms.learning.rules.package import Finding


def check_prerequisites(
    prerequisites: Mapping[str, Sequence[str]], known: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Findings over course code → codes needed first; ``known`` are courses that exist elsewhere already."""
    for code, needed in prerequisites.items():
        for place, other in enumerate(needed):
            field = ("prerequisites", place)
            if other == code:
                yield Finding(f"{code}/course.yaml", field, N_("课程不能以自己为先修课程"), {})
            elif other not in prerequisites and other not in known:
                message = N_("先修课程“%(code)s”不存在")
                yield Finding(f"{code}/course.yaml", field, message, {"code": other})
    for ring in _rings(prerequisites):
        yield Finding(
            f"{ring[0]}/course.yaml",
            ("prerequisites",),
            N_("先修课程互相等待：%(ring)s"),
            {"ring": " → ".join([*ring, ring[0]])},
        )


def _rings(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Each ring of two or more courses once, starting at its smallest code."""
    found: set[tuple[str, ...]] = set()
    for start in sorted(edges):
        trails = [[start]]
        seen = {start}
        while trails:
            trail = trails.pop()
            for other in edges.get(trail[-1], ()):
                if other == start and len(trail) > 1:
                    least = trail.index(min(trail))
                    found.add(tuple(trail[least:] + trail[:least]))
                elif other not in seen:
                    seen.add(other)
                    trails.append([*trail, other])
    return [list(ring) for ring in sorted(found)]
