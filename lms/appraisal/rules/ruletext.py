"""A scheme version as a document of rules: clause by clause, what it says and what is scored for it.

Every piece has a key, by which two versions of the document are laid over each other (`redline`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lms.appraisal.rules.ruletext_words import WORDS
from lms.appraisal.rules.words import plain
from lms.core.i18n import pick
from lms.core.wordfile import Block, Paragraph, Row, Run, Style, Table
from lms.scoring import Scheme, sha256
from lms.scoring.clauses import clauses_without_rule
from lms.scoring.document import (
    Asked,
    Bound,
    Clause,
    Example,
    Formula,
    Gate,
    Group,
    Indicator,
    Section,
    Weighting,
    to_dict,
)
from lms.scoring.examples import Outcome, run_examples
from lms.scoring.presets import describe
from lms.scoring.wordings import condition_words, formula_words, grade_words


@dataclass(frozen=True, slots=True)
class Issue:
    """What is known of a version beside its rules; a file has none of it.

    `since`: from when it is in force, as people of the language write it. `measures`: names by code.
    """

    bank: str = ""
    unit: str = ""
    number: int | None = None
    state: str = ""
    since: str = ""
    measures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A block of the document with its key; the rows of a table have the keys of `rows`."""

    key: str
    block: Block
    rows: tuple[str, ...] = ()


def rule_document(scheme: Scheme, issue: Issue, lang: str) -> list[Part]:
    """The whole document in "zh" or "en"; what this module has no sentence for is given as data."""
    return list(_Teller(scheme, issue, lang).parts())


_SCHEME = frozenset(
    {
        "code",
        "name_zh",
        "name_en",
        "places",
        "weighting",
        "bound_stage",
        "sections",
        "gates",
        "grades",
        "reason_for_full_business",
        "clauses",
        "examples",
        "formulas",
        "quota",
        "grade_peers",
    }
)
_SECTION = frozenset(
    {
        "code",
        "name_zh",
        "name_en",
        "weight",
        "group",
        "bound",
        "indicators",
        "clause",
        "needs",
    }
)
_INDICATOR = frozenset(
    {
        "code",
        "name_zh",
        "name_en",
        "unit",
        "weight",
        "measure",
        "position",
        "direction",
        "curve",
        "reference",
        "bound",
        "coefficients",
        "missing",
        "zero_denominator",
        "moves_to",
        "clause",
        "peers",
        "class",
    }
)
_GATE = frozenset(
    {
        "code",
        "name_zh",
        "name_en",
        "condition",
        "effect",
        "clause_zh",
        "clause_en",
        "points",
        "grade",
        "missing",
        "also",
        "factor",
        "clause",
    }
)
_GRADE = frozenset({"code", "name_zh", "name_en", "at_least", "top", "admission", "missing", "clause"})
_FORMULA = frozenset({"code", "name_zh", "name_en", "unit", "formula", "clause"})
"""Of which fields the sentences below speak."""


class _Teller:
    """Says one scheme in one language."""

    def __init__(self, scheme: Scheme, issue: Issue, lang: str) -> None:
        self.scheme, self.issue, self.lang = scheme, issue, lang
        self.words: Mapping[str, Any] = WORDS[lang]
        self.data = to_dict(scheme)
        self.names = {**issue.measures, **{one.code: pick(one, "name", lang) for one in scheme.formulas}}

    def parts(self) -> Iterator[Part]:
        """Every part in the order of the document."""
        yield _text("title", pick(self.scheme, "name", self.lang), "Title")
        yield _text("subtitle", self.words["subtitle"], "Subtitle")
        yield self._facts()
        yield from self._general()
        yield from self._clauses()
        yield from self._grades()
        yield from self._examples()
        yield from self._without_rule()

    def _word(self, table: str, value: StrEnum) -> str:
        return str(self.words[table].get(value, value.value))

    def _further(self, data: Mapping[str, Any], told: frozenset[str]) -> str:
        """The fields that no sentence here is about, as data: nothing is left out of the document."""
        fields = [
            f"{name} {json.dumps(value, ensure_ascii=False)}"
            for name, value in data.items()
            if name not in told
        ]
        said = self.words["join"].join(fields)
        return (
            self.words["space"] + self.words["further"].format(fields=said) + self.words["stop"]
            if fields
            else ""
        )

    def _heading(self, name: str) -> Part:
        return _text(f"heading/{name}", self.words["headings"][name], "Heading1")

    def _facts(self) -> Part:
        issue, words = self.issue, self.words
        version = "" if issue.number is None else words["version"].format(n=issue.number)
        facts = {
            "bank": issue.bank,
            "unit": issue.unit,
            "code": self.scheme.code,
            "version": version,
            "state": words["states"].get(issue.state, issue.state),
            "since": issue.since,
            "sha256": sha256(self.scheme),
        }
        rows = [(name, (words["facts"][name], value)) for name, value in facts.items() if value]
        return _table("facts", None, rows, (22, 78))

    def _general(self) -> Iterator[Part]:
        scheme, words = self.scheme, self.words
        yield self._heading("general")
        said = [self._word("weighting", scheme.weighting), self._word("bound_stage", scheme.bound_stage)]
        places = scheme.places
        said.append(words["places"].format(item=places.item, section=places.section, total=places.total))
        for number, sentence in enumerate(said):
            yield _text(f"general/{number}", sentence)
        if scheme.reason_for_full_business:
            yield _text("general/reason", words["reason"].format(reason=scheme.reason_for_full_business))
        if further := self._further(self.data, _SCHEME):
            yield _text("general/further", further.strip())
        rows = [
            (
                section.code,
                (
                    pick(section, "name", self.lang),
                    self._weight(section.weight),
                    self._word("group", section.group),
                    self._bound(section.bound),
                    section.clause,
                ),
            )
            for section in scheme.sections
        ]
        yield _table("sections", words["section_heads"], rows, (26, 12, 30, 20, 12))
        lines = [
            (
                line.code,
                (
                    pick(section, "name", self.lang),
                    pick(line, "name", self.lang),
                    line.unit,
                    self._weight(line.weight),
                    self._measure(line.measure),
                    line.clause,
                ),
            )
            for section, line in scheme.indicators()
        ]
        yield _table("indicators", words["indicator_heads"], lines, (16, 26, 9, 10, 28, 11))

    def _clauses(self) -> Iterator[Part]:
        """Each clause with its text and its rules; then the rules that name none, section by section."""
        yield self._heading("clauses")
        rules = list(self._rules())
        for clause in self.scheme.clauses:
            mine = [part for number, part in rules if number == clause.number]
            if mine:
                yield from self._clause(clause)
                yield from mine
        rest = [part for number, part in rules if not number]
        if rest and self.scheme.clauses:
            yield _text("heading/no-clause", self.words["no_clause"], "Heading2")
        yield from rest
        if not rules:
            yield _text("clauses/none", self.words["none"])

    def _clause(self, clause: Clause) -> Iterator[Part]:
        title = self.words["clause"].format(number=clause.number)
        yield _text(f"clause/{clause.number}", title, "Heading2")
        yield _text(f"clause/{clause.number}/text", clause.text, "Quote")

    def _rules(self) -> Iterator[tuple[str, Part]]:
        """(clause number, what it says) of every section, indicator and gate."""
        for section, data in zip(self.scheme.sections, self.data["sections"], strict=True):
            name, said = self._section(section)
            yield section.clause, self._said(f"section/{section.code}", name, said, data, _SECTION)
            for line, item in zip(section.indicators, data["indicators"], strict=True):
                name, said = self._indicator(line)
                yield (
                    line.clause,
                    self._said(f"indicator/{line.code}", name, said, item, _INDICATOR),
                )
        for formula, data in zip(self.scheme.formulas, self.data.get("formulas", []), strict=True):
            name, said = self._formula(formula)
            yield formula.clause, self._said(f"formula/{formula.code}", name, said, data, _FORMULA)
        for gate, data in zip(self.scheme.gates, self.data["gates"], strict=True):
            name, said = self._gate(gate)
            yield gate.clause, self._said(f"gate/{gate.code}", name, said, data, _GATE)
        for grade in self.scheme.grades:
            if grade.clause:
                name = self.words["grade"].format(name=self._grade(grade.code))
                said = grade_words(self.scheme, grade, self.lang, self.names) + self.words["stop"]
                yield grade.clause, _bold(f"grade/{grade.code}/clause", name, self.words["space"] + said)

    def _said(self, key: str, name: str, said: str, data: Mapping[str, Any], told: frozenset[str]) -> Part:
        return _bold(key, name, f"{self.words['space']}{said}{self._further(data, told)}")

    def _section(self, section: Section) -> tuple[str, str]:
        words = self.words
        said = [self._word("group", section.group)]
        if section.weight is not None and self.scheme.weighting is Weighting.PERCENT:
            said.insert(0, words["weight"].format(value=self._weight(section.weight)))
        if bound := self._bound(section.bound):
            said.append(bound)
        if section.group is Group.ALL_OF:
            said.append(words["needs"].format(value=plain(section.needs)))
        name = words["section"].format(name=pick(section, "name", self.lang))
        return name, words["join"].join(said) + words["stop"]

    def _indicator(self, line: Indicator) -> tuple[str, str]:
        words = self.words
        name = words["indicator"].format(name=pick(line, "name", self.lang))
        said = words["source"].format(measure=self._measure(line.measure))
        if line.indicator_class is not None:
            said = words["join"].join([said, self._word("class", line.indicator_class)])
        if line.weight is not None:
            said = words["join"].join([words["weight"].format(value=self._weight(line.weight)), said])
        return name, f"{said}{words['stop']}{words['space']}{describe(line, self.lang, self.names)}"

    def _gate(self, gate: Gate) -> tuple[str, str]:
        words = self.words
        name = words["gate"].format(name=pick(gate, "name", self.lang))
        held = words["and"].join(
            condition_words(self.scheme, one, self.lang, self.names) for one in gate.conditions
        )
        does = self._word("effect", gate.effect).format(
            points=plain(gate.points), grade=self._grade(gate.grade), factor=plain(gate.factor)
        )
        said = words["when"].format(conditions=held, effect=does)
        missing = self._word("gate_missing", gate.missing)
        reason = pick(gate, "clause", self.lang)
        return name, f"{said}{words['join']}{missing}{words['stop']}{words['printed'].format(text=reason)}"

    def _formula(self, formula: Formula) -> tuple[str, str]:
        name = self.words["formula"].format(name=pick(formula, "name", self.lang))
        said = f"= {formula_words(formula.tree, self.lang, self.names)} {formula.unit}".strip()
        return name, said + self.words["stop"]

    def _grade(self, code: str | None) -> str:
        found = next((grade for grade in self.scheme.grades if grade.code == code), None)
        return f"{code} {pick(found, 'name', self.lang)}" if found else code or ""

    def _grades(self) -> Iterator[Part]:
        words = self.words
        yield self._heading("grades")
        rows = []
        for grade in self.scheme.grades:
            asks = grade_words(self.scheme, grade, self.lang, self.names)
            if grade.admission:
                asks += words["join"] + self._word("gate_missing", grade.missing)
            rows.append((grade.code, (grade.code, pick(grade, "name", self.lang), asks)))
        if self.scheme.grade_peers:
            name = self.names.get(self.scheme.grade_peers, self.scheme.grade_peers)
            yield _text("grades/peers", words["grade_peers"].format(name=name))
        if rows:
            yield _table("grades", words["grade_heads"], rows, (16, 34, 50))
        else:
            yield _text("grades/none", words["none"])
        for grade, data in zip(self.scheme.grades, self.data["grades"], strict=True):
            if further := self._further(data, _GRADE):
                yield _bold(f"grade/{grade.code}/further", f"{grade.code} ", further.strip())

    def _examples(self) -> Iterator[Part]:
        yield self._heading("examples")
        outcomes: dict[str, list[Outcome]] = {}
        for outcome in run_examples(self.scheme):
            outcomes.setdefault(outcome.example, []).append(outcome)
        for number, example in enumerate(self.scheme.examples, start=1):
            key = f"example/{example.name}"
            title = self.words["example"].format(n=number, name=example.name)
            yield _text(key, title, "Heading2")
            yield from self._example(key, example, outcomes.get(example.name, []))
        if not self.scheme.examples:
            yield _text("examples/none", self.words["none"])

    def _example(self, key: str, example: Example, outcomes: Sequence[Outcome]) -> Iterator[Part]:
        words = self.words
        facts = {one.measure: one.value for one in example.facts}
        targets = {one.measure: one.value for one in example.targets}
        rows = [
            (measure, (self._measure(measure), self._figure(facts, measure), self._figure(targets, measure)))
            for measure in dict.fromkeys([*facts, *targets])
        ]
        if rows:
            yield _table(f"{key}/facts", words["fact_heads"], rows, (50, 25, 25))
        for own in example.coefficients:
            name = self._named(Asked.INDICATORS, own.indicator)
            said = words["own"].format(indicator=name, name=own.name, value=plain(own.value))
            yield _text(f"{key}/coefficient/{own.indicator}/{own.name}", said)
        for number, other in enumerate(example.others, start=1):
            said = words["comma"].join(
                f"{self._measure(one.measure)} {self._shown(one.value)}" for one in other
            )
            yield _text(
                f"{key}/other/{number}", words["other"].format(n=number, figures=said or words["nothing"])
            )
        checks = [
            (
                one.place,
                (
                    self._named(one.what, one.code),
                    self._shown(one.expected),
                    self._shown(one.got),
                    words["agrees"][one.agrees],
                ),
            )
            for one in outcomes
        ]
        yield _table(f"{key}/expect", words["outcome_heads"], checks, (40, 20, 20, 20))

    def _without_rule(self) -> Iterator[Part]:
        yield self._heading("without_rule")
        clauses = clauses_without_rule(self.scheme)
        for clause in clauses:
            key, number = f"clause/{clause.number}", self.words["clause"].format(number=clause.number)
            yield _bold(f"without/{key}", f"{number} ", clause.text)
        if not clauses:
            yield _text("without/none", self.words["none"])

    def _named(self, what: Asked, code: str) -> str:
        if not code:
            return str(self.words["asked"][what])
        found: Mapping[str, Section | Indicator] = (
            {section.code: section for section in self.scheme.sections}
            if what is Asked.SECTIONS
            else {line.code: line for _, line in self.scheme.indicators()}
        )
        return pick(found[code], "name", self.lang) if code in found else code

    def _measure(self, code: str) -> str:
        return self.names.get(code, code)

    def _weight(self, value: float | None) -> str:
        return "" if value is None else f"{plain(value)}%"

    def _bound(self, bound: Bound) -> str:
        words = self.words
        low = "" if bound.floor is None else words["floor"].format(value=plain(bound.floor))
        high = "" if bound.cap is None else words["cap"].format(value=plain(bound.cap))
        return str(words["comma"].join(part for part in (low, high) if part))

    def _figure(self, figures: Mapping[str, float | str | None], measure: str) -> str:
        return self._shown(figures[measure]) if measure in figures else ""

    def _shown(self, value: Any) -> str:
        if value is None:
            return str(self.words["nothing"])
        return value if isinstance(value, str) else plain(value)


def _text(key: str, text: str, style: Style = "Normal") -> Part:
    return Part(key, Paragraph((Run(text),), style))


def _bold(key: str, name: str, text: str) -> Part:
    """A paragraph that begins with a name."""
    return Part(key, Paragraph((Run(name, bold=True), Run(text)), "ListParagraph"))


def _table(
    key: str,
    heads: Sequence[str] | None,
    rows: Sequence[tuple[str, Sequence[str]]],
    widths: tuple[int, ...],
) -> Part:
    """A table; without heads the first column says what the second is."""
    lines = [Row(tuple((Run(head, bold=True),) for head in heads), head=True)] if heads else []
    lines += [
        Row(tuple((Run(cell, bold=heads is None and at == 0),) for at, cell in enumerate(cells)))
        for _, cells in rows
    ]
    return Part(key, Table(tuple(lines), widths), (*(["head"] if heads else []), *(name for name, _ in rows)))
