"""Data models as files: given to another bank, taken from one, and the six that are shipped."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import Acting
from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.indicators.models import DataModel, Indicator
from lms.indicators.rules import IndicatorDraft
from lms.indicators.rules.modelfile import ModelFile, read_model_file, write_model_file
from lms.indicators.services.datamodels import activate_model, define_model, draft_of, with_mappings
from lms.indicators.services.indicators import define_indicator, found_indicators

_SHIPPED = Path(__file__).parent.parent / "shipped"


def model_file(session: Session, model: DataModel, *, as_json: bool = False) -> bytes:
    """Return a model with the definitions of the indicators that it feeds, as a file."""
    draft = draft_of(with_mappings(session, model))
    codes = {mapping.indicator for field in draft.fields for mapping in field.mappings}
    fed = select(Indicator).where(Indicator.code.in_(sorted(codes))).order_by(Indicator.code)
    indicators = tuple(
        IndicatorDraft(
            code=one.code,
            name_zh=one.name_zh,
            indicator_set=one.indicator_set,
            unit=one.unit,
            name_en=one.name_en,
            direction=one.direction,
            aggregate=one.aggregate,
            minimum=one.minimum,
            maximum=one.maximum,
            whole=one.whole,
            indicator_class=one.indicator_class,
            point_in_time=one.point_in_time,
        )
        for one in session.scalars(fed)
    )
    return write_model_file(ModelFile(draft, indicators), as_json=as_json)


def define_from_file(
    session: Session, actor: Acting, content: bytes, *, now: datetime, shipped: bool = False
) -> DataModel:
    """Define the model that a file describes, and those of its indicators that are not there yet.

    Raises:
        Rejected: it is no such file, or what it describes cannot be defined here.
        Refused: an indicator cannot be defined.
    """
    file = read_model_file(content)
    _define_missing(session, actor, file)
    return define_model(session, actor, file.model, now=now, shipped=shipped)


def _define_missing(session: Session, actor: Acting, file: ModelFile) -> None:
    known = found_indicators(session, [draft.code for draft in file.indicators])
    message = N_("指标“%(indicator)s”在本行已有不同的定义（指标集、单位或汇总方式不同）。")
    problems = [
        Problem(message, {"indicator": draft.code})
        for draft in file.indicators
        if (one := known.get(draft.code)) is not None
        and (one.indicator_set, one.unit, one.aggregate) != (draft.indicator_set, draft.unit, draft.aggregate)
    ]
    if problems:
        raise Rejected(problems)
    for draft in file.indicators:
        if draft.code not in known:
            define_indicator(session, actor, draft)


def load_shipped(session: Session, actor: Acting, *, now: datetime) -> list[DataModel]:
    """Define and activate the shipped models that are not there yet; a repeat changes nothing.

    Raises:
        Rejected, Refused: what is there already leaves no place for one of them.
    """
    loaded = []
    known = set(session.scalars(select(DataModel.code)))
    for path in sorted(_SHIPPED.glob("*.yaml")):
        content = path.read_bytes()
        if read_model_file(content).model.code in known:
            continue
        model = define_from_file(session, actor, content, now=now, shipped=True)
        activate_model(session, actor, model, now=now)
        loaded.append(model)
    return loaded


def shipped_missing(session: Session) -> int:
    """Return how many of the shipped models are not there yet."""
    codes = {read_model_file(path.read_bytes()).model.code for path in _SHIPPED.glob("*.yaml")}
    return len(codes - set(session.scalars(select(DataModel.code).where(DataModel.code.in_(sorted(codes))))))
