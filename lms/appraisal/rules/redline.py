"""Two versions of a document laid over each other: what went, what came, each to accept or reject."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from lms.appraisal.rules.ruletext import Part
from lms.core.wordfile import Block, Mark, Paragraph, Row, Run, Table, marked, marked_row

_TOKEN = re.compile(r"[-+]?\d+(?:\.\d+)*%?|[A-Za-z_][A-Za-z0-9_.\-]*|\s+|.", re.DOTALL)
"""Numbers and words change whole, hanzi one by one."""


def redline(old: Sequence[Part], new: Sequence[Part]) -> list[Block]:
    """The new document with everything marked that differs from the old one.

    Accepting every change gives the new document, rejecting every change the old one.
    """
    found: list[Block] = []
    for before, after in _paired([part.key for part in old], [part.key for part in new]):
        if before is None and after is not None:
            found.append(marked(new[after].block, "ins"))
        elif after is None and before is not None:
            found.append(marked(old[before].block, "del"))
        elif before is not None and after is not None:
            found += _laid_over(old[before], new[after])
    return found


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Places in both lists that belong together; what stands in one alone comes with None, the old first."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for _, first, last, begin, end in matcher.get_opcodes():
        if old[first:last] == new[begin:end]:
            yield from zip(range(first, last), range(begin, end), strict=True)
        else:
            yield from ((at, None) for at in range(first, last))
            yield from ((None, at) for at in range(begin, end))


def _laid_over(old: Part, new: Part) -> list[Block]:
    before, after = old.block, new.block
    if before == after:
        return [after]
    if isinstance(before, Paragraph) and isinstance(after, Paragraph) and before.style == after.style:
        return [replace(after, runs=_runs(before.runs, after.runs))]
    if isinstance(before, Table) and isinstance(after, Table) and before.widths == after.widths:
        return [replace(after, rows=tuple(_rows(old, before.rows, new, after.rows)))]
    return [marked(before, "del"), marked(after, "ins")]


def _rows(old: Part, before: Sequence[Row], new: Part, after: Sequence[Row]) -> Iterator[Row]:
    for first, second in _paired(old.rows, new.rows):
        if first is None and second is not None:
            yield marked_row(after[second], "ins")
        elif second is None and first is not None:
            yield marked_row(before[first], "del")
        elif first is not None and second is not None:
            cells = zip(before[first].cells, after[second].cells, strict=True)
            yield replace(after[second], cells=tuple(_runs(one, other) for one, other in cells))


def _runs(old: Sequence[Run], new: Sequence[Run]) -> tuple[Run, ...]:
    """The words of both, each once; a change of look is a change of the words."""
    before, after = _tokens(old), _tokens(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    found: list[Run] = []
    for tag, first, last, begin, end in matcher.get_opcodes():
        if tag == "equal":
            found += _joined(after[begin:end], "")
        else:
            found += _joined(before[first:last], "del")
            found += _joined(after[begin:end], "ins")
    return tuple(found)


def _tokens(runs: Sequence[Run]) -> list[tuple[str, bool]]:
    return [(token, run.bold) for run in runs for token in _TOKEN.findall(run.text)]


def _joined(tokens: Sequence[tuple[str, bool]], mark: Mark) -> Iterator[Run]:
    """Neighbours of one look as one run."""
    text, look = "", False
    for token, bold in tokens:
        if text and bold != look:
            yield Run(text, look, mark)
            text = ""
        text, look = text + token, bold
    if text:
        yield Run(text, look, mark)
