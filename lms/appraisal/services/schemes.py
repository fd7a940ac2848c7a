"""Designing schemes: a draft is revised until it is activated, and never changes afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, joinedload

from lms import scoring
from lms.appraisal.models import Scheme, SchemeVersion, VersionState
from lms.appraisal.rules.draft import SchemeDraft, document_of, draft_of
from lms.appraisal.rules.draft.findings import explained, incomplete, without
from lms.appraisal.rules.groupings import GROUPINGS
from lms.appraisal.services.linting import lint_of
from lms.appraisal.services.parameters import refuse_unfit
from lms.core.audit import Acting, record
from lms.core.clock import local_day
from lms.core.errors import NotFound, Refused
from lms.core.i18n import N_
from lms.scoring.document import Formula, Gate, GradeBand
from lms.scoring.examples import run_examples
from lms.scoring.lint.frozen import is_warning
from lms.scoring.presets import describe
from lms.scoring.wordings import condition_words, formula_words, grade_words


def check(draft: SchemeDraft, measures: Collection[str] | None = None) -> scoring.Scheme:
    """Return the scheme a draft stands for.

    Raises:
        scoring.InvalidScheme: with every problem and its path in the document, or in the draft below an
            indicator; `measures` are the codes that exist (None accepts any).
    """
    lacking = incomplete(draft)
    document = document_of(without(draft, lacking))
    try:
        parsed = scoring.parse(document, measures=measures, groupings=GROUPINGS)
    except scoring.InvalidScheme as error:
        raise scoring.InvalidScheme([*lacking, *explained(draft, error.problems)]) from error
    if lacking:
        raise scoring.InvalidScheme(lacking)
    return parsed


def design_scheme(
    session: Session,
    actor: Acting,
    draft: SchemeDraft,
    org_unit_id: int,
    *,
    now: datetime,
    measures: Collection[str] | None = None,
) -> SchemeVersion:
    """Begin a scheme with its first draft version.

    Raises:
        scoring.InvalidScheme: when the draft is wrong anywhere.
        Refused: when the code is taken.
    """
    return design_parsed(session, actor, check(draft, measures), org_unit_id, now=now)


def design_parsed(
    session: Session, actor: Acting, parsed: scoring.Scheme, org_unit_id: int, *, now: datetime
) -> SchemeVersion:
    """Begin a scheme with a first draft version that says this.

    Raises:
        Refused: when the code is taken.
    """
    if session.scalar(select(Scheme.id).where(Scheme.code == parsed.code)) is not None:
        raise Refused(N_("方案编码 %(code)s 已存在。"), code=parsed.code)
    scheme = Scheme(
        code=parsed.code, name_zh=parsed.name_zh, name_en=parsed.name_en or None, org_unit_id=org_unit_id
    )
    session.add(scheme)
    session.flush()
    return _new_version(session, actor, scheme, parsed, number=1, now=now)


def revise_scheme(
    session: Session,
    actor: Acting,
    scheme_id: int,
    draft: SchemeDraft,
    *,
    now: datetime,
    measures: Collection[str] | None = None,
    seen: str | None = None,
) -> SchemeVersion:
    """Write a draft over the scheme's draft version, or as a new version beside the active one.

    `seen` is the stamp of the version the editor was filled from; when somebody saved since, it is refused.

    Raises:
        scoring.InvalidScheme: when the draft is wrong anywhere.
        Refused: when the code would change, or another person saved meanwhile.
    """
    return revise_parsed(session, actor, scheme_id, check(draft, measures), now=now, seen=seen)


def revise_parsed(
    session: Session,
    actor: Acting,
    scheme_id: int,
    parsed: scoring.Scheme,
    *,
    now: datetime,
    seen: str | None = None,
) -> SchemeVersion:
    """Let the scheme's draft version say this, or a new version beside the active one.

    Raises:
        Refused: when the code would change, or another person saved meanwhile.
    """
    # Whoever saves at the same time waits here, and then finds the new stamp.
    scheme = session.get_one(Scheme, scheme_id, with_for_update=True)
    if parsed.code != scheme.code:
        raise Refused(N_("方案编码不能更改。"))
    latest = latest_version(session, scheme_id)
    if seen is not None and seen != stamp(latest):
        raise Refused(
            N_("您编辑期间，其他人保存了此方案，您的修改没有保存。请在新窗口打开最新版本，比对后再改。")
        )
    scheme.name_zh, scheme.name_en = parsed.name_zh, parsed.name_en or None
    if latest.state is not VersionState.DRAFT:
        return _new_version(session, actor, scheme, parsed, number=latest.number + 1, now=now)
    latest.document, latest.sha256 = scoring.to_dict(parsed), scoring.sha256(parsed)
    latest.reason, latest.changed_at = parsed.reason_for_full_business, now
    session.flush()
    record(
        session,
        actor,
        "appraisal:scheme:revise",
        f"scheme:{scheme_id}",
        number=latest.number,
        sha256=latest.sha256,
    )
    return latest


def activate(
    session: Session,
    actor: Acting,
    version: SchemeVersion,
    *,
    now: datetime,
    measures: Collection[str] | None = None,
    seen: str | None = None,
    lint_reason: str = "",
) -> None:
    """Make a draft version the one that new cycles use; the active one before it retires.

    `seen` is the stamp of the version that was looked at: what others saved since is not activated unseen.
    What the rule check finds on the day is kept with the version, and so is the reason for its warnings.

    Raises:
        Refused: when the version is no draft, another person saved meanwhile, an example of it comes out
            otherwise than it says, or the rule check warns and there is no reason.
        scoring.InvalidScheme: when it asks for a measure that no longer exists.
        BadParameters: when with the parameters of some unit it is no scheme (weights that do not make 100).
    """
    if version.state is not VersionState.DRAFT:
        raise Refused(N_("只有草稿可以启用。"))
    if seen is not None and seen != stamp(version):
        raise Refused(N_("您查看之后，其他人又修改了此方案，请重新核对后再启用。"))
    parsed = scoring.parse(version.document, measures=measures, groupings=GROUPINGS)
    _refuse_wrong_examples(parsed)
    day = local_day(now)
    refuse_unfit(session, version.scheme, parsed, day)
    found = lint_of(session, parsed, day)
    warned = sorted({one["rule"] for one in found if is_warning(one)})
    reason = lint_reason.strip()[:1000] if warned else ""
    if warned and not reason:
        raise Refused(N_("规则检查有警告，请写明仍要启用的理由。"))
    session.execute(
        update(SchemeVersion)
        .where(SchemeVersion.scheme_id == version.scheme_id, SchemeVersion.state == VersionState.ACTIVE)
        .values(state=VersionState.RETIRED)
    )
    version.state, version.activated_at = VersionState.ACTIVE, now
    version.lint, version.lint_reason = {"day": day.isoformat(), "findings": found}, reason
    session.flush()
    warnings = {"warnings": warned, "reason": reason} if warned else {}
    record(
        session,
        actor,
        "appraisal:scheme:activate",
        f"scheme:{version.scheme_id}",
        number=version.number,
        sha256=version.sha256,
        **warnings,
    )


def stamp(version: SchemeVersion) -> str:
    """Return what changes whenever a scheme is saved: the number of its version and of its saving."""
    return f"{version.number}.{version.lock}"


def latest_version(session: Session, scheme_id: int) -> SchemeVersion:
    """Return the newest version of a scheme."""
    found = session.scalar(
        select(SchemeVersion)
        .where(SchemeVersion.scheme_id == scheme_id)
        .order_by(SchemeVersion.number.desc())
        .limit(1)
    )
    if found is None:
        raise NotFound
    return found


def in_force(session: Session, scheme_id: int) -> scoring.Scheme | None:
    """Return what the active version of a scheme says, if there is one."""
    found = session.scalar(
        select(SchemeVersion).where(
            SchemeVersion.scheme_id == scheme_id, SchemeVersion.state == VersionState.ACTIVE
        )
    )
    return scoring.parse(found.document) if found else None


def versions(session: Session, scheme_id: int) -> list[SchemeVersion]:
    """Return the versions of a scheme, newest first."""
    return list(
        session.scalars(
            select(SchemeVersion)
            .where(SchemeVersion.scheme_id == scheme_id)
            .order_by(SchemeVersion.number.desc())
        )
    )


def version_of(session: Session, scheme_id: int, number: int) -> SchemeVersion:
    """Return one version of a scheme by its number.

    Raises:
        NotFound: when there is none.
    """
    found = session.scalar(
        select(SchemeVersion).where(SchemeVersion.scheme_id == scheme_id, SchemeVersion.number == number)
    )
    if found is None:
        raise NotFound
    return found


def schemes() -> Select[Scheme]:
    """Return the select of schemes, by code."""
    return select(Scheme).options(joinedload(Scheme.org_unit)).order_by(Scheme.code)


def newest(session: Session, scheme_ids: Collection[int]) -> dict[int, SchemeVersion]:
    """Return the newest version of each of these schemes."""
    rows = session.scalars(
        select(SchemeVersion).where(SchemeVersion.scheme_id.in_(scheme_ids)).order_by(SchemeVersion.number)
    )
    return {version.scheme_id: version for version in rows}


def active_versions(reachable: Select[Scheme]) -> Select[SchemeVersion]:
    """Return the select of the active versions of schemes one may use."""
    ids = reachable.with_only_columns(Scheme.id).order_by(None)
    return (
        select(SchemeVersion)
        .where(SchemeVersion.scheme_id.in_(ids), SchemeVersion.state == VersionState.ACTIVE)
        .options(joinedload(SchemeVersion.scheme))
        .order_by(SchemeVersion.scheme_id)
    )


def editable(version: SchemeVersion) -> SchemeDraft:
    """Return a version as the editor shows it."""
    return draft_of(version.document)


def described(version: SchemeVersion, language: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return every rule of a version in plain words of one language, by indicator code.

    `names` of measures and groupings in that language, by their codes.
    """
    parsed = scoring.parse(version.document)
    return {line.code: describe(line, language, names) for _, line in parsed.indicators()}


@dataclass(frozen=True)
class Worded:
    """What a version says beside its indicators, in words; each with the part of the document it tells."""

    formulas: tuple[tuple[Formula, str], ...]
    gates: tuple[tuple[Gate, tuple[str, ...]], ...]
    grades: tuple[tuple[GradeBand, str], ...]


def worded(parsed: scoring.Scheme, language: str, names: Mapping[str, str]) -> Worded:
    """Return formulas, conditions of gates and what grades ask for, in plain words of one language."""
    return Worded(
        tuple((one, formula_words(one.tree, language, names)) for one in parsed.formulas),
        tuple(
            (gate, tuple(condition_words(parsed, one, language, names) for one in gate.conditions))
            for gate in parsed.gates
        ),
        tuple((band, grade_words(parsed, band, language, names)) for band in parsed.grades),
    )


def _refuse_wrong_examples(parsed: scoring.Scheme) -> None:
    wrong = {outcome.example: outcome for outcome in run_examples(parsed) if not outcome.agrees}
    if wrong:
        raise Refused(
            N_("%(n)s 个算例的结果与预期不符，不能启用：%(names)s。"), n=len(wrong), names="、".join(wrong)
        )


def _new_version(
    session: Session, actor: Acting, scheme: Scheme, parsed: scoring.Scheme, *, number: int, now: datetime
) -> SchemeVersion:
    version = SchemeVersion(
        scheme_id=scheme.id,
        number=number,
        document=scoring.to_dict(parsed),
        sha256=scoring.sha256(parsed),
        state=VersionState.DRAFT,
        reason=parsed.reason_for_full_business,
        changed_at=now,
    )
    session.add(version)
    session.flush()
    record(
        session,
        actor,
        "appraisal:scheme:design",
        f"scheme:{scheme.id}",
        code=scheme.code,
        number=number,
        sha256=version.sha256,
    )
    return version
