from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.errors import Refused
from lms.learning import services
from lms.learning.models import Cohort
from lms.learning.rules.package import Medium
from tests.learning.conftest import NOW
from tests.learning.packages import lesson, small_package

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


def with_picture(tmp_path: Path) -> Any:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.png").write_bytes(PICTURE)
    medium = Medium("media/a.png", hashlib.sha256(PICTURE).hexdigest(), len(PICTURE))
    block = {"kind": "intro", "text_zh": "![门店布局](media/a.png)"}
    return small_package("T03", lessons=(lesson("L1", 1, block),), media=(medium,))


def test_pictures_are_served_to_those_who_learn_and_to_nobody_else(
    session: Session, bank: Any, make_cohort: Callable[..., Cohort], sign_in: Any, tmp_path: Path
) -> None:
    version = services.publish(session, with_picture(tmp_path), SYSTEM, NOW, folder=tmp_path)
    cohort = make_cohort(course_version_id=version.id)
    services.enrol(session, SYSTEM, cohort.id, bank.employee("trainee").id, now=NOW)
    address = f"/learning/courses/{version.id}/files/media/a.png"
    client = sign_in("trainee")
    assert f'src="{address}"' in client.get(f"/learning/lessons/{version.lessons[0].id}").text
    assert client.get(address).data == PICTURE
    part = client.get(address, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, PICTURE[:4])
    assert client.get(f"/learning/courses/{version.id}/files/media/b.png").status_code == 404
    assert sign_in("supervisor").get(address).status_code == 403
    assert sign_in("trainer2").get(address).status_code == 404


def test_pictures_that_changed_after_the_check_are_refused(session: Session, tmp_path: Path) -> None:
    package = with_picture(tmp_path)
    (tmp_path / "media" / "a.png").write_bytes(b"other")
    with pytest.raises(Refused, match="改动"):
        services.publish(session, package, SYSTEM, NOW, folder=tmp_path)
    with pytest.raises(Refused, match="读不到"):
        services.publish(session, small_package("T04", media=package.media), SYSTEM, NOW)
