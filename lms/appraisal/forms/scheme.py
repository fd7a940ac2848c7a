"""The form of a whole scheme: everything that a scheme file can say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wtforms import FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from lms.appraisal.forms import choices
from lms.appraisal.forms.fields import SelectOne, text_of
from lms.appraisal.forms.rows import ClauseRow, ExampleRow, GateRow, GradeRow, SectionRow
from lms.appraisal.rules.draft import (
    Data,
    GateDraft,
    GradeDraft,
    IndicatorDraft,
    Mode,
    PlacesDraft,
    SchemeDraft,
    SectionDraft,
    indicator_document,
)
from lms.core.i18n import N_
from lms.web.forms import Form
from lms.web.text import lazy as _l
from lms.web.text import page_language, say

FRESH: Mapping[str, Mapping[str, str]] = {
    "sections": {"code": ""},
    "indicators": {
        "code": "",
        "mode": "ratio",
        "mode_was": "ratio",
        "base": "100",
        "floor": "0",
        "cap": "120",
    },
    "standards": {"at": ""},
    "segments": {"low": ""},
    "coefficients": {"name": ""},
    "grades": {"code": ""},
    "gates": {"code": ""},
    "also": {"measure": ""},
    "clauses": {"number": ""},
}
"""What a new row of each list begins with."""


@dataclass(frozen=True)
class Told:
    """A problem in words: its place, what is wrong, and the id of the field it belongs to."""

    where: str
    text: str
    field: str = ""

    def __str__(self) -> str:
        return (
            say(N_("%(where)s：%(what)s"), {"where": self.where, "what": self.text})
            if self.where
            else self.text
        )


class SchemeForm(Form):
    """A whole scheme."""

    code = StringField(_l("方案编码"), [InputRequired(), Length(max=60)])
    name_zh = StringField(_l("方案名称"), [InputRequired(), Length(max=200)])
    name_en = StringField(_l("英文名称"), [Length(max=200)])
    org_unit_id = SelectField(_l("所属机构"), coerce=int, validate_choice=False)
    seen = HiddenField()
    weighting = SelectOne(_l("合成方式"), choices.WEIGHTINGS)
    bound_stage = SelectOne(_l("封顶与系数的先后"), choices.STAGES)
    places_item = SelectOne(_l("指标得分小数位"), choices.PLACES, default="2")
    places_section = SelectOne(_l("模块得分小数位"), choices.PLACES, default="2")
    places_total = SelectOne(_l("总分小数位"), choices.PLACES, default="2")
    sections = FieldList(FormField(SectionRow))
    grades = FieldList(FormField(GradeRow))
    gates = FieldList(FormField(GateRow))
    clauses = FieldList(FormField(ClauseRow))
    examples = FieldList(FormField(ExampleRow))
    reason_for_full_business = TextAreaField(_l("只考核业绩的理由"), [Length(max=1000)])

    def offer(self, measures: Mapping[str, str], units: Sequence[tuple[int, str]]) -> None:
        """Fill the choices: measures by code with their names, and units by id."""
        named = [(code, f"{name} · {code}") for code, name in measures.items()]
        empty = say(N_("请选择"))
        self.org_unit_id.choices = list(units)
        for section in self.sections:
            lines = [row.form for row in section.form.indicators]
            codes = [(text_of(line.code), text_of(line.name_zh) or text_of(line.code)) for line in lines]
            for line in lines:
                line.measure.offer(named, empty)
                line.moves_to.offer([one for one in codes if one[0] and one[0] != text_of(line.code)], empty)
                custom = line.mode.data == Mode.CUSTOM.value
                _name(line)
                line.mode.choices = [*choices.MODES, choices.CUSTOM] if custom else choices.MODES
        grades = [(text_of(row.form.code), text_of(row.form.code)) for row in self.grades]
        for gate in self.gates:
            gate.form.measure.offer(named, empty)
            gate.form.grade.offer([one for one in grades if one[0]], say(N_("（不适用）")))
            for row in gate.form.also:
                row.form.measure.offer(named, empty)

    def fill(self, draft: SchemeDraft) -> None:
        """Show a draft."""
        for name in ("code", "name_zh", "name_en", "weighting", "bound_stage", "reason_for_full_business"):
            self[name].data = getattr(draft, name)
        for name in ("item", "section", "total"):
            self[f"places_{name}"].data = str(getattr(draft.places, name))
        for section in draft.sections:
            self.sections.append_entry(_section(section))
        for grade in draft.grades:
            self.grades.append_entry({**_plain(grade), "was": grade.code})
        for gate in draft.gates:
            self.gates.append_entry(_gate(gate))
        for clause in draft.clauses:
            self.clauses.append_entry(_plain(clause))
        for example in draft.examples:
            self.examples.append_entry({"name": example["name"]})

    def prune(self) -> None:
        """Take out the rows that were left empty, so that places count as in the document."""
        for section in self.sections:
            rows = section.form.indicators
            rows.entries = [row for row in rows.entries if not row.form.blank()]
            for row in rows:
                for name in ("standards", "segments", "coefficients"):
                    table: Any = row.form[name]
                    table.entries = [one for one in table.entries if _said(one.form)]
        self.sections.entries = [one for one in self.sections.entries if not one.form.blank()]
        self.gates.entries = [one for one in self.gates.entries if not one.form.blank()]
        for name in ("grades", "clauses"):
            self[name].entries = [one for one in self[name].entries if _said(one.form)]

    def change_presets(self, before: SchemeDraft | None) -> None:
        """Where a segment table was chosen in place of a short form, fill it with what that form says."""
        known = _lines(before)
        for section in self.sections:
            for row in section.form.indicators:
                line, was = row.form, str(row.form.mode_was.data or "")
                if line.chosen is Mode.SEGMENTS and was not in ("", "segments") and not len(line.segments):
                    _spell_out(line, was, known.get(text_of(line.was)))
                line.mode_was.data = line.mode.data

    def to_draft(self, before: SchemeDraft | None) -> SchemeDraft:
        """Return what was typed; what the editor does not know is taken from `before`."""
        sections = {one.code: one for one in before.sections} if before else {}
        grades = {one.code: one for one in before.grades} if before else {}
        gates = {_code(one): one for one in before.gates} if before else {}
        examples = {str(one["name"]): one for one in before.examples} if before else {}
        lines = _lines(before)
        return SchemeDraft(
            code=text_of(self.code),
            name_zh=text_of(self.name_zh),
            name_en=text_of(self.name_en),
            sections=tuple(
                row.form.to_draft(sections.get(text_of(row.form.was)), lines) for row in self.sections
            ),
            grades=tuple(row.form.to_draft(grades.get(text_of(row.form.was))) for row in self.grades),
            gates=tuple(row.form.to_draft(gates.get(text_of(row.form.was))) for row in self.gates),
            reason_for_full_business=text_of(self.reason_for_full_business),
            weighting=self.weighting.data,
            bound_stage=self.bound_stage.data,
            places=PlacesDraft(
                int(self.places_item.data), int(self.places_section.data), int(self.places_total.data)
            ),
            clauses=tuple(row.form.to_draft() for row in self.clauses),
            examples=tuple(one for row in self.examples if (one := row.form.to_draft(examples)) is not None),
            extra=before.extra if before else {},
        )

    def attach(self, problems: Iterable[Any]) -> list[Told]:
        """Put each problem of the document beside its field; return all of them, each with its place."""
        told = []
        for problem in problems:
            text, path = say(problem.message, problem.params), problem.path.split("/")
            field = self._field(path)
            if field is not None:
                field.errors = [*field.errors, text]
            told.append(Told(self._place(path), text, field.id if field is not None else ""))
        return told

    def placed(self, warnings: Iterable[Any]) -> list[Told]:
        """Return warnings in words with their places and fields; a warning marks no field as wrong."""
        found = []
        for one in warnings:
            path = one.path.split("/")
            field = self._field(path)
            text = say(one.message, one.params)
            found.append(Told(self._place(path), text, field.id if field is not None else ""))
        return found

    def unread(self) -> list[Told]:
        """Return what of the fields themselves could not be read, each with its place."""
        return [
            Told("", say(N_("%(where)s：%(what)s"), {"where": field.label.text, "what": error}), field.id)
            for field in leaves(self)
            for error in field.errors
        ]

    def _place(self, path: list[str]) -> str:
        """Where in the form a path of the document is, in the names that were typed; "" for the whole."""
        heads = {"grades": N_("等级"), "gates": N_("门槛"), "clauses": N_("条款"), "examples": N_("算例")}
        if path[0] in heads:
            return say(heads[path[0]])
        if path[0] != "sections" or not len(self.sections):
            return ""
        if len(path) == 1:
            return say(N_("各模块"))
        section = self.sections[int(path[1])].form
        names = [_called(section)]
        if len(path) > 3 and path[2] == "indicators":
            row = section.indicators[int(path[3])].form
            names.append(_called(row))
        return " › ".join(names)

    def _field(self, path: list[str]) -> Any:
        """The field a path of the document points to, as near as there is one."""
        head, rest = path[0], path[1:]
        if head == "places":
            return self._fields.get(f"places_{rest[0]}" if rest else "places_total")
        if head not in ("sections", "grades", "gates", "clauses"):
            return self._fields.get(head) if head != "examples" else None
        rows = self[head]
        if not len(rows):
            return None
        if not rest or not rest[0].isdigit() or int(rest[0]) >= len(rows):
            return rows[-1].form["weight" if head == "sections" else _FIRST[head]]
        row, rest = rows[int(rest[0])].form, rest[1:]
        if head == "sections":
            return _section_field(row, rest)
        if head == "gates":
            return _gate_field(row, rest)
        return row[rest[0]] if rest and rest[0] in row else row[_FIRST[head]]


def _called(row: Any) -> str:
    """What a row is called in the page's language, as far as that was typed."""
    english = text_of(row.name_en) if page_language() == "en" else ""
    return english or text_of(row.name_zh) or text_of(row.code)


_FIRST = {"grades": "at_least", "gates": "code", "clauses": "number"}


def _name(line: Any) -> None:
    """Call the fields of a row what they mean in its short form."""
    for name, labels in choices.LABELS.items():
        if line.mode.data in labels:
            line[name].label.text = labels[line.mode.data]


def leaves(form: Any) -> Iterable[Any]:
    """Yield every plain field of a form, those of its rows included."""
    for field in form:
        if field.type == "FieldList":
            for entry in field:
                yield from leaves(entry.form)
        elif field.type == "FormField":
            yield from leaves(field.form)
        else:
            yield field


def _section_field(section: Any, path: list[str]) -> Any:
    if path[:1] == ["indicators"]:
        if len(path) > 1 and path[1].isdigit() and int(path[1]) < len(section.indicators):
            return _indicator_field(section.indicators[int(path[1])].form, path[2:])
        return section.indicators[-1].form.weight if len(section.indicators) else section.code
    if path[:1] == ["bound"]:
        return section[path[1]] if len(path) > 1 and path[1] in section else section.cap
    return section[path[0]] if path and path[0] in section else section.code


def _indicator_field(row: Any, path: list[str]) -> Any:
    name = path[0] if path else "code"
    if name == "curve":
        return _curve_field(row, path[1:])
    if name in ("standards", "segments", "coefficients"):
        table = row[name]
        if len(path) > 1 and path[1].isdigit() and int(path[1]) < len(table):
            form = table[int(path[1])].form
            return form[path[2]] if len(path) > 2 and path[2] in form else next(iter(form))
        return table
    if name == "bound":
        return row[path[1]] if len(path) > 1 and path[1] in row else row.cap
    if name == "reference":
        shown = "reference" in choices.shown(row.mode.data)
        return (row.reference_value if path[1:] == ["value"] else row.reference) if shown else row.mode
    if name == "zero_denominator":
        return row.zero_points if path[1:] == ["points"] else row.zero
    return row[name if name in row else "code"]


def _curve_field(row: Any, path: list[str]) -> Any:
    """Of a piece of the curve: its row among the segments, or that of the short form it came from."""
    if path[:1] == ["step"]:
        return row.step
    place = int(path[1]) if len(path) > 1 and path[1].isdigit() else 0
    if row.chosen is Mode.SEGMENTS and len(row.segments):
        form = row.segments[min(place, len(row.segments) - 1)].form
        return form[path[2]] if len(path) > 2 and path[2] in form else form.low
    if row.chosen.tabled and len(row.standards):
        first = 0 if row.chosen is Mode.RANK else 1
        at = min(max(place - first, 0), len(row.standards) - 1)
        return row.standards[at].form["points" if path[2:] == ["points"] else "at"]
    return row.points_per_step if "points_per_step" in choices.shown(row.mode.data) else row.base


def _gate_field(row: Any, path: list[str]) -> Any:
    if path[:1] == ["condition"]:
        return row[{"value": "limit"}.get(path[1], path[1])] if len(path) > 1 else row.measure
    if path[:1] == ["also"] and len(path) > 2 and int(path[1]) < len(row.also):
        return row.also[int(path[1])].form[path[2]]
    return row[path[0]] if path and path[0] in row and path[0] != "also" else row.code


def _spell_out(line: Any, was: str, before: IndicatorDraft | None) -> None:
    """Fill the table of segments of a row with the curve of the short form it had."""
    line.mode.data = was
    document = indicator_document(line.to_draft(before))
    line.mode.data = Mode.SEGMENTS.value
    curve = document.get("curve", {"segments": []})
    for piece in curve["segments"]:
        ends = {name: "closed" if piece.get(name, name == "low_closed") else "open" for name in _ENDS}
        line.segments.append_entry({**piece, **ends})
    step = curve.get("step")
    values = {
        "position": document.get("position", "value"),
        "reference": (document.get("reference") or {"kind": "target"})["kind"],
        "step": step["unit"] if step else None,
        "step_mode": step["mode"] if step else "pro_rata",
    }
    for name, value in values.items():
        line[name].data, line[name].raw_data = value, None


_ENDS = ("low_closed", "high_closed")


def _lines(draft: SchemeDraft | None) -> dict[str, IndicatorDraft]:
    return {line.code: line for section in draft.sections for line in section.indicators} if draft else {}


def _code(gate: GateDraft | Data) -> str:
    return gate.code if isinstance(gate, GateDraft) else str(gate["code"])


def _said(form: Any) -> bool:
    """Whether anything was typed into a row; choices do not count."""
    return any(_typed(field) or (field.type in _TEXTS and text_of(field)) for field in form)


_TEXTS = ("StringField", "TextAreaField")


def _typed(field: Any) -> bool:
    return field.type == "Number" and (field.data is not None or bool(field.errors) or bool(_raw(field)))


def _raw(field: Any) -> str:
    return "".join(str(one) for one in field.raw_data or ()).strip()


def _section(section: SectionDraft) -> dict[str, Any]:
    return {
        **_plain(section),
        "was": section.code,
        "indicators": [_indicator(one) for one in section.indicators],
    }


def _indicator(line: IndicatorDraft) -> dict[str, Any]:
    pieces = [
        {**asdict(piece), **{end: "closed" if getattr(piece, end) else "open" for end in _ENDS}}
        for piece in line.segments
    ]
    return {
        **_plain(line),
        "was": line.code,
        "mode": line.mode.value,
        "mode_was": line.mode.value,
        "standards": [asdict(row) for row in line.standards],
        "segments": pieces,
        "coefficients": [asdict(one) for one in line.coefficients],
    }


def _gate(gate: GateDraft | Data) -> dict[str, Any]:
    if isinstance(gate, GateDraft):
        return {**_plain(gate), "was": gate.code, "also": [asdict(one) for one in gate.also]}
    names = {name: gate.get(name, "") for name in ("code", "name_zh", "name_en", "clause_zh", "clause_en")}
    return {**names, "was": gate["code"], "measure": gate["condition"]["measure"]}


def _plain(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__ if name not in ("kept", "custom")}


def kept_words(draft: GradeDraft | SectionDraft | IndicatorDraft | GateDraft) -> list[str]:
    """Return the names of what a draft carries that the editor does not know."""
    return sorted(draft.kept)
