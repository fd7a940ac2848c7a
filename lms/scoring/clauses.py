"""Which clause of the bank's rule document each rule comes from, and which clauses have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lms.scoring.document import Clause, Scheme
from lms.scoring.problems import N_, Problem


def named_clauses(scheme: Scheme) -> Iterator[tuple[str, str]]:
    """(path, clause number) of every rule that names a clause."""
    for index, section in enumerate(scheme.sections):
        rules = [(f"sections/{index}", section.clause)]
        rules += [
            (f"sections/{index}/indicators/{number}", line.clause)
            for number, line in enumerate(section.indicators)
        ]
        yield from ((path, clause) for path, clause in rules if clause)
    rules = [(f"gates/{index}", gate.clause) for index, gate in enumerate(scheme.gates)]
    rules += [(f"grades/{index}", grade.clause) for index, grade in enumerate(scheme.grades)]
    rules += [(f"formulas/{index}", one.clause) for index, one in enumerate(scheme.formulas)]
    yield from ((path, clause) for path, clause in rules if clause)


def clauses_without_rule(scheme: Scheme) -> tuple[Clause, ...]:
    """The clauses that no rule names, in the order of the document."""
    named = {clause for _, clause in named_clauses(scheme)}
    return tuple(clause for clause in scheme.clauses if clause.number not in named)


def clause_problems(scheme: Scheme) -> Iterator[Problem]:
    """Every clause once, and no rule from a clause that is not there."""
    counts = Counter(clause.number for clause in scheme.clauses)
    for number, count in counts.items():
        if count > 1:
            yield Problem("clauses", N_("编码重复：%(code)s"), {"code": number})
    for path, clause in named_clauses(scheme):
        if clause not in counts:
            yield Problem(f"{path}/clause", N_("条款表中没有 %(clause)s"), {"clause": clause})
