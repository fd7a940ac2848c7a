"""A course package goes to every room that has a part in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from lms.assessment.services import install_package as install_quizzes
from lms.core.audit import Acting
from lms.feedback.services import install_package as install_forms
from lms.learning.models import CourseVersion
from lms.learning.services import publish
from lms.learning.services.packages import Package
from lms.roleplay.services import install_package as install_scenarios


def publish_package(
    session: Session, package: Package, actor: Acting, now: datetime, *, folder: Path | None = None
) -> CourseVersion:
    """Publish a package and install its quizzes, scenarios and forms; doing it again changes nothing.

    `folder` is where the package was read from, needed when it has pictures or recordings.

    Raises:
        Refused, Rejected: when a room cannot take its part; the caller rolls back.
    """
    version = publish(session, package, actor, now, folder=folder)
    for install in (install_quizzes, install_scenarios, install_forms):
        install(session, version, package, actor, now)
    return version
