"""Saved mappings: how files of one kind are read, in versions that follow each other by date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from lms.core.audit import Acting, record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.textfile import Options
from lms.core.textfile.columns import plain
from lms.indicators.models import DataModel, ImportMapping, ImportUpload
from lms.indicators.rules import ImportKind
from lms.indicators.rules.kinds import ModelState
from lms.indicators.rules.mapping import without_unit
from lms.indicators.services.pipeline import note_extra, refuse_begun

_OF_ONE_FILE = ("order",)
"""What is said of one file only and not kept with a mapping."""


def mappings(kind: ImportKind | None = None, model_id: int | None = None) -> Select[ImportMapping]:
    """Return the select of all versions, of one kind and data model or of all, by name and date."""
    chosen = select(ImportMapping).order_by(ImportMapping.name, ImportMapping.valid_from)
    if kind is not None:
        chosen = chosen.where(ImportMapping.kind == kind, ImportMapping.data_model_id == model_id)
    return chosen


def importable_models() -> Select[DataModel]:
    """Return the select of the data models of which files are taken, by code."""
    return select(DataModel).where(DataModel.state == ModelState.ACTIVE).order_by(DataModel.code)


def versions_for(
    session: Session, kind: ImportKind, model_id: int | None, period: str
) -> Sequence[ImportMapping]:
    """Return of every mapping of a kind the version that reads files of a period: that of its first day."""
    day = Period.parse(period).first
    return session.scalars(
        mappings(kind, model_id).where(
            ImportMapping.valid_from <= day,
            or_(ImportMapping.valid_to.is_(None), ImportMapping.valid_to > day),
        )
    ).all()


def version_for(
    session: Session, name: str, kind: ImportKind, model: DataModel | None, period: str
) -> ImportMapping:
    """Return the version of a mapping that reads files of a period.

    Raises:
        Refused: there is no mapping of this name for this kind, or none for that time.
    """
    model_id = model.id if model is not None else None
    for one in versions_for(session, kind, model_id, period):
        if one.name == name:
            return one
    raise Refused(N_("没有适用于 %(period)s 期的映射“%(name)s”。"), period=period, name=name)


def fitting(session: Session, upload: ImportUpload, titles: Sequence[str]) -> ImportMapping | None:
    """Return the saved mapping of an upload's period whose titles the file has all; the one with most."""
    have = {plain(without_unit(title)) for title in titles}
    found = [
        one
        for one in versions_for(session, upload.kind, upload.data_model_id, upload.period)
        if one.titles and all(plain(without_unit(title)) in have for title in one.titles.values() if title)
    ]
    return max(found, key=lambda one: (len(one.titles), one.id), default=None)


def apply_mapping(session: Session, actor: Acting, upload: ImportUpload, mapping: ImportMapping) -> None:
    """Read an upload by a saved mapping.

    Raises:
        Refused: the mapping is for other files, or the import has begun.
    """
    refuse_begun(upload)
    if (mapping.kind, mapping.data_model_id) != (upload.kind, upload.data_model_id):
        raise Refused(N_("映射“%(name)s”用于另一类文件。"), name=mapping.name)
    upload.titles, upload.mapping_id = dict(mapping.titles), mapping.id
    note_extra(upload, checked=None)
    upload.options = {**upload.options, **mapping.options}
    session.flush()
    record(session, actor, "admin:import:map", f"import_upload:{upload.id}", mapping=mapping.id)


def save_mapping(
    session: Session, actor: Acting, upload: ImportUpload, name: str, valid_from: date, *, now: datetime
) -> ImportMapping:
    """Keep how an upload is read under a name, from a day on; earlier periods keep their own version.

    A version of the same day is replaced; uploads that were read by it keep what they were read with.

    Raises:
        Refused: the name is empty or belongs to files of another kind.
    """
    name = name.strip()[:120]
    if not name:
        raise Refused(N_("请给映射起一个名称。"))
    versions = session.scalars(
        select(ImportMapping).where(ImportMapping.name == name).order_by(ImportMapping.valid_from)
    ).all()
    if any((one.kind, one.data_model_id) != (upload.kind, upload.data_model_id) for one in versions):
        raise Refused(N_("名称“%(name)s”已用于另一类文件的映射。"), name=name)
    mapping = next((one for one in versions if one.valid_from == valid_from), None)
    if mapping is None:
        mapping = ImportMapping(
            name=name, kind=upload.kind, data_model_id=upload.data_model_id, valid_from=valid_from
        )
        earlier = [one for one in versions if one.valid_from < valid_from]
        later = [one for one in versions if one.valid_from > valid_from]
        if earlier:
            earlier[-1].valid_to = valid_from
        mapping.valid_to = later[0].valid_from if later else None
        session.add(mapping)
    mapping.titles, mapping.options = dict(upload.titles), kept_options(upload.options)
    mapping.actor_label, mapping.saved_at = actor.actor.label, now
    session.flush()
    upload.mapping_id = mapping.id
    session.flush()
    record(
        session,
        actor,
        "admin:import:save_mapping",
        f"import_mapping:{mapping.id}",
        name=name,
        valid_from=valid_from.isoformat(),
        titles=dict(mapping.titles),
    )
    return mapping


def kept_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was declared about a file, without what was left to the guess."""
    plainly = asdict(Options())
    return {
        name: value
        for name, value in options.items()
        if name not in _OF_ONE_FILE and name in plainly and value not in (plainly[name], [], ())
    }
