"""A checked package becomes a course version, once."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core import files
from lms.core.audit import Acting, record
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.learning.models import Course, CourseMedium, CourseVersion, Lesson, LessonKind
from lms.learning.rules.package import Package


def publish(
    session: Session, package: Package, actor: Acting, now: datetime, *, folder: Path | None = None
) -> CourseVersion:
    """Publish a package as the next version of its course; the same content gives the version it has.

    `folder` is where the package was read from, needed when it has pictures or recordings.

    Raises:
        Refused: when media cannot be read.
    """
    course = session.scalar(select(Course).where(Course.code == package.code).with_for_update())
    if course is None:
        course = Course(code=package.code)
        session.add(course)
        session.flush()
    known = session.scalar(
        select(CourseVersion).where(
            CourseVersion.course_id == course.id, CourseVersion.sha256 == package.sha256
        )
    )
    if known is not None:
        return known
    version = _version(session, course, package, now)
    _add_media(session, version, package, folder, now)
    record(
        session,
        actor,
        "learning:course:publish",
        f"course_version:{version.id}",
        code=package.code,
        number=version.number,
        sha256=package.sha256,
    )
    return version


def required_codes(package: Package) -> dict[str, list[str]]:
    """Return what completion asks for besides the lessons: every quiz, and each trainee form of wave 1.

    Later waves come weeks after the course and cannot hold its completion back.
    """
    forms = [form["code"] for form in package.forms if form["respondent"] == "trainee" and form["wave"] == 1]
    return {"quizzes": [quiz["code"] for quiz in package.quizzes], "forms": forms}


def _version(session: Session, course: Course, package: Package, now: datetime) -> CourseVersion:
    last = session.scalar(select(func.max(CourseVersion.number)).where(CourseVersion.course_id == course.id))
    head = package.course
    version = CourseVersion(
        course_id=course.id,
        number=(last or 0) + 1,
        sha256=package.sha256,
        title_zh=head.title_zh,
        title_en=head.title_en,
        summary_zh=head.summary_zh,
        summary_en=head.summary_en,
        hours=head.hours,
        pass_percent=head.pass_percent,
        required=required_codes(package),
        package=_plain(asdict(package)),
        published_at=now,
        lessons=[
            Lesson(
                code=plan.code,
                position=plan.position,
                title_zh=plan.title_zh,
                title_en=plan.title_en,
                kind=LessonKind(plan.kind),
                minutes=plan.minutes,
                blocks=_plain(plan.blocks),
            )
            for plan in package.lessons
        ],
    )
    session.add(version)
    session.flush()
    return version


def _add_media(
    session: Session, version: CourseVersion, package: Package, folder: Path | None, now: datetime
) -> None:
    for medium in package.media:
        if folder is None:
            raise Refused(N_("课程包的文件“%(file)s”读不到。"), file=medium.file)
        with (folder / medium.file).open("rb") as stream:
            media_type = mimetypes.guess_type(medium.file)[0] or "application/octet-stream"
            stored = files.store(session, stream, medium.file, media_type, now=now)
        if stored.sha256 != medium.sha256:
            raise Refused(N_("课程包的文件“%(file)s”在检查之后被改动，请重新检查。"), file=medium.file)
        session.add(CourseMedium(course_version_id=version.id, path=medium.file, stored_file_id=stored.id))
    session.flush()


def _plain(value: Any) -> Any:
    """Values as JSON holds them: decimals as text, tuples as lists."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
