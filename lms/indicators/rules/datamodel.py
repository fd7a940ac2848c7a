"""What makes a data model sound, what it still lacks before files may come, and what may change later.

Nothing here knows a database: a model is a `ModelDraft`, and so is what it is to become.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from lms.core.errors import Problem, Refused
from lms.core.i18n import N_
from lms.core.spans import refuse_overlap
from lms.core.textfile import UNITS, factor
from lms.core.textfile.columns import plain
from lms.indicators.rules.conditions import BARE, ORDERED, SEVERAL, Condition, value_fits
from lms.indicators.rules.kinds import Aggregate, Delivery, FieldKind, FieldRole, FieldUse
from lms.indicators.rules.naming import code_problem, name_problem

MOST_FIELDS = 200
COUNTS = tuple(unit for unit in UNITS if factor(unit, "元") is None and factor(unit, "%") is None)
"""Units in which records are counted."""

ROLE_KINDS: Mapping[FieldRole, tuple[FieldKind, ...]] = {
    FieldRole.EMPLOYEE: (FieldKind.ID, FieldKind.TEXT),
    FieldRole.UNIT: (FieldKind.ID, FieldKind.TEXT),
    FieldRole.CUSTOMER: (FieldKind.ID, FieldKind.TEXT),
    FieldRole.ACCOUNT: (FieldKind.ID, FieldKind.TEXT),
    FieldRole.PRODUCT: (FieldKind.ID, FieldKind.TEXT, FieldKind.CHOICE),
    FieldRole.DAY: (FieldKind.DAY,),
    FieldRole.REFERENCE: (FieldKind.ID, FieldKind.TEXT),
}
"""Which kinds of field may say what; of each role there is at most one field."""


@dataclass(frozen=True)
class MappingDraft:
    """A field feeds an indicator (by code) from one day to another."""

    indicator: str
    valid_from: date
    valid_to: date | None = None
    coefficient: Decimal = Decimal(1)
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class FieldDraft:
    """A field to be; `titles` are further spellings of its header, `choices` codes with spellings."""

    code: str
    name_zh: str
    kind: FieldKind
    name_en: str | None = None
    required: bool = True
    in_key: bool = False
    unit: str = ""
    role: FieldRole = FieldRole.NONE
    use: FieldUse = FieldUse.UNDECIDED
    titles: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mappings: tuple[MappingDraft, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """All that a header may call it, the name of the template first."""
        given = (self.name_zh, self.name_en, *self.titles, self.code)
        return tuple(dict.fromkeys(one for one in given if one))

    @property
    def decided(self) -> FieldUse:
        """What becomes of it; a role decides where nothing else does."""
        if self.use is FieldUse.UNDECIDED and self.role is not FieldRole.NONE:
            return FieldUse.ROLE
        return self.use


@dataclass(frozen=True)
class ModelDraft:
    """A data model to be, with the fields that are in force."""

    code: str
    name_zh: str
    delivery: Delivery
    name_en: str | None = None
    source: str = ""
    fields: tuple[FieldDraft, ...] = ()


@dataclass(frozen=True)
class Feedable:
    """An indicator as the checks of mappings need it; a `derived` one is computed and cannot be fed."""

    code: str
    unit: str
    aggregate: Aggregate
    derived: bool = False


def with_field(model: ModelDraft, one: FieldDraft, *, instead_of: str | None = None) -> ModelDraft:
    """Return a model with a field more, or with one in the place of another."""
    if instead_of is None:
        return replace(model, fields=(*model.fields, one))
    return replace(model, fields=tuple(one if old.code == instead_of else old for old in model.fields))


def without_field(model: ModelDraft, code: str) -> ModelDraft:
    """Return a model without a field."""
    return replace(model, fields=tuple(one for one in model.fields if one.code != code))


def placed(model: ModelDraft, code: str, place: int) -> ModelDraft:
    """Return a model with a field at a place, counted from 1."""
    others = [one for one in model.fields if one.code != code]
    own = [one for one in model.fields if one.code == code]
    at = max(0, place - 1)
    return replace(model, fields=(*others[:at], *own, *others[at:]))


def model_problems(model: ModelDraft, indicators: Mapping[str, Feedable]) -> list[Problem]:
    """Return all that forbids a model as it stands; it may yet be incomplete (see `lacks`)."""
    found = [
        problem
        for problem in (
            code_problem(model.code),
            name_problem(model.name_zh),
            name_problem(model.name_en or "", required=False),
            name_problem(model.source, required=False, longest=40),
        )
        if problem
    ]
    if len(model.fields) > MOST_FIELDS:
        found.append(Problem(N_("字段过多：最多 %(most)s 个。"), {"most": MOST_FIELDS}))
    found += _double_codes(model)
    found += _double_spellings(model)
    found += _double_roles(model)
    for one in model.fields:
        found += field_problems(one, model, indicators)
    return found


def _double_codes(model: ModelDraft) -> list[Problem]:
    counted = Counter(one.code for one in model.fields)
    found = [
        Problem(N_("字段代码“%(code)s”重复。"), {"code": code}, field=code)
        for code, times in counted.items()
        if code and times > 1
    ]
    numbers = {f"{one.code}_unit": one.code for one in model.fields if one.kind is FieldKind.NUMBER}
    found += [
        Problem(
            N_("字段代码“%(code)s”不可用：它是数值字段“%(number)s”的单位列的名称。"),
            {"code": one.code, "number": numbers[one.code]},
            field=one.code,
        )
        for one in model.fields
        if one.code in numbers
    ]
    return found


def _double_spellings(model: ModelDraft) -> list[Problem]:
    taken: dict[str, FieldDraft] = {}
    found = []
    for one in model.fields:
        for spelling in one.spellings:
            other = taken.setdefault(plain(spelling), one)
            if other is not one and other.code != one.code:
                message = N_("表头“%(title)s”同时属于字段“%(one)s”和“%(other)s”。")
                params = {"title": spelling, "one": other.code, "other": one.code}
                found.append(Problem(message, params, field=one.code))
    return found


def _double_roles(model: ModelDraft) -> list[Problem]:
    found = []
    for role in ROLE_KINDS:
        bearers = [one for one in model.fields if one.role is role]
        if len(bearers) > 1:
            message = N_("字段“%(one)s”和“%(other)s”的角色相同；每种角色最多一个字段。")
            params = {"one": bearers[0].name_zh, "other": bearers[1].name_zh}
            found.append(Problem(message, params, field=bearers[1].code))
    return found


def field_problems(
    one: FieldDraft, model: ModelDraft, indicators: Mapping[str, Feedable]
) -> Iterator[Problem]:
    """Yield what is wrong with one field within its model; each names the field."""
    named = [
        code_problem(one.code),
        name_problem(one.name_zh),
        name_problem(one.name_en or "", required=False),
        *(name_problem(title) for title in one.titles),
    ]
    yield from (replace(problem, field=one.code) for problem in named if problem)
    for message in _field_messages(one):
        yield Problem(message, {"field": one.name_zh, "unit": one.unit}, field=one.code)
    yield from _choice_problems(one)
    yield from _use_problems(one)
    for mapping in one.mappings:
        yield from _mapping_problems(mapping, one, model, indicators)
    yield from _overlaps(one)


def _field_messages(one: FieldDraft) -> Iterator[str]:
    if not all(plain(title) for title in one.spellings):
        yield N_("字段“%(field)s”的一个表头写法只有符号，无法识别。")
    if one.unit and one.kind is not FieldKind.NUMBER:
        yield N_("字段“%(field)s”不是数值，不能有单位。")
    if one.unit and one.unit not in UNITS:
        yield N_("字段“%(field)s”的单位“%(unit)s”未知。")
    if one.role in ROLE_KINDS and one.kind not in ROLE_KINDS[one.role]:
        yield N_("字段“%(field)s”的类型与其角色不符：日期角色须为日期，其它角色须为编号或文本。")
    if one.role is FieldRole.DAY and not one.required:
        yield N_("字段“%(field)s”是数据日期，必须为必填。")


def _choice_problems(one: FieldDraft) -> Iterator[Problem]:
    params: dict[str, Any] = {"field": one.name_zh}
    if one.kind is not FieldKind.CHOICE:
        if one.choices:
            yield Problem(N_("字段“%(field)s”不是选项类型，不能有选项。"), params, field=one.code)
        return
    if not one.choices:
        yield Problem(N_("字段“%(field)s”是选项类型，须至少有一个选项。"), params, field=one.code)
    taken: set[str] = set()
    for code, spellings in one.choices.items():
        if name_problem(code, longest=60) or any(name_problem(each, longest=60) for each in spellings):
            message = N_("字段“%(field)s”的选项“%(choice)s”为空、过长或含有不能使用的字符。")
            yield Problem(message, {**params, "choice": code[:40]}, field=one.code)
        own = {each.strip().lower() for each in (code, *spellings)}
        if own & taken:
            message = N_("字段“%(field)s”的选项“%(choice)s”重复。")
            yield Problem(message, {**params, "choice": min(own & taken)}, field=one.code)
        taken |= own


def _use_problems(one: FieldDraft) -> Iterator[Problem]:
    params = {"field": one.name_zh}
    if one.use is FieldUse.INDICATOR and not one.mappings:
        yield Problem(N_("字段“%(field)s”用于指标，请至少选择一个指标。"), params, field=one.code)
    if one.use is not FieldUse.INDICATOR and one.mappings:
        message = N_("字段“%(field)s”对应了指标，其用途须为“用于指标”。")
        yield Problem(message, params, field=one.code)
    if one.use is FieldUse.ROLE and one.role is FieldRole.NONE:
        yield Problem(N_("字段“%(field)s”的用途是角色，请选择角色。"), params, field=one.code)


_FIGURES = (Aggregate.SUM, Aggregate.MEAN, Aggregate.LAST, Aggregate.DAILY_AVG)


def _mapping_problems(
    mapping: MappingDraft, one: FieldDraft, model: ModelDraft, indicators: Mapping[str, Feedable]
) -> Iterator[Problem]:
    params: dict[str, Any] = {"field": one.name_zh, "indicator": mapping.indicator}
    target = indicators.get(mapping.indicator)
    if target is None:
        message = N_("字段“%(field)s”：没有代码为“%(indicator)s”的指标。")
        yield Problem(message, params, field=one.code)
    elif target.derived:
        message = N_("字段“%(field)s”：指标“%(indicator)s”由公式计算，不能由数据填入。")
        yield Problem(message, params, field=one.code)
    else:
        written = one.unit if one.kind is FieldKind.NUMBER else ""
        counted = one.kind is not FieldKind.NUMBER or target.aggregate not in _FIGURES
        if factor(written, target.unit) is None and not counted:
            message = N_("字段“%(field)s”的单位“%(unit)s”不能换算为指标“%(indicator)s”的单位“%(wanted)s”。")
            yield Problem(message, {**params, "unit": one.unit, "wanted": target.unit}, field=one.code)
        if one.kind is FieldKind.NUMBER and target.aggregate in _FIGURES and not one.unit:
            message = N_("字段“%(field)s”用于指标，请填写单位。")
            yield Problem(message, params, field=one.code)
        if counted and target.unit not in COUNTS:
            message = N_("字段“%(field)s”按记录计数，指标“%(indicator)s”的单位须为计数单位（如户、笔、张）。")
            yield Problem(message, params, field=one.code)
    if not mapping.coefficient.is_finite() or not 0 < abs(mapping.coefficient) <= 1_000:
        message = N_("字段“%(field)s”对应“%(indicator)s”的系数须在 -1000 到 1000 之间，且不为 0。")
        yield Problem(message, params, field=one.code)
    for condition in mapping.conditions:
        yield from _condition_problems(condition, one, model)


def _condition_problems(condition: Condition, one: FieldDraft, model: ModelDraft) -> Iterator[Problem]:
    params = {"field": one.name_zh, "other": condition.field, "value": "、".join(condition.values)}
    subject = next((each for each in model.fields if each.code == condition.field), None)
    if subject is None:
        message = N_("字段“%(field)s”的条件：没有代码为“%(other)s”的字段。")
        yield Problem(message, params, field=one.code)
        return
    params["other"] = subject.name_zh
    wanted = 0 if condition.op in BARE else 1
    if len(condition.values) < wanted or (len(condition.values) > wanted and condition.op not in SEVERAL):
        message = N_("字段“%(field)s”的条件“%(other)s”缺少比较值，或比较值过多。")
        yield Problem(message, params, field=one.code)
    elif condition.op in ORDERED and subject.kind not in (FieldKind.NUMBER, FieldKind.DAY):
        message = N_("字段“%(field)s”的条件：“%(other)s”不是数值或日期，不能比较大小。")
        yield Problem(message, params, field=one.code)
    elif not all(value_fits(value, subject.kind, list(subject.choices)) for value in condition.values):
        message = N_("字段“%(field)s”的条件：“%(value)s”不是“%(other)s”可取的值。")
        yield Problem(message, params, field=one.code)


def _overlaps(one: FieldDraft) -> Iterator[Problem]:
    alike: dict[tuple[str, tuple[Condition, ...]], list[tuple[date, date | None]]] = {}
    for mapping in one.mappings:
        spans = alike.setdefault((mapping.indicator, mapping.conditions), [])
        spans.append((mapping.valid_from, mapping.valid_to))
    for (indicator, _), spans in alike.items():
        try:
            refuse_overlap(spans)
        except Refused:
            message = N_("字段“%(field)s”对应“%(indicator)s”的有效期重叠，或结束早于开始。")
            yield Problem(message, {"field": one.name_zh, "indicator": indicator}, field=one.code)


def lacks(model: ModelDraft) -> list[Problem]:
    """Return what a sound model still lacks before a file of it may be imported; each names its field.

    Events need no key: banks export movements without a number of their own, and each row is one. A
    snapshot needs one, so that nobody's state stands in it twice.
    """
    if not model.fields:
        return [Problem(N_("模型还没有字段。"))]
    found = []
    keyed = any(one.in_key for one in model.fields)
    if (keyed or model.delivery is Delivery.SNAPSHOT) and not any(
        one.in_key and one.required for one in model.fields
    ):
        found.append(Problem(N_("模型没有主键：请至少把一个必填字段设为主键。")))
    if model.delivery is Delivery.REPLACE_DAY and not any(one.role is FieldRole.DAY for one in model.fields):
        found.append(Problem(N_("按日替换的模型须有一个数据日期字段。")))
    message = N_("字段“%(field)s”尚未对应指标，也未标为“不使用”。")
    found += [
        Problem(message, {"field": one.name_zh}, field=one.code)
        for one in model.fields
        if one.decided is FieldUse.UNDECIDED
    ]
    return found


def change_problems(old: ModelDraft, new: ModelDraft, retired: Sequence[FieldDraft]) -> list[Problem]:
    """Return what forbids a change while records exist; `retired` are the fields that left earlier.

    Fields of `old` that `new` has not will be retired.
    """
    found = []
    if new.delivery is not old.delivery:
        found.append(Problem(N_("模型已有记录，不能更改交付方式。")))
    before = {one.code: one for one in old.fields}
    left = {one.code: one for one in retired}
    after = {one.code: one for one in new.fields}
    for code, was in before.items():
        if code not in after and (was.in_key or was.role is FieldRole.DAY):
            message = N_("模型已有记录，不能停用主键或数据日期字段“%(field)s”。")
            found.append(Problem(message, {"field": was.name_zh}, field=code))
    for code, one in after.items():
        params = {"field": one.name_zh}
        earlier = before.get(code) or left.get(code)
        if earlier is None:
            if one.in_key or one.role is FieldRole.DAY:
                message = N_("模型已有记录，新字段“%(field)s”不能是主键或数据日期。")
                found.append(Problem(message, params, field=code))
            continue
        found += [Problem(message, params, field=code) for message in _frozen(earlier, one)]
    return found


def _frozen(was: FieldDraft, now: FieldDraft) -> Iterator[str]:
    if was.kind is not now.kind:
        yield N_("模型已有记录，不能更改字段“%(field)s”的类型。")
    if was.in_key is not now.in_key:
        yield N_("模型已有记录，不能更改字段“%(field)s”是否为主键。")
    if was.unit != now.unit:
        yield N_("模型已有记录，不能更改字段“%(field)s”的单位。")
    if (was.role is FieldRole.DAY) is not (now.role is FieldRole.DAY):
        yield N_("模型已有记录，不能更改字段“%(field)s”是否为数据日期。")
    if not set(was.choices) <= set(now.choices):
        yield N_("模型已有记录，不能删除字段“%(field)s”的选项。")


def differences(old: ModelDraft, new: ModelDraft) -> list[dict[str, Any]]:
    """Return what a change changes, as it is recorded: what, of which field, from what to what."""
    found = [
        {"what": "model", "attribute": name, "from": str(before or ""), "to": str(after or "")}
        for name in ("name_zh", "name_en", "source", "delivery")
        if (before := getattr(old, name)) != (after := getattr(new, name))
    ]
    before_by = {one.code: replace(one, use=one.decided) for one in old.fields}
    after_by = {one.code: replace(one, use=one.decided) for one in new.fields}
    for code in before_by:
        if code not in after_by:
            found.append({"what": "field_left", "field": code, "name": before_by[code].name_zh})
    for code, now in after_by.items():
        was = before_by.get(code)
        if was is None:
            found.append({"what": "field_new", "field": code, "name": now.name_zh})
            continue
        found += [
            {
                "what": "field",
                "field": code,
                "name": now.name_zh,
                "attribute": name,
                "from": _told(getattr(was, name)),
                "to": _told(getattr(now, name)),
            }
            for name in _ATTRIBUTES
            if getattr(was, name) != getattr(now, name)
        ]
    kept = [code for code in before_by if code in after_by]
    if kept != [code for code in after_by if code in before_by]:
        found.append({"what": "order"})
    return found


_ATTRIBUTES = (
    "name_zh",
    "name_en",
    "kind",
    "required",
    "in_key",
    "unit",
    "role",
    "use",
    "titles",
    "choices",
    "mappings",
)


def _told(value: Any) -> Any:
    """Return an attribute as the record of a change shows it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    if isinstance(value, MappingDraft):
        return {
            "indicator": value.indicator,
            "coefficient": str(value.coefficient),
            "valid_from": value.valid_from.isoformat(),
            "valid_to": value.valid_to.isoformat() if value.valid_to else None,
            "conditions": [one.to_json() for one in value.conditions],
        }
    if isinstance(value, Mapping):
        return {key: list(spellings) for key, spellings in value.items()}
    return str(value)
