"""Starting an import as long work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.core.audit import Acting
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.jobs import Job, enqueue
from lms.indicators.models import ImportUpload
from lms.indicators.rules import BatchState, ImportKind
from lms.indicators.services.datamodels import refuse_unready
from lms.indicators.services.pipeline import note_extra, refuse_same_file

_LABELS = {
    ImportKind.ACTUALS: N_("导入实际值"),
    ImportKind.TARGETS: N_("导入目标值"),
    ImportKind.PEOPLE: N_("导入人员"),
    ImportKind.RECORDS: N_("导入业务数据"),
    ImportKind.UNITS: N_("导入机构"),
}


def start(session: Session, actor: Acting, upload: ImportUpload, *, now: datetime) -> Job:
    """Queue the import of an upload; it runs once.

    Raises:
        Refused: when it was begun already, the same file came to count meanwhile, or somebody else's
            file of the same kind and period is being imported.
    """
    session.refresh(upload, with_for_update=True)
    if upload.job_id is not None or upload.state is not BatchState.DRAFT:
        raise Refused(N_("该文件的导入已经开始。"))
    if upload.data_model is not None:
        refuse_unready(upload.data_model)
    refuse_same_file(session, upload.kind, upload.sha256, upload.period, data_model_id=upload.data_model_id)
    _refuse_beside(session, upload)
    job = enqueue(
        session, f"import.{upload.kind}", {"upload": upload.id}, actor, now=now, label=_LABELS[upload.kind]
    )
    upload.job_id = job.id
    note_extra(upload, stopped=None)
    session.flush()
    return job


def running_beside(upload: ImportUpload) -> Select[ImportUpload]:
    """Return the select of what others are importing of the same kind, model and period just now."""
    return (
        select(ImportUpload)
        .join(Job, Job.id == ImportUpload.job_id)
        .where(
            Job.kind != "import.check",
            ImportUpload.id != upload.id,
            ImportUpload.kind == upload.kind,
            ImportUpload.data_model_id == upload.data_model_id,
            ImportUpload.period == upload.period,
            ImportUpload.state == BatchState.DRAFT,
            ImportUpload.account_id.is_not(None),
            ImportUpload.account_id != upload.account_id,
        )
        .order_by(ImportUpload.id)
        .limit(1)
    )


def _refuse_beside(session: Session, upload: ImportUpload) -> None:
    """Two people who import the same at once: the second one is told, instead of failing later."""
    other = session.scalar(running_beside(upload))
    if other is not None:
        raise Refused(
            N_("%(who)s 正在导入同一期间的同类文件“%(name)s”。请等它结束，再检查一次后导入。"),
            who=other.actor_label,
            name=other.name,
        )
