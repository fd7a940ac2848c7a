"""The archive of a unit: everybody's document once, and an index that names who has none."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.appraisal.models import AppraisalState, Cycle
from lms.core import files, jobs
from lms.core.errors import Refused
from lms.core.jobs import JobState
from lms.core.jobs.runner import plan_now, run_inline, step_now
from lms.reports import services
from lms.reports.models import IssuedDocument, UnitZip
from lms.reports.services import issuing
from tests.appraisal.house import NOW, House

ADDRESS = "https://zhixing.example-bank.com"
Enter = Callable[[str], FlaskClient]
Story = tuple[House, Cycle]


def start(story: Story, unit: str = "HO", who: str = "hr") -> UnitZip:
    house, cycle = story
    asked = services.start(
        house.session, house.person(who), cycle, house.units[unit], "zh", address=ADDRESS, now=NOW
    )
    house.session.commit()
    return asked


def run(asked: UnitZip) -> jobs.Job:
    assert asked.job_id
    return run_inline(asked.job_id)


def opened(story: Story, zip_id: int) -> zipfile.ZipFile:
    asked = story[0].session.get_one(UnitZip, zip_id, populate_existing=True)
    assert asked.stored_file
    return zipfile.ZipFile(io.BytesIO(files.read(asked.stored_file)))


def index(archive: zipfile.ZipFile) -> list[list[str]]:
    return list(csv.reader(io.StringIO(archive.read("index.csv").decode("utf-8-sig"))))


@pytest.mark.requirement("7.38")
def test_a_unit_gets_a_folder_a_branch_and_a_file_a_person(published: Story) -> None:
    asked = start(published)
    job = run(asked)
    assert (job.state, job.total) == (JobState.DONE, 4)
    archive = opened(published, asked.id)
    assert sorted(archive.namelist()) == [
        "EAST_城东支行/E001_李明.pdf",
        "EAST_城东支行/E002_王芳.pdf",
        "WEST_城西支行/E003_钱进.pdf",
        "index.csv",
    ]
    assert all(archive.read(name)[:5] == b"%PDF-" for name in archive.namelist() if name.endswith(".pdf"))
    rows = index(archive)
    assert [row[2] for row in rows[1:]] == ["E001", "E002", "E003"]
    assert all(row[4] and not row[7] for row in rows[1:])
    assert job.result == {"url": f"/reports/zips/{asked.id}", "without": 0}


def test_who_cannot_have_a_report_is_listed_with_the_reason(
    reopened: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, cycle = reopened
    house.appraisal(cycle, "wang").state = AppraisalState.ON_LEAVE
    broken = house.appraisal(cycle, "qian").id
    data = issuing.results.report_data

    def failing(session: object, appraisal_id: int, language: str) -> object:
        if appraisal_id == broken:
            raise ValueError("a broken figure")
        return data(session, appraisal_id, language)  # type: ignore[arg-type]

    monkeypatch.setattr(issuing.results, "report_data", failing)
    asked = start(reopened)
    job = run(asked)
    assert job.state is JobState.DONE
    assert job.result["without"] == 2
    archive = opened(reopened, asked.id)
    assert sorted(archive.namelist()) == ["EAST_城东支行/E001_李明.pdf", "index.csv"]
    reasons = {row[2]: row[7] for row in index(archive)[1:]}
    assert reasons["E001"] == ""
    assert "休假" in reasons["E002"]
    assert "意外错误" in reasons["E003"]


def test_a_step_that_runs_twice_issues_once(published: Story) -> None:
    session = published[0].session
    asked = start(published, "EAST")
    assert asked.job_id
    keys = plan_now(asked.job_id)
    assert [step_now(asked.job_id, keys[0]) for _ in range(2)] == [True, True]
    job = run(asked)
    assert (job.state, job.done) == (JobState.DONE, 3)
    assert session.scalar(select(func.count()).select_from(IssuedDocument)) == 2


def test_packing_again_takes_the_documents_that_stand(published: Story) -> None:
    first, second = start(published, "EAST"), None
    run(first)
    before = {name: opened(published, first.id).read(name) for name in opened(published, first.id).namelist()}
    second = start(published, "EAST")
    run(second)
    after = opened(published, second.id)
    assert before == {name: after.read(name) for name in after.namelist()}


def test_a_cancelled_packing_leaves_no_archive(published: Story) -> None:
    house, _cycle = published
    asked = start(published, "EAST")
    assert asked.job_id
    keys = plan_now(asked.job_id)
    assert step_now(asked.job_id, keys[0])
    job = house.session.get_one(jobs.Job, asked.job_id)
    jobs.cancel(house.session, job, house.person("hr"), now=NOW)
    house.session.commit()
    assert run(asked).state is JobState.CANCELLED
    assert house.session.get_one(UnitZip, asked.id, populate_existing=True).stored_file_id is None


def test_an_unpublished_cycle_or_an_empty_unit_is_refused(computed: Story) -> None:
    with pytest.raises(Refused, match="尚未公布"):
        start(computed)


def test_hr_packs_a_unit_from_the_page(published: Story, enter: Enter) -> None:
    house, cycle = published
    client = enter("hr")
    page = client.get("/reports/").text
    assert cycle.name_zh in page
    form = {"cycle_id": cycle.id, "org_unit_id": house.units["EAST"].id, "language": "en"}
    answer = client.post("/reports/zips", data=form)
    assert answer.status_code == 303
    assert "zx-job" in client.get(answer.location).text
    assert client.get(answer.location + "/download").status_code == 404
    asked = house.session.scalars(select(UnitZip)).one()
    run(asked)
    assert "下载压缩包" in client.get(answer.location).text
    got = client.get(answer.location + "/download")
    assert got.mimetype == "application/zip"
    names = zipfile.ZipFile(io.BytesIO(got.data)).namelist()
    assert len(names) == 3
    assert client.post("/reports/zips", data={**form, "cycle_id": 987654}).location.endswith("/reports/")


def test_a_supervisor_packs_the_own_unit_only(published: Story, enter: Enter) -> None:
    house, cycle = published
    asked = start(published, "EAST")
    client = enter("sun")
    form = {"cycle_id": cycle.id, "org_unit_id": house.units["EAST"].id, "language": "zh"}
    answer = client.post("/reports/zips", data=form)
    assert answer.location.endswith("/reports/"), "a unit out of reach is not among the choices"
    assert house.session.scalar(select(func.count()).select_from(UnitZip)) == 1
    for address in (f"/reports/zips/{asked.id}", f"/reports/zips/{asked.id}/download"):
        assert client.get(address).status_code == 403
    assert enter("li").get(f"/reports/zips/{asked.id}").status_code == 403
