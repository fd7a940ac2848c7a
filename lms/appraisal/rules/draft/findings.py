"""What is wrong with a draft in the words of its form: what was left empty, and how far a weight is off.

Paths are those of the document (sections/0/indicators/1/…), below an indicator those of the draft's fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from lms.appraisal.rules.draft.model import GateDraft, IndicatorDraft, Mode, SchemeDraft
from lms.core.i18n import N_
from lms.scoring import Problem

_NEEDED = {
    Mode.DIFFERENCE: ("points_per_step",),
    Mode.VALUE: ("points_per_step",),
    Mode.LEDGER: ("points_per_step",),
    Mode.UNIT: ("step", "points_per_step"),
    Mode.BANDS: ("below",),
    Mode.RANK: ("below",),
    Mode.PERCENTILE: ("below",),
}
_ABSURD = 1e6


def incomplete(draft: SchemeDraft) -> list[Problem]:
    """Return what a chosen short form needs and has not been given."""
    found: list[Problem] = []
    for at, section in enumerate(draft.sections):
        for number, line in enumerate(section.indicators):
            found += _line(line, f"sections/{at}/indicators/{number}")
    for at, gate in enumerate(draft.gates):
        if isinstance(gate, GateDraft):
            found += _gate(gate, f"gates/{at}")
    return found


def without(draft: SchemeDraft, lacking: Iterable[Problem]) -> SchemeDraft:
    """Return the draft with a plain rule where one is not all there, so that the rest can be checked."""
    places = {tuple(problem.path.split("/")[:4]) for problem in lacking}
    sections = (
        replace(
            section,
            indicators=tuple(
                _plain(line) if ("sections", str(at), "indicators", str(number)) in places else line
                for number, line in enumerate(section.indicators)
            ),
        )
        for at, section in enumerate(draft.sections)
    )
    return replace(draft, sections=tuple(sections))


def explained(draft: SchemeDraft, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems of scoring; weights say by how much and where, falling points between which rows."""
    for problem in problems:
        parts = problem.path.split("/")
        if "total" in problem.params and parts[-1] in ("sections", "indicators"):
            yield _weights(draft, problem, parts)
        elif parts[-1] == "direction" and (fall := _fall(draft, parts)) is not None:
            yield fall
        else:
            yield problem


def _plain(line: IndicatorDraft) -> IndicatorDraft:
    zero = "pending" if line.zero == "points" else line.zero
    return replace(
        line,
        mode=Mode.RATIO,
        base=100.0,
        direction="more",
        reference="target",
        zero=zero,
        floor=None,
        cap=None,
    )


def _line(line: IndicatorDraft, path: str) -> Iterator[Problem]:
    for name in _NEEDED.get(line.mode, ()):
        if getattr(line, name) is None:
            yield Problem(f"{path}/{name}", N_("此计分方式需要填写此项"))
    if line.mode.tabled:
        if not line.standards:
            yield Problem(f"{path}/standards", N_("请至少添加一行"))
        for at, row in enumerate(line.standards):
            for name in ("at", "points"):
                if getattr(row, name) is None:
                    yield Problem(f"{path}/standards/{at}/{name}", N_("请填写数字。"))
    if line.mode is Mode.SEGMENTS:
        yield from _segments(line, path)
    if line.zero == "points" and line.zero_points is None:
        yield Problem(f"{path}/zero_points", N_("请填写数字。"))
    yield from _absurd(line, path)


def _segments(line: IndicatorDraft, path: str) -> Iterator[Problem]:
    if not line.segments:
        yield Problem(f"{path}/segments", N_("请至少添加一行"))
    for at, piece in enumerate(line.segments):
        if piece.points is None:
            yield Problem(f"{path}/segments/{at}/points", N_("请填写数字。"))


def _absurd(line: IndicatorDraft, path: str) -> Iterator[Problem]:
    """Points a hundred times beyond any scheme are a slip of the hand, and double precision ends."""
    given = {"base": line.base, "floor": line.floor, "cap": line.cap, "below": line.below}
    worth = {f"standards/{at}/points": row.points for at, row in enumerate(line.standards)}
    pieces = {f"segments/{at}/points": piece.points for at, piece in enumerate(line.segments)}
    for name, value in (given | worth | pieces).items():
        if value is not None and abs(value) > _ABSURD:
            yield Problem(f"{path}/{name}", N_("%(value)s 分大得不合理，请检查"), {"value": f"{value:.10g}"})


def _gate(gate: GateDraft, path: str) -> Iterator[Problem]:
    if gate.limit is None:
        yield Problem(f"{path}/condition/value", N_("请填写数字。"))
    for at, one in enumerate(gate.also):
        if one.value is None:
            yield Problem(f"{path}/also/{at}/value", N_("请填写数字。"))


def _weights(draft: SchemeDraft, problem: Problem, parts: list[str]) -> Problem:
    at = int(parts[1]) if len(parts) > 1 else None
    rows = draft.sections if at is None else draft.sections[at].indicators
    total = sum(row.weight or 0.0 for row in rows)
    said = {"total": f"{total:.10g}", "off": f"{abs(100 - total):.10g}"}
    said["parts"] = " + ".join(f"{row.weight or 0.0:.10g}" for row in rows)
    message = (
        N_("权重合计为 %(total)s（%(parts)s），应为 100，还差 %(off)s")
        if total < 100
        else N_("权重合计为 %(total)s（%(parts)s），应为 100，多了 %(off)s")
    )
    return Problem(problem.path, message, said)


def _fall(draft: SchemeDraft, parts: list[str]) -> Problem | None:
    """Name the two rows of a table between which the points run against the direction."""
    line = draft.sections[int(parts[1])].indicators[int(parts[3])] if len(parts) > 4 else None
    if line is None or not line.mode.tabled:
        return None
    rows = [(row.at or 0.0, row.points or 0.0) for row in line.standards]
    rising = line.direction == "more"
    if line.mode is Mode.RANK:
        rising = False
    elif line.mode is Mode.PERCENTILE:
        rising = True
    elif line.position == "inverse":
        rising = not rising
    sign = 1 if rising else -1
    for at, ((low, before), (high, after)) in enumerate(pairwise(rows), start=1):
        if (after - before) * sign < 0:
            path = "/".join([*parts[:4], "standards", str(at), "points"])
            said = {"low": low, "high": high, "before": before, "after": after}
            message = (
                N_("从 %(low)s 到 %(high)s，得分由 %(before)s 降为 %(after)s，与方向不符")
                if after < before
                else N_("从 %(low)s 到 %(high)s，得分由 %(before)s 升为 %(after)s，与方向不符")
            )
            return Problem(path, message, {name: f"{value:.10g}" for name, value in said.items()})
    if line.below is not None and rows:
        path = "/".join([*parts[:4], "below"])
        return Problem(path, N_("表外的得分与表中的得分次序不符"))
    return None
