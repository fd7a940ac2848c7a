"""Scheme files in the browser: out, in after a look, compared; and examples that hold a version back."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import scoring
from lms.appraisal.forms import SchemeForm, packed, unpacked
from lms.appraisal.models import Cycle, Scheme, SchemeVersion, VersionState
from lms.appraisal.rules.draft import document_of, draft_of
from lms.appraisal.services import scheme_files, schemes
from lms.core.audit import AuditEntry
from lms.core.errors import Refused
from lms.demo.appraisals import SCHEMES
from lms.scoring import workbook
from lms.scoring.examples import run_examples
from lms.scoring.schemefile import read, write
from lms.scoring.yamltext import LARGEST
from tests.appraisal import docx
from tests.appraisal.house import NOW, House
from tests.appraisal.test_pages import filled
from tests.scoring.test_schemefile import FILE

pytestmark = pytest.mark.sampled

Story = tuple[House, Cycle]
Enter = Callable[[str], FlaskClient]
QUIZ = FILE.replace("NPL_RATIO", "training.quiz")
SHIPPED = sorted(SCHEMES.glob("*.yaml"))


def upload(client: FlaskClient, text: str | bytes) -> Any:
    content = text.encode() if isinstance(text, str) else text
    return client.post(
        "/appraisal/schemes/import",
        data={"file": (io.BytesIO(content), "scheme.yaml")},
        content_type="multipart/form-data",
    )


def confirm(client: FlaskClient, page: str, **more: object) -> Any:
    fields = dict(re.findall(r'<input type="hidden" name="(packed|seen|save)" value="([^"]*)"', page))
    assert fields.keys() == {"packed", "seen", "save"}
    return client.post("/appraisal/schemes/import", data=fields | more)


def count(session: Session) -> int:
    return session.scalar(select(func.count(SchemeVersion.id))) or 0


@pytest.mark.requirement("7.17")
def test_a_new_scheme_comes_in_after_a_look_and_goes_out_again(
    session: Session, story: Story, enter: Enter
) -> None:
    house, _ = story
    client, before = enter("hr"), count(session)
    page = upload(client, QUIZ).text
    assert "这是新方案" in page
    assert "低于目标 0.15 个百分点" in page
    assert count(session) == before
    answer = confirm(client, page, org_unit_id=house.units["HO"].id)
    assert answer.status_code == 303
    found = scheme_files.scheme_of(session, "NPL")
    assert found is not None
    version = schemes.latest_version(session, found.id)
    assert (version.number, version.state) == (1, VersionState.DRAFT)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "appraisal:scheme:import")).one()
    assert entry.details == {"number": 1, "sha256": version.sha256}
    shown = client.get(f"/appraisal/schemes/{found.id}").text
    assert "没有对应的规则" in shown
    assert "（第 3.10 条）" in shown
    assert shown.count("相符") == 6
    sent = client.get(f"/appraisal/schemes/{found.id}/export?version=1")
    assert sent.headers["Content-Disposition"] == 'attachment; filename="NPL-v1.yaml"'
    assert read(sent.data) == read(QUIZ)


@pytest.mark.requirement("7.17")
def test_a_file_of_a_known_scheme_shows_the_differences_and_becomes_its_draft(
    session: Session, story: Story, enter: Enter
) -> None:
    client = enter("hr")
    scheme = session.scalars(select(Scheme)).one()
    text = scheme_files.file_of(schemes.latest_version(session, scheme.id))
    assert "没有变化。" in upload(client, text).text
    changed = text.replace("at_least: 90", "at_least: 92", 1)
    page = upload(client, changed).text
    assert "由 90 改为 92" in page
    assert "最低分" in page
    assert confirm(client, page).status_code == 303
    assert schemes.latest_version(session, scheme.id).number == 2
    told = client.get(f"/appraisal/schemes/{scheme.id}/diff").text
    assert "由 90 改为 92" in told
    assert "由 92 改为 90" in client.get(f"/appraisal/schemes/{scheme.id}/diff?old=2&new=1").text
    assert client.get(f"/appraisal/schemes/{scheme.id}/diff?old=1&new=9").status_code == 404
    again = confirm(client, page)
    assert again.status_code == 422
    assert "其他人保存了此方案" in again.text


BAD = [
    (QUIZ.replace("weight: 100\n  indicators", "weight: 99\n  indicators"), "权重合计为 99，应为 100"),
    (FILE, "没有计量项 NPL_RATIO"),
    (QUIZ.replace("name_zh: 不良率考核", "name_zh: &a x\nname_en: *a"), "锚点和引用"),
    (QUIZ.replace("name_zh: 不良率考核", "name_zh: !!python/object/apply:os.system [ls]"), "类型标签"),
    (QUIZ.replace("code: NPL\n", "code: NPL\ncode: NPL\n"), "字段重复"),
    (QUIZ.encode("gb18030"), "UTF-8"),
    (b" " * (2 * LARGEST), f"文件超过 {LARGEST} 字节"),
    (b"", "请选择文件"),
]


@pytest.mark.parametrize(("text", "told"), BAD, ids=[told for _, told in BAD])
def test_a_bad_file_is_refused_in_words_and_nothing_is_stored(
    session: Session, story: Story, enter: Enter, text: str | bytes, told: str
) -> None:
    client, before = enter("hr"), count(session)
    answer = upload(client, text) if text else client.post("/appraisal/schemes/import", data={})
    assert answer.status_code == 422
    assert told in unescape(answer.text)
    assert count(session) == before


def test_a_field_that_was_tampered_with_is_no_file() -> None:
    assert unpacked(packed(b"x" * 50), 10) == b"x" * 11
    assert unpacked("no base64!", 10) == b""
    assert unpacked("eHg=", 10) == b""


@pytest.mark.parametrize(
    "path", [f"schemes/{page}" for page in ("import", "1/export", "1/document", "1/redline", "1/diff")]
)
def test_only_those_who_design_schemes_see_files(story: Story, enter: Enter, path: str) -> None:
    assert enter("zhao").get(f"/appraisal/{path}").status_code == 403
    assert enter("li").post(f"/appraisal/{path}").status_code in (403, 405)


@pytest.mark.requirement("7.17")
def test_a_version_with_a_wrong_example_is_not_activated(
    session: Session, story: Story, enter: Enter
) -> None:
    house, _ = story
    wrong = read(QUIZ.replace("{total: 90}", "{total: 91}"))
    version = scheme_files.import_scheme(session, house.person("hr"), wrong, house.units["HO"].id, now=NOW)
    with pytest.raises(Refused, match="地区系数"):
        schemes.activate(session, house.person("hr"), version, now=NOW)
    client = enter("hr")
    assert "有 1 处结果与预期不符" in client.get(f"/appraisal/schemes/{version.scheme_id}").text
    answer = client.post(f"/appraisal/schemes/{version.scheme_id}/activate")
    assert (answer.status_code, "地区系数" in answer.text) == (409, True)
    assert schemes.latest_version(session, version.scheme_id).state is VersionState.DRAFT


def test_a_version_that_asks_for_a_lost_measure_says_so(session: Session, story: Story, enter: Enter) -> None:
    house, _ = story
    parsed = read(FILE.replace("NPL_RATIO", "GONE"))
    lost = scheme_files.import_scheme(session, house.person("hr"), parsed, house.units["HO"].id, now=NOW)
    answer = enter("hr").post(f"/appraisal/schemes/{lost.scheme_id}/activate")
    assert (answer.status_code, "没有计量项 GONE" in answer.text) == (422, True)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_file_is_right_and_survives_the_editor(path: Any) -> None:
    scheme = read(path.read_bytes())
    outcomes = run_examples(scheme)
    assert len(outcomes) >= 10
    assert [one for one in outcomes if not one.agrees] == []
    assert read(write(scheme)) == scheme
    assert scoring.parse(document_of(draft_of(scoring.to_dict(scheme)))) == scheme


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_form_of_the_editor_keeps_what_it_does_not_show(path: Any, client: FlaskClient) -> None:
    scheme = read(path.read_bytes())
    made = draft_of(scoring.to_dict(scheme))
    fields = filled(client, "/appraisal/schemes/new", made)
    with client.application.test_request_context("/", method="POST", data=fields):
        form = SchemeForm(meta={"csrf": False})
        assert scoring.parse(document_of(form.to_draft(made))) == scheme


def test_three_kinds_of_schemes_are_shipped() -> None:
    assert [path.stem for path in SHIPPED] == ["corporate", "retail", "sub-branch-head"]


@pytest.mark.requirement("7.17")
def test_a_workbook_goes_out_and_comes_in_after_a_look(session: Session, story: Story, enter: Enter) -> None:
    client = enter("hr")
    scheme = session.scalars(select(Scheme)).one()
    sent = client.get(f"/appraisal/schemes/{scheme.id}/export?version=1&format=xlsx")
    assert sent.headers["Content-Disposition"] == f'attachment; filename="{scheme.code}-v1.xlsx"'
    parsed = workbook.read(sent.data)
    assert parsed == scheme_files.parsed_version(session, scheme.id, 1)
    assert "没有变化。" in upload(client, sent.data).text
    better = replace(parsed.grades[0], at_least=92.0)
    page = upload(client, workbook.write(replace(parsed, grades=(better, *parsed.grades[1:])))).text
    assert "由 90 改为 92" in page
    assert confirm(client, page).status_code == 303
    assert schemes.latest_version(session, scheme.id).number == 2


def test_a_bad_workbook_is_refused_with_its_cells(session: Session, story: Story, enter: Enter) -> None:
    client, before = enter("hr"), count(session)
    answer = upload(client, workbook.write(read(FILE)))
    assert answer.status_code == 422
    assert "指标!G3 数据来源" in answer.text
    assert "没有计量项 NPL_RATIO" in answer.text
    answer = upload(client, workbook.write(read(FILE))[:-300])
    assert "无法打开工作簿" in answer.text
    assert count(session) == before


@pytest.mark.requirement("7.17")
def test_the_rules_and_their_redline_are_word_documents(session: Session, story: Story, enter: Enter) -> None:
    client = enter("hr")
    scheme = session.scalars(select(Scheme)).one()
    text = scheme_files.file_of(schemes.latest_version(session, scheme.id))
    page = upload(client, text.replace("at_least: 90", "at_least: 92", 1)).text
    assert confirm(client, page).status_code == 303
    at = f"/appraisal/schemes/{scheme.id}"
    told = docx.read(client.get(f"{at}/document?version=1&lang=zh").data)
    assert ("row", "状态", "已启用") in told
    assert any(line[:2] == ("row", "A") and line[3] == "总分 90 分以上" for line in told)
    sent = client.get(f"{at}/redline?old=1&new=2&lang=en")
    assert sent.headers["Content-Disposition"] == f'attachment; filename="{scheme.code}-v1-v2.en.docx"'
    assert "92" in docx.changes(sent.data, "ins")
    assert docx.read(sent.data, gone="del") == docx.read(client.get(f"{at}/document?lang=en").data)
    shown = client.get(f"{at}/diff").text
    assert f"{at}/redline?old=1&amp;new=2&amp;lang=zh" in shown
    assert f"{at}/document?version=2&amp;lang=en" in client.get(at).text
    assert client.get(f"{at}/redline?old=1&new=9").status_code == 404
