"""From an uploaded file to what counts: receive, inspect, commit, withdraw.

`inspect` only reads and may run anywhere; `commit` is one short transaction. What differs by
kind of file (columns, checks, what is written) is an `Importer`.

A file may have millions of rows. They stay in DuckDB, which spills to the disk, from reading
(`Sheet.good`) to checking (`Checked.good`) to writing (`Part.source`); an importer of small
files takes them into memory at any of these points (`Sheet.table`, `Checked.rows`, `Part.rows`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lms.core import files, parquet
from lms.core.audit import Acting, record
from lms.core.duck import Rows, Workroom
from lms.core.errors import Problem, Refused, Rejected, room_on_disk
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.textfile import Cells, Column, Layout, Options, Preview, Sheet, csv_text, preview, read
from lms.core.textfile.columns import match_header
from lms.indicators.models import DataModel, ImportBatch, ImportUpload
from lms.indicators.rules import BatchState, Checked, Held, ImportKind, IndicatorSet, Policy, UploadDraft
from lms.indicators.rules.mapping import NOWHERE, WIDE, mapped, mapping_problems, order_of, wide_columns
from lms.indicators.services import wide
from lms.indicators.services.datamodels import refuse_unready

LIMIT = 2 * 1024 * 1024 * 1024
"""Larger files are refused; they are to be split by month. (What a browser may send is set apart.)"""

ROSTERS = (ImportKind.PEOPLE, ImportKind.UNITS)
"""Kinds whose rows say how things are to be; they cannot be withdrawn, only corrected by a later file."""

_REJECT_FIELDS: list[pa.Field[Any]] = [
    pa.field("line", pa.int64()),
    *(pa.field(name, pa.string()) for name in ("field", "value", "message", "params")),
    pa.field("cells", pa.list_(pa.string())),
]
_REJECTS = pa.schema(_REJECT_FIELDS)
_TITLES = b"titles"


@dataclass(frozen=True)
class Part:
    """What will be one batch.

    `source`: its rows, in memory or in DuckDB; `rows` brings them into memory. A part that was
    written earlier, in another process, has its `files` and `count` but no rows any more.
    """

    indicator_set: IndicatorSet | None
    source: pa.Table | Rows | None
    digest: str
    files: Sequence[str] = ()
    first_day: date | None = None
    last_day: date | None = None
    count: int = -1

    def __post_init__(self) -> None:
        if self.count < 0:
            object.__setattr__(self, "count", self.source.num_rows if self.source is not None else 0)

    @property
    def rows(self) -> pa.Table:
        """The rows, in memory, by line."""
        assert self.source is not None, "this part was written before; its rows are in its files"
        return self.source.by_line() if isinstance(self.source, Rows) else self.source


@dataclass(frozen=True)
class Findings:
    """What a file holds. `fatal`: the file as a whole cannot be used, `problems` says why.

    `text` has the cells of all data rows as they stand in the file. `bad`: how many rows have
    a problem; of very many only the first are among `problems`. `notes`: what is worth knowing
    though it hinders nothing.
    """

    layout: Layout | None = None
    rows: int = 0
    skipped: int = 0
    parts: Sequence[Part] = ()
    problems: Sequence[Problem] = ()
    text: Cells | None = None
    fatal: bool = False
    notes: Sequence[Problem] = ()
    bad: int = 0
    omitted: Sequence[tuple[int, str]] = ()

    @property
    def bad_lines(self) -> set[int]:
        """The lines with a problem."""
        return {problem.line for problem in self.problems if problem.line is not None}

    @property
    def good(self) -> int:
        """How many rows can be taken over."""
        return sum(part.count for part in self.parts)


class Overtaken(Refused):
    """Other batches came or went between check and commit, so the check holds no longer."""


class Importer(Protocol):
    """One kind of file.

    `check` and `parts` may work in DuckDB (`sheet.good.room`, for millions of rows) or in memory
    (`sheet.table`). A part for which `write` returned files counts by these alone: its `apply`
    may get it without rows, for the writing was done in an earlier step of the job.
    """

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


def known_kinds() -> frozenset[ImportKind]:
    """Return the kinds of file that can be imported here."""
    return frozenset(_importers)


def importer_of(kind: ImportKind) -> Importer:
    """Return how files of a kind are imported."""
    return _importers[kind]


def columns_of(upload: ImportUpload) -> Sequence[Column]:
    """Return the columns that are looked for in an upload, by the titles that were chosen for them."""
    return mapped(importer_of(upload.kind).columns(upload.data_model), upload.titles, upload.kind)


def hold(content: bytes | IO[bytes]) -> Held:
    """Keep a file's content, before and outside any transaction.

    Raises:
        Refused: it is too large, or the disk is full, or somebody writes to it just now.
    """
    before = _stamp(content)
    try:
        with room_on_disk():
            held = Held(*files.keep(content, limit=LIMIT))
    except files.TooLarge:
        raise Refused(N_("文件超过 %(limit)s MB，请按月份拆分后再上传。"), limit=LIMIT >> 20) from None
    if _stamp(content) != before:
        raise Refused(N_("文件在读取过程中被改动，没有导入任何内容。请等它写完后重试。"))
    return held


def _stamp(content: bytes | IO[bytes]) -> tuple[int, int] | None:
    """Return size and time of the last change of a file that lies somewhere; None for content in memory."""
    try:
        told = os.fstat(content.fileno())  # type: ignore[union-attr]
    except (AttributeError, OSError):
        return None
    return told.st_size, told.st_mtime_ns


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
        compute_changes=draft.compute_changes,
        supersede=draft.supersede,
        name=draft.name[-255:],
        sha256=sha256,
        stored_file_id=stored.id,
        titles=dict(draft.titles),
        options=asdict(draft.options),
        extra=dict(draft.extra),
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


def refused_whole(upload: ImportUpload) -> bool:
    """Whether good rows stayed out, too, because of the bad ones: then the whole file is to come again."""
    return upload.state is BatchState.REJECTED and upload.rejected < upload.rows


def as_mended(earlier: ImportUpload) -> dict[str, Any]:
    """Return what a mended file inherits from the upload that it puts right.

    A file that was refused as a whole comes again as a whole, and is read as it was. Of one that was
    imported come the mended rows, in a file of ours: UTF-8, commas, a header line; its titles are those
    of the earlier file.
    """
    whole = refused_whole(earlier)
    titles = {} if options_of(earlier).header_line == 0 and not whole else dict(earlier.titles)
    options = Options(serial_days=options_of(earlier).serial_days, day_order=_day_order(earlier))
    kept = {name: earlier.extra[name] for name in ("day", "flag") if name in earlier.extra}
    return {
        "titles": titles,
        "extra": kept,
        "options": Options(**earlier.options) if whole else options,
        "split": earlier.split,
        "compute_changes": earlier.compute_changes,
        "supersede": earlier.supersede,
    }


def _day_order(earlier: ImportUpload) -> str | None:
    """Return in which order the dates of an upload were read; a few of its rows may not tell it any more."""
    told = set((earlier.layout or {}).get("orders", {}).values())
    return options_of(earlier).day_order or (told.pop() if len(told) == 1 else None)


def refuse_same_file(
    session: Session, kind: ImportKind, sha256: str, period: str, *, data_model_id: int | None = None
) -> None:
    """Refuse a file of which a committed batch exists, naming the first one.

    A roster may come again: what it says already is not done twice, and what changed meanwhile is.
    """
    if kind in ROSTERS:
        return
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
    refuse_begun(upload)
    upload.options, upload.policy, upload.split = asdict(options), policy, split
    note_extra(upload, checked=None)
    session.flush()
    record(session, actor, "admin:import:revise", f"import_upload:{upload.id}", **asdict(options))


def refuse_begun(upload: ImportUpload) -> None:
    """Refuse to change what is being imported or was.

    Raises:
        Refused: when the import has begun or ended.
    """
    if upload.job_id is not None or upload.state is not BatchState.DRAFT:
        raise Refused(N_("该文件的导入已经开始，不能再修改。"))


def choose(
    session: Session,
    actor: Acting,
    upload: ImportUpload,
    titles: Mapping[str, str],
    *,
    wide_file: bool = False,
    **extra: str | None,
) -> None:
    """Say which title is which column; `extra`: the day and the flag of values that do not tell theirs.

    Raises:
        Rejected: the choice is incomplete or contradicts itself.
        Refused: when the import has begun or ended.
    """
    refuse_begun(upload)
    columns = importer_of(upload.kind).columns(upload.data_model)
    is_wide = wide_file or any(name.startswith(WIDE) for name in titles)
    if problems := mapping_problems(columns, titles, upload.kind, wide=is_wide):
        raise Rejected(problems)
    upload.titles = dict(titles)
    note_extra(upload, **{"checked": None, **extra})
    session.flush()
    record(session, actor, "admin:import:choose", f"import_upload:{upload.id}", titles=dict(titles))


def decide(
    session: Session,
    actor: Acting,
    upload: ImportUpload,
    policy: Policy,
    *,
    split: bool,
    compute_changes: bool,
    supersede: bool,
) -> None:
    """Say what becomes of bad rows, and what the bringer consents to.

    Raises:
        Refused: when the import has begun or ended.
    """
    refuse_begun(upload)
    upload.policy, upload.split = policy, split
    upload.compute_changes, upload.supersede = compute_changes, supersede
    note_extra(upload, checked=None)
    session.flush()
    record(
        session,
        actor,
        "admin:import:decide",
        f"import_upload:{upload.id}",
        policy=policy.value,
        split=split,
        compute_changes=compute_changes,
        supersede=supersede,
    )


def note_extra(upload: ImportUpload, **extra: Any) -> None:
    """Keep what is asked beyond how a file is read; None takes a note away."""
    kept = {**upload.extra, **extra}
    upload.extra = {name: value for name, value in kept.items() if value is not None}


def options_of(upload: ImportUpload) -> Options:
    """Return how a file is to be read; without a header line its columns are told by their places."""
    options = Options(**upload.options)
    return replace(options, order=order_of(upload.titles)) if options.header_line == 0 else options


def look(upload: ImportUpload) -> Preview:
    """Return layout and first rows of an upload.

    Raises:
        Rejected: the file cannot be read.
    """
    return preview(files.path_of(upload.sha256), columns_of(upload), options_of(upload))


def inspect(session: Session, upload: ImportUpload) -> Findings:
    """Read and check a whole file, writing nothing: the dry run.

    Raises:
        Refused: the disk has no room for what does not fit in memory.
    """
    importer = importer_of(upload.kind)
    room = Workroom(writes_to=str(parquet.root()))
    try:
        with room_on_disk():
            sheet = read(
                files.path_of(upload.sha256),
                columns_of(upload),
                options_of(upload),
                sha256=upload.sha256,
                room=room,
            )
            checked, whole = _checked(session, upload, sheet)
            parts = importer.parts(upload, checked)
            whole += _same_content(session, upload, checked)
    except Rejected as error:
        return Findings(problems=error.problems, fatal=True)
    seen = Findings(sheet.layout, sheet.rows, sheet.skipped, text=sheet.text, omitted=sheet.omitted)
    if whole:
        return replace(seen, problems=whole, fatal=True)
    problems = sorted([*sheet.problems, *checked.problems], key=lambda problem: problem.line or 0)
    notes = [*_orders_told(sheet.layout), *checked.notes]
    later = checked.bad if checked.bad is not None else len({one.line for one in checked.problems})
    return replace(seen, parts=parts, problems=problems, bad=sheet.bad + later, notes=notes)


def _orders_told(layout: Layout) -> list[Problem]:
    """Say in which order the dates of a column were read, where the column told it by itself."""
    said = {
        "dmy": N_("“%(column)s”列的日期按“日/月/年”读取。"),
        "mdy": N_("“%(column)s”列的日期按“月/日/年”读取。"),
    }
    return [Problem(said[order], {"column": title}) for title, order in layout.orders.items()]


def _checked(session: Session, upload: ImportUpload, sheet: Sheet) -> tuple[Checked, list[Problem]]:
    """Check rows; those of a wide file value by value, and a row with a bad value not at all."""
    importer = importer_of(upload.kind)
    columns = wide_columns(upload.titles)
    if not columns:
        return importer.check(session, upload, sheet)
    day = str(upload.extra.get("day") or Period.parse(upload.period).last)
    unfolded = wide.unfolded(sheet, upload.kind, columns, date.fromisoformat(day), upload.extra.get("flag"))
    checked, whole = importer.check(session, upload, unfolded)
    return wide.folded(checked, unfolded, columns), whole


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
    if findings.text is not None:
        wanted = findings.text.of(findings.bad_lines)
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
    titles = json.dumps(_written(upload, findings.layout))  # a data model may change later
    table = table.replace_schema_metadata({_TITLES: titles.encode()})
    return parquet.write(f"rejects/{upload.id}.parquet", table)


def judge(session: Session, upload: ImportUpload, findings: Findings, rejects: str | None) -> bool:
    """Note the findings with the upload; return whether it is to be imported, by its policy."""
    upload.rows, upload.rejects = findings.rows, rejects
    upload.rejected = findings.bad or len(findings.bad_lines)
    upload.layout = asdict(findings.layout) if findings.layout else None
    upload.notes = [{"message": note.message, "params": dict(note.params)} for note in findings.notes]
    if not usable(upload, findings):
        upload.state = BatchState.REJECTED
    session.flush()
    return upload.state is not BatchState.REJECTED


def usable(upload: ImportUpload, findings: Findings) -> bool:
    """Whether findings are to be imported, by the policy of the upload."""
    strict = upload.policy is Policy.ALL_OR_NOTHING
    return not (findings.fatal or not findings.good or (strict and findings.problems))


def write_parts(upload: ImportUpload, findings: Findings) -> list[Part]:
    """Write the files of all parts, outside any transaction.

    Raises:
        Refused: the disk is full; nothing is left half-written.
    """
    importer = importer_of(upload.kind)
    with room_on_disk():
        return [importer.write(upload, part) for part in findings.parts if part.count]


def stage(upload: ImportUpload, findings: Findings, seen: tuple[int, int]) -> None:
    """Write the parts right after the check, so that the commit need not read the file again.

    Only where they are all files; what is in them counts no sooner than a batch names them.
    """
    if not usable(upload, findings):
        return
    parts = write_parts(upload, findings)
    if all(part.files for part in parts):
        with parquet.writing(_staged(upload)) as path:
            path.write_text(json.dumps({"seen": seen, "parts": [_noted(part) for part in parts]}))


def staged(upload: ImportUpload, seen: tuple[int, int]) -> list[Part] | None:
    """Return the parts as the check wrote them, if it did and no batch came or went since."""
    path = Path(parquet.path(_staged(upload)))
    if not path.exists():
        return None
    told = json.loads(path.read_text())
    if tuple(told["seen"]) != seen:
        return None
    return [
        Part(
            IndicatorSet(one["indicator_set"]) if one["indicator_set"] else None,
            None,
            one["digest"],
            one["files"],
            one["first_day"] and date.fromisoformat(one["first_day"]),
            one["last_day"] and date.fromisoformat(one["last_day"]),
            one["count"],
        )
        for one in told["parts"]
    ]


def _staged(upload: ImportUpload) -> str:
    # An id may come again when the newest upload went; the content tells them apart.
    return f"staged/{upload.id}-{upload.kind}-{upload.sha256[:16]}.json"


def _noted(part: Part) -> dict[str, Any]:
    return {
        "indicator_set": part.indicator_set,
        "digest": part.digest,
        "files": list(part.files),
        "first_day": part.first_day and part.first_day.isoformat(),
        "last_day": part.last_day and part.last_day.isoformat(),
        "count": part.count,
    }


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
            rows=part.count,
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
    if batch.kind in ROSTERS:
        raise Refused(N_("人员和机构的导入不能撤回：请用新的生效日期导入更正。"))
    going = together(batch)
    for one in going:
        one.state, one.withdrawn_at, one.withdraw_reason = BatchState.WITHDRAWN, now, reason.strip()[:500]
        record(session, actor, "admin:import:withdraw", f"import_batch:{one.id}", reason=reason.strip()[:500])
    session.flush()
    return going


def together(batch: ImportBatch) -> list[ImportBatch]:
    """Return the batches that go with a batch: a basic one and its change batch are withdrawn together."""
    pair = {IndicatorSet.BASIC, IndicatorSet.CHANGE}
    if batch.indicator_set not in pair:
        return [batch]
    return [one for one in batch.upload.batches if one.indicator_set in pair]


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
    kept = [at for at, title in enumerate(titles) if title != NOWHERE]
    found, _ = rejects(upload, per_page=1_000_000_000)
    by_line: dict[int, list[Reject]] = {}
    for reject in found:
        by_line.setdefault(reject.problem.line or 0, []).append(reject)
    rows = []
    for line, several in sorted(by_line.items()):
        cells = [cell or "" for cell in several[0].cells] or [""] * len(titles)
        cells = [cells[at] for at in kept]
        problems = [reject.problem for reject in several]
        told = [
            [p.field or "" for p in problems],
            [p.value or "" for p in problems],
            [say(p) for p in problems],
        ]
        rows.append([*cells, str(line or ""), *(" / ".join(filter(None, one)) for one in told)])
    return csv_text([*(titles[at] for at in kept), *extra], rows)


def _written(upload: ImportUpload, layout: Layout | None) -> list[str]:
    """Return the wanted columns as the file titles them, with the units that stand there."""
    columns = columns_of(upload)
    titles = layout.titles if layout and layout.header_line else ()
    positions = match_header(titles, columns).positions
    return [titles[positions[one.name]] if one.name in positions else one.title for one in columns]


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
