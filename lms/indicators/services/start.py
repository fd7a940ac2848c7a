"""Starting an import as long work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lms.core.audit import Acting
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.core.jobs import Job, enqueue
from lms.indicators.models import ImportUpload
from lms.indicators.rules import BatchState, ImportKind
from lms.indicators.services.datamodels import refuse_unready
from lms.indicators.services.pipeline import refuse_same_file

_LABELS = {
    ImportKind.ACTUALS: N_("导入实际值"),
    ImportKind.TARGETS: N_("导入目标值"),
    ImportKind.PEOPLE: N_("导入人员"),
    ImportKind.RECORDS: N_("导入业务数据"),
}


def start(session: Session, actor: Acting, upload: ImportUpload, *, now: datetime) -> Job:
    """Queue the import of an upload; it runs once.

    Raises:
        Refused: when it was begun already, or the same file came to count meanwhile.
    """
    session.refresh(upload, with_for_update=True)
    if upload.job_id is not None or upload.state is not BatchState.DRAFT:
        raise Refused(N_("该文件的导入已经开始。"))
    if upload.data_model is not None:
        refuse_unready(upload.data_model)
    refuse_same_file(session, upload.kind, upload.sha256, upload.period, data_model_id=upload.data_model_id)
    job = enqueue(
        session, f"import.{upload.kind}", {"upload": upload.id}, actor, now=now, label=_LABELS[upload.kind]
    )
    upload.job_id = job.id
    session.flush()
    return job
