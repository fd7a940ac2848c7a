"""What a dry run found, small enough to be kept with the upload and shown on a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import Acting
from lms.core.errors import Problem
from lms.core.i18n import N_
from lms.core.jobs import Job, enqueue
from lms.indicators.models import ImportBatch, ImportUpload
from lms.indicators.rules import Policy
from lms.indicators.rules.checks import ALREADY_A_TARGET, UNPAIRED
from lms.indicators.rules.mapping import wide_columns
from lms.indicators.services.effects import replaced_by
from lms.indicators.services.pipeline import Findings, note_extra, refuse_begun

SHOWN = 50
"""So many problems are shown one by one."""


@dataclass(frozen=True)
class Summary:
    """What a file holds, by set and by kind of problem.

    * good: rows (of a wide file: values) that can be taken over; bad: rows that cannot.
    * kinds: how often each message comes, most often first; first: the first problems.
    * notes: what hinders nothing; days, replaces: which days of which batches it would stand for.
    """

    fatal: bool
    wide: bool
    rows: int
    skipped: int
    good: int
    bad: int
    sets: Mapping[str, int]
    kinds: list[tuple[str, int]]
    first: list[Problem]
    problems: int
    notes: list[Problem]
    days: list[str]
    replaces: list[int]

    @property
    def lacks_changes(self) -> bool:
        """Whether basic values came without their change values."""
        return any(message == UNPAIRED for message, _ in self.kinds)

    @property
    def lacks_split(self) -> bool:
        """Whether the file has several sets and is not to be split."""
        return any("sets" in one.params for one in self.first if one.line is None)

    @property
    def meets_targets(self) -> bool:
        """Whether the file has targets that are there already."""
        return any(message == ALREADY_A_TARGET for message, _ in self.kinds)

    def importable(self, policy: Policy) -> bool:
        """Whether an import would bring anything."""
        return not self.fatal and self.good > 0 and (policy is Policy.GOOD_ROWS or not self.problems)


def summarise(session: Session, upload: ImportUpload, findings: Findings) -> Summary:
    """Return the counts of a dry run. Only reads."""
    kinds = Counter(problem.message for problem in findings.problems)
    replaced = None if findings.fatal else replaced_by(session, upload, findings)
    return Summary(
        fatal=findings.fatal,
        wide=bool(wide_columns(upload.titles)),
        rows=findings.rows,
        skipped=findings.skipped,
        good=findings.good,
        bad=findings.bad or len(findings.bad_lines),
        sets={part.indicator_set.value: part.count for part in findings.parts if part.indicator_set},
        kinds=kinds.most_common(),
        first=list(findings.problems[:SHOWN]),
        problems=len(findings.problems),
        notes=list(getattr(findings, "notes", ())),
        days=[day.isoformat() for day in replaced.days] if replaced else [],
        replaces=[batch.id for batch in replaced.batches] if replaced else [],
    )


def replaced_batches(session: Session, summary: Summary) -> list[ImportBatch]:
    """Return the batches that an upload would replace, newest first."""
    found = select(ImportBatch).where(ImportBatch.id.in_(summary.replaces)).order_by(ImportBatch.id.desc())
    return list(session.scalars(found))


def kept(upload: ImportUpload) -> Summary | None:
    """Return the summary that a dry run in the background left, unless something was changed since."""
    told = upload.extra.get("checked")
    if told is None:
        return None
    return Summary(
        **{
            **told,
            "kinds": [(message, count) for message, count in told["kinds"]],
            "first": [Problem(**one) for one in told["first"]],
            "notes": [Problem(**one) for one in told["notes"]],
        }
    )


def keep(upload: ImportUpload, summary: Summary) -> None:
    """Leave a summary with its upload."""
    note_extra(
        upload,
        checked={
            **vars(summary),
            "first": [_plain(one) for one in summary.first],
            "notes": [_plain(one) for one in summary.notes],
        },
    )


def _plain(problem: Problem) -> dict[str, Any]:
    params = {
        name: value.isoformat() if isinstance(value, date | datetime) else str(value)
        for name, value in problem.params.items()
    }
    return {**vars(problem), "params": params}


def start_check(session: Session, actor: Acting, upload: ImportUpload, *, now: datetime) -> Job:
    """Queue the dry run of a large file.

    Raises:
        Refused: when a check or the import is under way already.
    """
    session.refresh(upload, with_for_update=True)
    refuse_begun(upload)
    job = enqueue(session, "import.check", {"upload": upload.id}, actor, now=now, label=N_("检查文件"))
    upload.job_id = job.id
    session.flush()
    return job
