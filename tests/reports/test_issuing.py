"""Documents: mapped from the appraisal, issued once, kept as issued, seen by those who may."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pypdfium2 as pdfium
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.appraisal.models import AppraisalState, Cycle
from lms.appraisal.services.results import report_data
from lms.core import files
from lms.core.errors import Refused
from lms.reports import rules, services
from lms.reports.document import Bank, Verification
from lms.reports.models import DocumentState, IssuedDocument
from lms.reports.services.mapping import bank_of, report_of
from tests.appraisal.house import NOW, House

ADDRESS = "https://zhixing.example-bank.com/"
Enter = Callable[[str], FlaskClient]
Story = tuple[House, Cycle]


def issue(story: Story, name: str = "li", language: str = "zh") -> IssuedDocument:
    house, cycle = story
    return services.issue(
        house.session, house.person("hr"), house.appraisal(cycle, name).id, language, address=ADDRESS, now=NOW
    )


def words(content: bytes) -> str:
    document = pdfium.PdfDocument(content)
    try:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()
    return "".join("".join(pages).split())


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(IssuedDocument)) or 0


# ---------------------------------------------------------------- mapping


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_document_says_what_the_appraisal_says(published: Story, language: str) -> None:
    house, cycle = published
    data = report_data(house.session, house.appraisal(cycle, "li").id, language)
    report = report_of(
        data,
        Bank("示例银行"),
        (),
        number="2026-000001",
        verification=Verification(ADDRESS, "X"),
        issued_at=NOW,
    )
    assert report.composite == Decimal("89.89")
    assert sum(section.contribution or 0 for section in report.sections) == report.composite
    for section in report.sections:
        parts = [line.contribution or Decimal(0) for line in report.lines if line.section == section.name]
        assert abs(sum(parts) - (section.points or 0)) <= Decimal("0.01") * len(parts)
    assert (report.subject.number, report.subject.name) == ("E001", "李明")
    assert [row.level for row in report.comprehensive] == [5, 4, 4, 4, 4, 4, 4]
    assert len(report.comments) == 1, "the one note, with who wrote it and when"
    assert report.comments[0].who == "赵主管"
    assert report.training[0].quiz_percent == 90
    assert (report.rank.n, report.rank.of) == (data.rank, 3) if report.rank else False
    assert report.incomplete == ""
    assert report.scheme.sha256 == cycle.scheme_version.sha256


def test_a_house_without_profile_still_has_a_name(session: Session) -> None:
    assert bank_of(session, "zh").name == "知行"
    assert bank_of(session, "en").name not in ("", "知行")


# ---------------------------------------------------------------- issuing


def test_issuing_again_gives_the_very_same_document(published: Story) -> None:
    first = issue(published)
    again = issue(published)
    assert again.id == first.id
    assert first.number == "2026-000001"
    content = files.read(first.stored_file)
    assert content.startswith(b"%PDF-")
    assert "89.89" in words(content)
    assert first.number in words(content)
    assert issue(published, language="en").number == "2026-000002"
    assert count(published[0].session) == 2


def test_another_result_supersedes_the_document(reopened: Story) -> None:
    house, cycle = reopened
    first = issue(reopened)
    house.appraisal(cycle, "li").final_total = Decimal("90.89")
    second = issue(reopened)
    assert second.id != first.id
    assert (first.state, second.state) == (DocumentState.SUPERSEDED, DocumentState.VALID)
    assert "90.89" in words(files.read(second.stored_file))
    assert "89.89" in words(files.read(first.stored_file)), "what was issued stays as it was"


def test_what_changes_while_it_is_printed_is_not_issued(reopened: Story) -> None:
    house, cycle = reopened
    li = house.appraisal(cycle, "li")
    draft = services.reserve(house.session, li.id, "zh", now=NOW)
    assert isinstance(draft, services.Draft)
    printed = services.prepare(house.session, draft, address=ADDRESS, now=NOW)
    li.final_total = Decimal("1")
    with pytest.raises(Refused):
        services.keep(house.session, house.person("hr"), printed, now=NOW)
    assert count(house.session) == 0


def test_two_who_issue_at_once_get_one_document(published: Story) -> None:
    house, cycle = published
    li = house.appraisal(cycle, "li")
    drafts = [services.reserve(house.session, li.id, "zh", now=NOW) for _ in range(2)]
    printed = [
        services.prepare(house.session, draft, address=ADDRESS, now=NOW)
        for draft in drafts
        if isinstance(draft, services.Draft)
    ]
    kept = [services.keep(house.session, house.person("hr"), one, now=NOW) for one in printed]
    assert len(kept) == 2
    assert kept[0] is kept[1]


def test_nothing_is_issued_before_it_is_published(computed: Story) -> None:
    with pytest.raises(Refused, match="尚未公布"):
        issue(computed)


def test_nothing_is_issued_of_a_whole_leave_nor_in_a_third_language(reopened: Story) -> None:
    house, cycle = reopened
    with pytest.raises(Refused):
        issue(reopened, language="fr")
    house.appraisal(cycle, "li").state = AppraisalState.ON_LEAVE
    with pytest.raises(Refused, match="休假"):
        issue(reopened)


# ---------------------------------------------------------------- pages


def test_a_manager_issues_and_downloads_the_own_report(published: Story, enter: Enter) -> None:
    house, cycle = published
    client = enter("li")
    li = house.appraisal(cycle, "li").id
    assert "下载报告" in client.get("/reports/").text
    answer = client.post(f"/reports/appraisals/{li}/issue", data={"language": "zh"})
    assert answer.status_code == 303
    downloads = [client.get(answer.location) for _ in range(2)]
    assert downloads[0].data == downloads[1].data
    assert downloads[0].mimetype == "application/pdf"
    assert "2026-000001" in downloads[0].headers["Content-Disposition"]
    again = client.post(f"/reports/appraisals/{li}/issue", data={"language": "zh"})
    assert again.location == answer.location
    assert "2026-000001" in client.get("/reports/").text


@pytest.mark.parametrize(("who", "may"), [("zhao", True), ("hr", True), ("sun", False), ("wang", False)])
def test_only_who_reaches_the_unit_gets_the_report(
    published: Story, enter: Enter, who: str, may: bool
) -> None:
    house, cycle = published
    document = issue(published).id
    li = house.appraisal(cycle, "li").id
    client = enter(who)
    assert client.get(f"/reports/documents/{document}.pdf").status_code == (200 if may else 403)
    assert client.post(f"/reports/appraisals/{li}/issue").status_code == (303 if may else 403)
    assert ("2026-000001" in client.get("/reports/").text) is may
    assert client.get("/reports/documents/987654.pdf").status_code == 404


def test_looking_and_downloading_write_nothing(published: Story, enter: Enter) -> None:
    """The session of a GET refuses every write; issuing is no address to be opened."""
    house, cycle = published
    document = issue(published)
    client = enter("hr")
    for address in (
        "/reports/",
        f"/reports/documents/{document.id}.pdf",
        f"/verify/{document.code}",
        f"/verify?code={document.code}",
    ):
        assert client.get(address).status_code == 200
    assert client.get(f"/reports/appraisals/{house.appraisal(cycle, 'li').id}/issue").status_code == 405
    assert count(house.session) == 1


# ---------------------------------------------------------------- verification


def shape(page: str) -> list[str]:
    return re.findall(r"<(\w+)", page.partition("<dl")[2].partition("</dl>")[0])


def test_anybody_may_verify_and_learns_nothing_private(published: Story, client: FlaskClient) -> None:
    document = issue(published)
    page: Any = client.get(f"/verify/{document.code}")
    assert page.status_code == 200
    for said in (document.number, "有效", "2026年10月8日", document.sha256[:16]):
        assert said in page.text
    for private in ("李明", "E001", "89.89", "城东支行", document.sha256[:17]):
        assert private not in page.text


def test_an_unknown_code_is_answered_in_the_same_form(published: Story, client: FlaskClient) -> None:
    known = client.get(f"/verify/{issue(published).code}")
    for code in ("AAAA-BBBB-CCCC-DDDD", "x", "%3Cb%3E"):
        unknown = client.get(f"/verify/{code}")
        assert unknown.status_code == known.status_code == 200
        assert shape(unknown.text) == shape(known.text)
        assert "未知" in unknown.text


def test_a_superseded_document_says_so(reopened: Story, client: FlaskClient) -> None:
    house, cycle = reopened
    first = issue(reopened)
    house.appraisal(cycle, "li").final_total = Decimal("90.89")
    issue(reopened)
    assert "已被新报告取代" in client.get(f"/verify/{first.code}").text


def test_a_code_may_be_typed_as_people_type(published: Story, client: FlaskClient) -> None:
    document = issue(published)
    typed = " " + document.code.lower().replace("-", " ")
    assert document.number in client.get("/verify", query_string={"code": typed}).text


def test_the_printed_address_is_that_of_the_page(app: Any) -> None:
    with app.test_request_context():
        from flask import url_for

        wanted = url_for("reports.verify", code="ABCD", _external=False)
    assert rules.verification_address(ADDRESS, "ABCD") == ADDRESS.rstrip("/") + wanted


def test_names_are_fit_for_file_systems_and_cells_for_spreadsheets() -> None:
    assert rules.file_name("E001", "../a/b:c") == "E001_..abc"
    assert rules.file_name("..") == "_"
    assert rules.plain_cell("=1+1") == "'=1+1"
    assert rules.plain_cell("李明") == "李明"
