"""From an uploaded file to what counts: receive, inspect, commit, withdraw.

`inspect` only reads and may run anywhere; `commit` is one short transaction. What differs by
kind of file (columns, checks, what is written) is an `Importer`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lms.core import files, parquet
from lms.core.audit import Acting, record
from lms.core.errors import Problem, Refused, Rejected
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.textfile import Column, Layout, Options, Preview, Sheet, csv_text, preview, read
from lms.indicators.models import DataModel, ImportBatch, ImportUpload
from lms.indicators.rules import BatchState, Checked, Held, ImportKind, IndicatorSet, Policy, UploadDraft
from lms.indicators.services.datamodels import refuse_unready

LIMIT = 64 * 1024 * 1024
"""Larger files are refused; they are to be split by month."""

_REJECT_FIELDS: list[pa.Field[Any]] = [
    pa.field("line", pa.int64()),
    *(pa.field(name, pa.string()) for name in ("field", "value", "message", "params")),
    pa.field("cells", pa.list_(pa.string())),
]
_REJECTS = pa.schema(_REJECT_FIELDS)
_TITLES = b"titles"


@dataclass(frozen=True)
class Part:
    """What will be one batch."""

    indicator_set: IndicatorSet | None
    rows: pa.Table
    digest: str
    files: Sequence[str] = ()
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class Findings:
    """What a file holds. `fatal`: the file as a whole cannot be used, `problems` says why.

    `notes`: what is worth knowing though it hinders nothing.
    """

    layout: Layout | None = None
    rows: int = 0
    skipped: int = 0
    parts: Sequence[Part] = ()
    problems: Sequence[Problem] = ()
    cells: pa.Table | None = None
    fatal: bool = False
    notes: Sequence[Problem] = ()

    @property
    def bad_lines(self) -> set[int]:
        """The lines with a problem."""
        return {problem.line for problem in self.problems if problem.line is not None}

    @property
    def good(self) -> int:
        """How many rows can be taken over."""
        return sum(part.rows.num_rows for part in self.parts)


class Overtaken(Refused):
    """Other batches came or went between check and commit, so the check holds no longer."""


class Importer(Protocol):
    """One kind of file."""

    def columns(self, model: DataModel | None) -> Sequence[Column]:
        """Return the columns that are looked for; of records they are those of their data model."""
        ...

    def check(self, session: Session, upload: ImportUpload, sheet: Sheet) -> tuple[Checked, list[Problem]]:
        """Return the checked rows, and what is wrong with the file as a whole. Only reads."""
        ...

    def parts(self, upload: ImportUpload, checked: Checked) -> list[Part]:
        """Return the good rows by future batch."""
        ...

    def write(self, upload: ImportUpload, part: Part) -> Part:
        """Write a part's files, outside any transaction; a repeat replaces them."""
        ...

    def apply(self, session: Session, actor: Acting, batch: ImportBatch, part: Part) -> None:
        """Write a part's rows, in the transaction that commits its batch."""
        ...


_importers: dict[ImportKind, Importer] = {}


def register(kind: ImportKind, importer: Importer) -> None:
    """Say how files of a kind are imported."""
    _importers[kind] = importer


def importer_of(kind: ImportKind) -> Importer:
    """Return how files of a kind are imported."""
    return _importers[kind]


def columns_of(upload: ImportUpload) -> Sequence[Column]:
    """Return the columns that are looked for in an upload."""
    return importer_of(upload.kind).columns(upload.data_model)


def hold(content: bytes) -> Held:
    """Keep a file's content, before and outside any transaction.

    Raises:
        Refused: it is too large.
    """
    if len(content) > LIMIT:
        raise Refused(N_("文件超过 %(limit)s MB，请按月份拆分后再上传。"), limit=LIMIT >> 20)
    return Held(*files.keep(content))


def receive(session: Session, actor: Acting, draft: UploadDraft, *, now: datetime) -> ImportUpload:
    """Take a held file in for import.

    Raises:
        Refused: the same file already counts, or records name no data model.
        Rejected: no file of its data model may be imported now.
    """
    if draft.data_model_id is not None:
        refuse_unready(session.get_one(DataModel, draft.data_model_id))
    elif draft.kind is ImportKind.RECORDS:
        raise Refused(N_("请选择数据模型。"))
    period, sha256 = Period.parse(draft.period).code, draft.held.sha256
    refuse_same_file(session, draft.kind, sha256, period, data_model_id=draft.data_model_id)
    stored = files.StoredFile(
        sha256=sha256,
        name=draft.name[-255:],
        media_type="application/octet-stream",
        size=draft.held.size,
        stored_at=now,
    )
    session.add(stored)
    session.flush()
    upload = ImportUpload(
        kind=draft.kind,
        state=BatchState.DRAFT,
        policy=draft.policy,
        data_model_id=draft.data_model_id,
        period=period,
        split=draft.split,
        name=draft.name[-255:],
        sha256=sha256,
        stored_file_id=stored.id,
        options=asdict(draft.options),
        account_id=actor.actor.account_id,
        actor_label=actor.actor.label,
        created_at=now,
    )
    session.add(upload)
    session.flush()
    record(
        session, actor, "admin:import:upload", f"import_upload:{upload.id}", name=upload.name, sha256=sha256
    )
    return upload


def refuse_same_file(
    session: Session, kind: ImportKind, sha256: str, period: str, *, data_model_id: int | None = None
) -> None:
    """Refuse a file of which a committed batch exists, naming the first one."""
    batch = session.scalar(
        select(ImportBatch)
        .where(
            ImportBatch.kind == kind,
            ImportBatch.data_model_id == data_model_id,
            ImportBatch.source_sha256 == sha256,
            ImportBatch.period == period,
            ImportBatch.state == BatchState.COMMITTED,
        )
        .order_by(ImportBatch.id)
        .limit(1)
    )
    if batch is not None:
        raise Refused(
            N_("同一文件已导入：批次 %(batch)s（%(name)s）。如需重新导入，请先撤回该批次。"),
            batch=batch.id,
            name=batch.source_name,
        )


def revise(
    session: Session, actor: Acting, upload: ImportUpload, options: Options, policy: Policy, *, split: bool
) -> None:
    """Change how a file that was not imported yet is to be read.

    Raises:
        Refused: when the import has begun or ended.
    """
    _refuse_begun(upload)
    upload.options, upload.policy, upload.split = asdict(options), policy, split
    session.flush()
    record(session, actor, "admin:import:revise", f"import_upload:{upload.id}", **asdict(options))


def _refuse_begun(upload: ImportUpload) -> None:
    if upload.job_id is not None or upload.state is not BatchState.DRAFT:
        raise Refused(N_("该文件的导入已经开始，不能再修改。"))


def options_of(upload: ImportUpload) -> Options:
    """Return how a file is to be read."""
    return Options(**upload.options)


def look(upload: ImportUpload) -> Preview:
    """Return layout and first rows of an upload.

    Raises:
        Rejected: the file cannot be read.
    """
    return preview(files.read(upload.stored_file), columns_of(upload), options_of(upload))


def inspect(session: Session, upload: ImportUpload) -> Findings:
    """Read and check a whole file, writing nothing: the dry run."""
    importer = importer_of(upload.kind)
    try:
        sheet = read(files.read(upload.stored_file), columns_of(upload), options_of(upload))
        checked, whole = importer.check(session, upload, sheet)
        parts = importer.parts(upload, checked)
        whole += _same_content(session, upload, checked)
    except Rejected as error:
        return Findings(problems=error.problems, fatal=True)
    if whole:
        return Findings(
            sheet.layout, sheet.rows, sheet.skipped, problems=whole, cells=sheet.cells, fatal=True
        )
    problems = sorted([*sheet.problems, *checked.problems], key=lambda problem: problem.line or 0)
    return Findings(
        sheet.layout, sheet.rows, sheet.skipped, parts, problems, sheet.cells, notes=checked.notes
    )


def digest_of(upload: ImportUpload, group: str, digest: str) -> str:
    """Return what two uploads of the same content for the same period share."""
    return hashlib.sha256(f"{upload.kind}|{upload.period}|{group}|{digest}".encode()).hexdigest()


def _same_content(session: Session, upload: ImportUpload, checked: Checked) -> list[Problem]:
    digests = [digest_of(upload, group, digest) for group, digest in checked.digests.items()]
    found = session.execute(
        select(ImportBatch.id, ImportBatch.source_name)
        .where(
            ImportBatch.kind == upload.kind,
            ImportBatch.content_sha256.in_(digests),
            ImportBatch.state == BatchState.COMMITTED,
        )
        .order_by(ImportBatch.id)
    ).all()
    message = N_("内容与已导入的批次 %(batch)s（%(name)s）相同。如需重新导入，请先撤回该批次。")
    return [Problem(message, {"batch": batch, "name": name}) for batch, name in found]


def keep_findings(upload: ImportUpload, findings: Findings) -> str | None:
    """Write the rejected rows for paging and download, outside any transaction; return their path."""
    if not findings.problems:
        return None
    cells: dict[int, list[str | None]] = {}
    if findings.cells is not None:
        lines = pa.array(sorted(findings.bad_lines), pa.int64())
        wanted = findings.cells.filter(pa.compute.is_in(findings.cells.column("line"), lines))
        cells = {row.pop("line"): list(row.values()) for row in wanted.to_pylist()}
    table = pa.Table.from_pylist(
        [
            {
                "line": problem.line,
                "field": problem.field,
                "value": problem.value,
                "message": problem.message,
                "params": json.dumps({name: str(value) for name, value in problem.params.items()}),
                "cells": cells.get(problem.line or 0, []),
            }
            for problem in findings.problems
        ],
        schema=_REJECTS,
    )
    titles = json.dumps([column.title for column in columns_of(upload)])  # a data model may change later
    table = table.replace_schema_metadata({_TITLES: titles.encode()})
    return parquet.write(f"rejects/{upload.id}.parquet", table)


def judge(session: Session, upload: ImportUpload, findings: Findings, rejects: str | None) -> bool:
    """Note the findings with the upload; return whether it is to be imported, by its policy."""
    upload.rows, upload.rejects = findings.rows, rejects
    upload.rejected = len(findings.bad_lines)
    upload.layout = asdict(findings.layout) if findings.layout else None
    upload.notes = [{"message": note.message, "params": dict(note.params)} for note in findings.notes]
    strict = upload.policy is Policy.ALL_OR_NOTHING
    if findings.fatal or not findings.good or (strict and findings.problems):
        upload.state = BatchState.REJECTED
    session.flush()
    return upload.state is not BatchState.REJECTED


def write_parts(upload: ImportUpload, findings: Findings) -> list[Part]:
    """Write the files of all parts, outside any transaction."""
    importer = importer_of(upload.kind)
    return [importer.write(upload, part) for part in findings.parts if part.rows.num_rows]


def latest_change(session: Session) -> tuple[int, int]:
    """Return a mark that changes whenever a batch is committed or withdrawn."""
    committed = func.count().filter(ImportBatch.state == BatchState.COMMITTED)
    highest, number = session.execute(select(func.coalesce(func.max(ImportBatch.id), 0), committed)).one()
    return int(highest), int(number)


def commit(
    session: Session,
    actor: Acting,
    upload: ImportUpload,
    parts: Sequence[Part],
    seen: tuple[int, int],
    *,
    now: datetime,
) -> list[ImportBatch]:
    """Let the parts count, all in the caller's one transaction.

    Raises:
        Overtaken: other batches came or went since the check (`seen`), so it must be made again.
    """
    if upload.state is not BatchState.DRAFT:
        return list(upload.batches)
    if latest_change(session) != seen:
        raise Overtaken(N_("检查之后有其他批次生效或撤回，请重新导入这个文件。"))
    batches = []
    for part in parts:
        batch = ImportBatch(
            upload=upload,
            kind=upload.kind,
            indicator_set=part.indicator_set,
            state=BatchState.COMMITTED,
            data_model_id=upload.data_model_id,
            source_name=upload.name,
            source_sha256=upload.sha256,
            content_sha256=part.digest,
            period=upload.period,
            files=list(part.files),
            rows=part.rows.num_rows,
            rejected=upload.rejected,
            first_day=part.first_day,
            last_day=part.last_day,
            committed_at=now,
        )
        session.add(batch)
        session.flush()
        importer_of(upload.kind).apply(session, actor, batch, part)
        record(
            session,
            actor,
            "admin:import:commit",
            f"import_batch:{batch.id}",
            rows=batch.rows,
            rejected=batch.rejected,
            sha256=batch.source_sha256,
        )
        batches.append(batch)
    upload.state = BatchState.COMMITTED
    session.flush()
    return batches


def run_import(session: Session, actor: Acting, draft: UploadDraft, *, now: datetime) -> ImportUpload:
    """Receive, check and commit a file at once, in the caller's transaction (commands, demo)."""
    upload = receive(session, actor, draft, now=now)
    seen = latest_change(session)
    findings = inspect(session, upload)
    if judge(session, upload, findings, keep_findings(upload, findings)):
        commit(session, actor, upload, write_parts(upload, findings), seen, now=now)
    return upload


def withdraw(
    session: Session, actor: Acting, batch: ImportBatch, reason: str, *, now: datetime
) -> list[ImportBatch]:
    """Let a batch no longer count; a basic batch and its change batch go together.

    Raises:
        Refused: without a reason, or when it does not count, or holds people.
    """
    if not reason.strip():
        raise Refused(N_("撤回批次须写明理由。"))
    if batch.state is not BatchState.COMMITTED:
        raise Refused(N_("批次 %(batch)s 不在生效状态。"), batch=batch.id)
    if batch.kind is ImportKind.PEOPLE:
        raise Refused(N_("人员导入不能撤回：请用新的生效日期导入更正。"))
    pair = {IndicatorSet.BASIC, IndicatorSet.CHANGE}
    together = [batch]
    if batch.indicator_set in pair:
        together = [one for one in batch.upload.batches if one.indicator_set in pair]
    for one in together:
        one.state, one.withdrawn_at, one.withdraw_reason = BatchState.WITHDRAWN, now, reason.strip()[:500]
        record(session, actor, "admin:import:withdraw", f"import_batch:{one.id}", reason=reason.strip()[:500])
    session.flush()
    return together


def uploads() -> Select[ImportUpload]:
    """Return the select of all uploads, newest first."""
    return select(ImportUpload).order_by(ImportUpload.id.desc())


def batches() -> Select[ImportBatch]:
    """Return the select of all batches, newest first."""
    return select(ImportBatch).order_by(ImportBatch.id.desc())


@dataclass(frozen=True)
class Reject:
    """A rejected row's problem and its cells as they stand in the file."""

    problem: Problem
    cells: Sequence[str | None]


def rejects(upload: ImportUpload, *, page: int = 1, per_page: int = 50) -> tuple[list[Reject], int]:
    """Return one page of an upload's problems, by line, and how many there are."""
    if upload.rejects is None:
        return [], 0
    table = pq.read_table(parquet.path(upload.rejects))
    chosen = table.slice(max(page - 1, 0) * per_page, per_page)
    return [_reject(row) for row in chosen.to_pylist()], table.num_rows


def _reject(row: Mapping[str, Any]) -> Reject:
    problem = Problem(
        row["message"], json.loads(row["params"]), field=row["field"], line=row["line"], value=row["value"]
    )
    return Reject(problem, row["cells"])


class Says(Protocol):
    """Turns a problem into words."""

    def __call__(self, problem: Problem, /) -> str: ...


def error_file(upload: ImportUpload, extra: Sequence[str], say: Says) -> bytes:
    """Return the rejected rows as CSV: the wanted columns to mend, then line, fields, values, reasons.

    A row with several problems stands once. `extra` are the four last titles.
    """
    titles = _titles(upload)
    found, _ = rejects(upload, per_page=1_000_000_000)
    by_line: dict[int, list[Reject]] = {}
    for reject in found:
        by_line.setdefault(reject.problem.line or 0, []).append(reject)
    rows = []
    for line, several in sorted(by_line.items()):
        cells = [cell or "" for cell in several[0].cells] or [""] * len(titles)
        problems = [reject.problem for reject in several]
        told = [
            [p.field or "" for p in problems],
            [p.value or "" for p in problems],
            [say(p) for p in problems],
        ]
        rows.append([*cells, str(line or ""), *(" / ".join(filter(None, one)) for one in told)])
    return csv_text([*titles, *extra], rows)


def _titles(upload: ImportUpload) -> list[str]:
    """Return the titles of the columns as they were when the rows were rejected."""
    if upload.rejects is not None:
        kept = (pq.read_schema(parquet.path(upload.rejects)).metadata or {}).get(_TITLES)
        if kept is not None:
            return list(map(str, json.loads(kept)))
    return [column.title for column in columns_of(upload)]


def template(kind: ImportKind, model: DataModel | None = None) -> bytes:
    """Return an empty file to fill in: the titles of the columns of the kind, or of the data model."""
    return csv_text([column.title for column in importer_of(kind).columns(model)], [])
