"""Finding courses and saying what they are made of."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, undefer

from lms.core.errors import NotFound
from lms.learning.models import Course, CourseMedium, CourseVersion, Lesson, LessonKind
from lms.learning.rules.mix import Part, mix


def latest_versions() -> Select[CourseVersion]:
    """Return the select of every course's latest version with its course, by code."""
    other = aliased(CourseVersion)
    latest = (
        select(func.max(other.number))
        .where(other.course_id == CourseVersion.course_id)
        .correlate(CourseVersion)
        .scalar_subquery()
    )
    return (
        select(CourseVersion)
        .join(CourseVersion.course)
        .where(CourseVersion.number == latest)
        .options(contains_eager(CourseVersion.course))
        .order_by(Course.code)
    )


def courses(session: Session) -> list[CourseVersion]:
    """Return the latest version of every course, by code."""
    return list(session.scalars(latest_versions()))


def search_courses(words: str) -> Select[CourseVersion]:
    """Return the select of courses in which every word stands in code, title or summary of either language.

    Words are separated by blanks; two Chinese characters are a word like any other.
    """
    found = latest_versions()
    columns = (
        Course.code,
        CourseVersion.title_zh,
        CourseVersion.title_en,
        CourseVersion.summary_zh,
        CourseVersion.summary_en,
    )
    for word in words.lower().split()[:10]:
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found = found.where(or_(*(func.lower(one).like(f"%{escaped}%", escape="\\") for one in columns)))
    return found


def version_by_code(session: Session, code: str) -> CourseVersion:
    """Return the latest version of a course.

    Raises:
        NotFound: when there is no such course.
    """
    version = session.scalar(latest_versions().where(Course.code == code))
    if version is None:
        raise NotFound
    return version


def lessons_of(session: Session, version_id: int) -> list[Lesson]:
    """Return a version's lessons in order, without their texts."""
    return list(session.scalars(lessons_in(version_id)))


def lessons_with_text() -> Select[Lesson]:
    """Return the select of lessons with their blocks."""
    return select(Lesson).options(undefer(Lesson.blocks))


def lessons_in(version_id: int) -> Select[Lesson]:
    """Return the select of a version's lessons in order, without their texts."""
    return select(Lesson).where(Lesson.course_version_id == version_id).order_by(Lesson.position)


def make_up(version: CourseVersion, lessons: Iterable[Lesson]) -> list[Part]:
    """Return a version's teaching hours by kind of lesson."""
    listed = [(lesson.kind.value, lesson.minutes) for lesson in lessons]
    return mix(version.hours, listed, [one.value for one in LessonKind])


def medium_of(version_id: int, path: str) -> Select[CourseMedium]:
    """Return the select of a version's picture or recording."""
    return select(CourseMedium).where(CourseMedium.course_version_id == version_id, CourseMedium.path == path)
