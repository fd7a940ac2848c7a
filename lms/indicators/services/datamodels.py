"""Data models: defining them, changing them with a record of it, retiring them, dropping empty ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session, selectinload

from lms.core.audit import Acting, record
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.core.types import canonical_json
from lms.indicators.models import (
    DataField,
    DataModel,
    DataModelChange,
    Feed,
    FieldMapping,
    ImportBatch,
    ImportMapping,
    ImportUpload,
    Indicator,
)
from lms.indicators.rules.conditions import Condition
from lms.indicators.rules.datamodel import (
    Feedable,
    FieldDraft,
    MappingDraft,
    ModelDraft,
    change_problems,
    differences,
    lacks,
    model_problems,
    placed,
    with_field,
    without_field,
)
from lms.indicators.rules.kinds import BatchState, ImportKind, ModelState


def data_models() -> Select[DataModel]:
    """Return the select of all data models, with their fields, by code."""
    return select(DataModel).options(selectinload(DataModel.fields)).order_by(DataModel.code)


def find_model(session: Session, code: str) -> DataModel | None:
    """Return the data model with a code."""
    return session.scalar(data_models().where(DataModel.code == code))


def with_mappings(session: Session, model: DataModel) -> DataModel:
    """Return a model after fetching its fields, their mappings and indicators at once."""
    fetched = (
        select(DataModel)
        .where(DataModel.id == model.id)
        .options(
            selectinload(DataModel.fields)
            .selectinload(DataField.mappings)
            .selectinload(FieldMapping.indicator)
        )
        .execution_options(populate_existing=True)
    )
    session.flush()
    return session.scalars(fetched).one()


def fields_in_force(model: DataModel) -> list[DataField]:
    """Return the fields that files of the model have now, in order."""
    return [field for field in model.fields if field.until is None]


def draft_of(model: DataModel, *, mappings: bool = True) -> ModelDraft:
    """Return a model as its administrator would write it down, with the fields in force."""
    return ModelDraft(
        code=model.code,
        name_zh=model.name_zh,
        name_en=model.name_en,
        source=model.source,
        delivery=model.delivery,
        fields=tuple(field_draft(field, mappings=mappings) for field in fields_in_force(model)),
    )


def field_draft(field: DataField, *, mappings: bool = True) -> FieldDraft:
    """Return a field as its administrator would write it down."""
    return FieldDraft(
        code=field.code,
        name_zh=field.name_zh,
        name_en=field.name_en,
        kind=field.kind,
        required=field.required,
        in_key=field.in_key,
        unit=field.unit,
        role=field.role,
        use=field.use,
        titles=tuple(field.titles),
        choices={code: tuple(spellings) for code, spellings in field.choices.items()},
        mappings=tuple(_mapping_draft(one) for one in field.mappings) if mappings else (),
    )


def _mapping_draft(mapping: FieldMapping) -> MappingDraft:
    return MappingDraft(
        indicator=mapping.indicator.code,
        valid_from=mapping.valid_from,
        valid_to=mapping.valid_to,
        coefficient=Decimal(format(mapping.coefficient.normalize(), "f")),
        conditions=tuple(Condition.of_json(one) for one in mapping.conditions),
    )


def obstacles(model: DataModel) -> list[Problem]:
    """Return what forbids the import of a file of this model; undecided fields are named."""
    found = lacks(draft_of(model, mappings=False))
    if model.state is ModelState.RETIRED:
        found.insert(0, Problem(N_("数据模型“%(model)s”已停用。"), {"model": model.name_zh}))
    elif model.state is ModelState.DRAFT:
        found.insert(0, Problem(N_("数据模型“%(model)s”尚未启用。"), {"model": model.name_zh}))
    return found


def refuse_unready(model: DataModel) -> None:
    """Refuse a model of which no file may be imported.

    Raises:
        Rejected: naming all that is missing.
    """
    if found := obstacles(model):
        raise Rejected(found)


def has_records(session: Session, model: DataModel) -> bool:
    """Whether records of a model count."""
    return _count_batches(session, model, BatchState.COMMITTED) > 0


def _count_batches(session: Session, model: DataModel, *states: BatchState) -> int:
    counted = select(func.count(ImportBatch.id)).where(
        ImportBatch.kind == ImportKind.RECORDS, ImportBatch.data_model_id == model.id
    )
    return session.scalar(counted.where(ImportBatch.state.in_(states)) if states else counted) or 0


def record_counts(session: Session) -> dict[int, int]:
    """Return how many records counting batches brought, by model."""
    counted = (
        select(ImportBatch.data_model_id, func.sum(ImportBatch.rows))
        .where(ImportBatch.kind == ImportKind.RECORDS, ImportBatch.state == BatchState.COMMITTED)
        .group_by(ImportBatch.data_model_id)
    )
    return {model: int(rows) for model, rows in session.execute(counted) if model is not None}


def feedable(session: Session) -> dict[str, Feedable]:
    """Return all indicators as the checks of mappings need them, by code."""
    rows = session.execute(
        select(Indicator.code, Indicator.unit, Indicator.aggregate, Indicator.formula).order_by(
            Indicator.code
        )
    )
    return {code: Feedable(code, unit, how, derived=formula is not None) for code, unit, how, formula in rows}


def define_model(
    session: Session, actor: Acting, draft: ModelDraft, *, now: datetime, shipped: bool = False
) -> DataModel:
    """Define a data model; it takes no files before it is activated.

    Raises:
        Rejected: all that is wrong with it.
    """
    problems = model_problems(draft, feedable(session)) + _taken(session, draft)
    if problems:
        raise Rejected(problems)
    model = DataModel(
        code=draft.code,
        name_zh=draft.name_zh,
        name_en=draft.name_en,
        source=draft.source,
        delivery=draft.delivery,
        state=ModelState.DRAFT,
        shipped=shipped,
        version=1,
        defined_at=now,
    )
    session.add(model)
    session.flush()
    indicators = _indicator_ids(session, draft.fields)
    for place, one in enumerate(draft.fields, start=1):
        _write_field(session, DataField(model_id=model.id, since=1), one, place, indicators)
    _note(session, actor, model, [{"what": "defined"}], now=now)
    return with_mappings(session, model)


def _taken(session: Session, draft: ModelDraft, model: DataModel | None = None) -> list[Problem]:
    others = select(DataModel.id).where(DataModel.id != (model.id if model is not None else 0))
    if session.scalar(others.where(DataModel.code == draft.code)) is not None:
        return [Problem(N_("数据模型代码“%(code)s”已存在。"), {"code": draft.code})]
    if session.scalar(others.where(DataModel.name_zh == draft.name_zh)) is not None:
        return [Problem(N_("数据模型名称“%(name)s”已存在。"), {"name": draft.name_zh})]
    return []


def revise_model(
    session: Session, actor: Acting, model: DataModel, draft: ModelDraft, *, version: int, now: datetime
) -> DataModel:
    """Change a model to `draft`, as a recorded change with a version of its own; no change is none.

    Fields that the draft lacks are retired when records exist and removed when none do; a retired
    field that it names is in force again. Old records give null for a field that came later.

    Raises:
        Refused: the model is no longer at `version`.
        Rejected: all that is wrong with the change.
    """
    session.refresh(model, with_for_update=True)
    model = with_mappings(session, model)
    if model.version != version:
        raise Refused(N_("该数据模型刚被他人修改，请重新打开后再改。"))
    old, kept = draft_of(model), has_records(session, model)
    changes = differences(old, draft)
    if not changes:
        return model
    problems = model_problems(draft, feedable(session)) + _taken(session, draft, model)
    if draft.code != model.code:
        problems.append(Problem(N_("数据模型的代码不能更改。")))
    if kept:
        retired = [field_draft(field) for field in model.fields if field.until is not None]
        problems += change_problems(old, draft, retired)
    if problems:
        raise Rejected(problems)
    model.name_zh, model.name_en = draft.name_zh, draft.name_en
    model.source, model.delivery = draft.source, draft.delivery
    model.version += 1
    _write_fields(session, model, draft, keep=kept)
    _note(session, actor, model, changes, now=now)
    return with_mappings(session, model)


def put_field(
    session: Session,
    actor: Acting,
    model: DataModel,
    one: FieldDraft,
    *,
    instead_of: str | None,
    place: int | None,
    version: int,
    now: datetime,
) -> DataModel:
    """Add a field, or put it in the stead of another, at a place (from 1) or where it belongs.

    Raises:
        Refused, Rejected: as `revise_model`.
    """
    draft = draft_of(with_mappings(session, model))
    if instead_of not in (None, one.code) and has_records(session, model):
        # Records keep their values under the code; another code would be another field without any.
        message = N_("模型已有记录，不能更改字段“%(field)s”的代码。可停用该字段后另加新字段。")
        raise Rejected([Problem(message, {"field": one.name_zh}, field=instead_of)])
    draft = with_field(draft, one, instead_of=instead_of)
    if place is not None:
        draft = placed(draft, one.code, place)
    return revise_model(session, actor, model, draft, version=version, now=now)


def take_field(
    session: Session, actor: Acting, model: DataModel, code: str, *, version: int, now: datetime
) -> DataModel:
    """Take a field out of a model: retired while records exist, else removed.

    Raises:
        Refused, Rejected: as `revise_model`.
    """
    draft = without_field(draft_of(with_mappings(session, model)), code)
    return revise_model(session, actor, model, draft, version=version, now=now)


def restore_field(
    session: Session, actor: Acting, model: DataModel, code: str, *, version: int, now: datetime
) -> DataModel:
    """Put a retired field in force again.

    Raises:
        Refused, Rejected: as `revise_model`.
    """
    model = with_mappings(session, model)
    [field] = [one for one in model.fields if one.code == code and one.until is not None]
    draft = placed(with_field(draft_of(model), field_draft(field)), code, field.place)
    return revise_model(session, actor, model, draft, version=version, now=now)


def revise_head(
    session: Session, actor: Acting, model: DataModel, head: ModelDraft, *, version: int, now: datetime
) -> DataModel:
    """Change names, source and delivery of a model; its fields stay.

    Raises:
        Refused, Rejected: as `revise_model`.
    """
    fields = draft_of(with_mappings(session, model)).fields
    return revise_model(session, actor, model, replace(head, fields=fields), version=version, now=now)


def _write_fields(session: Session, model: DataModel, draft: ModelDraft, *, keep: bool) -> None:
    wanted = {one.code for one in draft.fields}
    by_code = {field.code: field for field in model.fields}
    for field in list(model.fields):
        if field.code in wanted:
            continue
        if keep or field.until is not None:
            field.until = field.until or model.version
        else:
            _remove_field(session, field)
    session.flush()
    indicators = _indicator_ids(session, draft.fields)
    for place, one in enumerate(draft.fields, start=1):
        field = by_code.get(one.code) or DataField(model_id=model.id, since=model.version)
        field.until = None
        _write_field(session, field, one, place, indicators)


def _remove_field(session: Session, field: DataField) -> None:
    session.execute(delete(FieldMapping).where(FieldMapping.field_id == field.id))
    session.execute(delete(DataField).where(DataField.id == field.id))
    session.expire(field.model, ["fields"])


def _write_field(
    session: Session, field: DataField, draft: FieldDraft, place: int, indicators: Mapping[str, int]
) -> None:
    field.place, field.code = place, draft.code
    field.name_zh, field.name_en = draft.name_zh, draft.name_en
    field.kind, field.required, field.in_key = draft.kind, draft.required, draft.in_key
    field.unit, field.role, field.use = draft.unit, draft.role, draft.decided
    field.titles = list(draft.titles)
    field.choices = {code: list(spellings) for code, spellings in draft.choices.items()}
    session.add(field)
    session.flush()
    standing = {
        (one.indicator_id, one.valid_from, canonical_json(one.conditions)): one for one in field.mappings
    }
    for one in draft.mappings:
        conditions = [condition.to_json() for condition in one.conditions]
        indicator = indicators[one.indicator]
        mapping = standing.pop((indicator, one.valid_from, canonical_json(conditions)), None)
        if mapping is None:
            mapping = FieldMapping(
                field_id=field.id,
                indicator_id=indicator,
                valid_from=one.valid_from,
                conditions=conditions,
            )
        mapping.valid_to, mapping.coefficient = one.valid_to, one.coefficient
        session.add(mapping)
    for mapping in standing.values():
        session.delete(mapping)
    session.flush()


def _indicator_ids(session: Session, fields: Iterable[FieldDraft]) -> dict[str, int]:
    codes = sorted({mapping.indicator for one in fields for mapping in one.mappings})
    found = session.execute(select(Indicator.code, Indicator.id).where(Indicator.code.in_(codes)))
    return dict(found.all())


def activate_model(session: Session, actor: Acting, model: DataModel, *, now: datetime) -> None:
    """Let files of a model be imported.

    Raises:
        Rejected: naming what it still lacks.
    """
    if found := lacks(draft_of(model, mappings=False)):
        raise Rejected(found)
    _turn(session, actor, model, ModelState.ACTIVE, now=now)


def retire_model(session: Session, actor: Acting, model: DataModel, *, now: datetime) -> None:
    """Take no more files of a model; its records stay and count."""
    _turn(session, actor, model, ModelState.RETIRED, now=now)


def _turn(session: Session, actor: Acting, model: DataModel, state: ModelState, *, now: datetime) -> None:
    if model.state is state:
        return
    change = {"what": "state", "from": model.state.value, "to": state.value}
    model.state = state
    model.version += 1
    _note(session, actor, model, [change], now=now)


def drop_model(session: Session, actor: Acting, model: DataModel) -> None:
    """Remove a model whose store is empty and from which nothing was ever brought.

    Raises:
        Refused: it has records, or something refers to it.
    """
    session.refresh(model, with_for_update=True)
    if rows := record_counts(session).get(model.id):
        raise Refused(
            N_("数据模型“%(model)s”已有 %(rows)s 条记录，不能删除，只能停用。"),
            model=model.name_zh,
            rows=rows,
        )
    for noun in (ImportUpload, ImportMapping, Feed):
        if session.scalar(select(noun.id).where(noun.data_model_id == model.id).limit(1)) is not None:
            raise Refused(
                N_("数据模型“%(model)s”有过导入或已设置导入方式，为保留来源只能停用。"), model=model.name_zh
            )
    ours = select(DataField.id).where(DataField.model_id == model.id)
    session.execute(delete(FieldMapping).where(FieldMapping.field_id.in_(ours)))
    session.execute(delete(DataField).where(DataField.model_id == model.id))
    session.execute(delete(DataModelChange).where(DataModelChange.model_id == model.id))
    record(session, actor, "indicators:model:drop", f"data_model:{model.id}", code=model.code)
    session.expire(model)
    session.delete(model)
    session.flush()


def changes_of(model: DataModel) -> Select[DataModelChange]:
    """Return the select of the recorded changes of a model, newest first."""
    return (
        select(DataModelChange)
        .where(DataModelChange.model_id == model.id)
        .order_by(DataModelChange.version.desc())
    )


def batches_of(model: DataModel) -> Select[ImportBatch]:
    """Return the select of the batches of a model, newest first."""
    return (
        select(ImportBatch)
        .where(ImportBatch.kind == ImportKind.RECORDS, ImportBatch.data_model_id == model.id)
        .order_by(ImportBatch.id.desc())
    )


def _note(
    session: Session,
    actor: Acting,
    model: DataModel,
    changes: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    session.add(
        DataModelChange(
            model_id=model.id,
            version=model.version,
            changes=[dict(one) for one in changes],
            actor_label=actor.actor.label,
            changed_at=now,
        )
    )
    session.flush()
    record(
        session,
        actor,
        "indicators:model:change",
        f"data_model:{model.id}",
        code=model.code,
        version=model.version,
    )
