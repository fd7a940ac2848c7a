"""Rule lint in the house: on the page of a scheme, before activation, in the command, and for targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.access.models import Proposal
from lms.access.policy import Role
from lms.access.services import decide, grant
from lms.appraisal import services
from lms.appraisal.models import Cycle, SchemeVersion, VersionState
from lms.appraisal.services import schemes
from lms.core.audit import SYSTEM, AuditEntry
from lms.core.errors import Refused, Rejected
from lms.core.periods import Period
from lms.indicators import services as indicators
from lms.indicators.models import Indicator, LintRow, TargetExcess
from lms.indicators.rules import Aggregate, ImportKind, IndicatorSet
from lms.indicators.rules.kinds import Direction
from lms.indicators.services.indicators import find_indicator
from lms.scoring.document import IndicatorClass
from lms.scoring.lint import LintRule, Severity, shipped
from lms.scoring.schemefile import write
from tests.appraisal.house import NOW, TODAY, House, draft
from tests.queries import counted

Story = tuple[House, Cycle]
Enter = Callable[[str], FlaskClient]
HEAVIEST = next(one for one in shipped().rules if one.id == "compliance-risk-heaviest")


def classed(
    session: Session, code: str, kind: IndicatorClass | None, single: bool | None = None
) -> Indicator:
    found = find_indicator(session, code)
    assert found is not None
    indicators.classify(session, SYSTEM, found, kind, point_in_time=single)
    return found


def new_scheme(house: House, code: str = "NEW", **changes: Any) -> SchemeVersion:
    made = draft(code=code, **changes)
    return services.design_scheme(house.session, house.person("hr"), made, house.units["HO"].id, now=NOW)


def warnings(version: SchemeVersion) -> set[str]:
    kept = version.lint
    assert kept is not None
    return {one["rule"] for one in kept["findings"] if one["severity"] == "warning"}


# ---------------------------------------------------------------- definitions


@pytest.mark.parametrize(
    ("indicator_set", "aggregate", "unit", "direction", "declared", "single"),
    [
        (IndicatorSet.BASIC, Aggregate.LAST, "万元", Direction.MORE, None, True),
        (IndicatorSet.BASIC, Aggregate.DAILY_AVG, "万元", Direction.MORE, None, False),
        (IndicatorSet.BASIC, Aggregate.LAST, "%", Direction.MORE, None, False),
        (IndicatorSet.BASIC, Aggregate.LAST, "户", Direction.MORE, None, False),
        (IndicatorSet.BASIC, Aggregate.LAST, "万元", Direction.LESS, None, False),
        (IndicatorSet.OTHER, Aggregate.LAST, "万元", Direction.MORE, None, False),
        (IndicatorSet.OTHER, Aggregate.SUM, "户", Direction.MORE, True, True),
        (IndicatorSet.BASIC, Aggregate.LAST, "万元", Direction.MORE, False, False),
    ],
)
def test_a_scale_on_a_single_day_is_told_from_the_definition(
    session: Session,
    indicator_set: IndicatorSet,
    aggregate: Aggregate,
    unit: str,
    direction: Direction,
    declared: bool | None,
    single: bool,
) -> None:
    made = indicators.IndicatorDraft(
        "X", "甲", indicator_set, unit, aggregate=aggregate, direction=direction, point_in_time=declared
    )
    indicators.define_indicator(session, SYSTEM, made)
    assert indicators.traits(session)["X"].point_in_time is single


def test_the_change_of_a_balance_on_a_single_day_is_one_as_well(session: Session) -> None:
    for made in (
        indicators.IndicatorDraft("BAL", "余额", IndicatorSet.BASIC, "万元", aggregate=Aggregate.LAST),
        indicators.IndicatorDraft("GROWTH", "净增", IndicatorSet.CHANGE, "万元", base="BAL"),
    ):
        indicators.define_indicator(session, SYSTEM, made)
    assert indicators.traits(session)["GROWTH"].point_in_time
    classed(session, "GROWTH", None, single=False)
    assert not indicators.traits(session)["GROWTH"].point_in_time


def test_an_administrator_classes_an_indicator_on_its_page(
    session: Session, story: Story, enter: Enter
) -> None:
    house, _ = story
    found = classed(session, "DEPOSIT", None)
    path = f"/admin/indicators/{found.id}"
    data = {"indicator_class": "risk", "point_in_time": "no"}
    assert enter("hr").post(f"{path}/class", data=data).status_code == 403
    grant(session, SYSTEM, house.accounts["hr"], Role.ADMIN, house.units["HO"], date(2020, 1, 1))
    session.commit()
    client = enter("hr")
    assert client.post(f"{path}/class", data=data).status_code == 303
    session.expire_all()
    assert (found.indicator_class, found.point_in_time) == (IndicatorClass.RISK, False)
    assert "不是时点性规模" in client.get(path).text
    assert "风险管理类" in client.get("/admin/indicators").text
    assert client.post(f"{path}/class", data={"indicator_class": "other"}).status_code == 409
    assert (
        client.post(f"{path}/class", data={"indicator_class": "-", "point_in_time": "-"}).status_code == 303
    )
    session.expire_all()
    assert (found.indicator_class, found.point_in_time) == (None, None)


# ---------------------------------------------------------------- before a scheme is activated


@pytest.mark.requirement("2.15")
def test_a_scheme_with_warnings_is_activated_with_a_reason_only(session: Session, story: Story) -> None:
    house, _ = story
    classed(session, "DEPOSIT", IndicatorClass.TRANSFORMATION, single=True)
    version = new_scheme(house)
    for reason in ("", "   "):
        with pytest.raises(Refused, match="写明"):
            services.activate(session, house.person("hr"), version, now=NOW, lint_reason=reason)
    assert (version.state, version.lint) == (VersionState.DRAFT, None)
    services.activate(session, house.person("hr"), version, now=NOW, lint_reason=" 试点一年 ")
    assert version.lint_reason == "试点一年"
    assert warnings(version) == {
        "compliance-risk-heaviest",
        "no-point-in-time-scale",
        "deposits-no-point-in-time",
    }
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "appraisal:scheme:activate")).all()[
        -1
    ]
    assert entry.details["reason"] == "试点一年"
    assert set(entry.details["warnings"]) == warnings(version)


def test_a_scheme_without_warnings_needs_no_reason(session: Session, story: Story) -> None:
    house, _ = story
    classed(session, "DEPOSIT", IndicatorClass.RISK)
    version = new_scheme(house)
    services.activate(session, house.person("hr"), version, now=NOW, lint_reason="多余的话")
    assert (warnings(version), version.lint_reason) == (set(), "")


def test_the_page_shows_findings_with_source_and_keeps_them_after_activation(
    session: Session, story: Story, enter: Enter
) -> None:
    house, cycle = story
    classed(session, "DEPOSIT", IndicatorClass.EFFICIENCY)
    version = new_scheme(house)
    session.commit()
    client, path = enter("hr"), f"/appraisal/schemes/{version.scheme_id}"
    page = client.get(path).text
    # ethics and procedure: (15 + 12) % of 25 %; the only indicator of business carries 60.
    assert "权重合计 6.75%，没有高于另一类的 60%" in page
    assert "银监发〔2012〕34号" in page
    assert "自 2013年1月1日 起" in page
    assert "没有高于" not in client.get(f"{path}?on=2012-12-31").text, "the rule did not hold yet"
    assert client.post(f"{path}/activate").status_code == 409
    reason = {"lint_reason": "先试行"}
    assert client.post(f"{path}/activate", data=reason).status_code == 303
    session.expire_all()
    classed(session, "DEPOSIT", IndicatorClass.RISK)
    session.commit()
    page = client.get(path).text
    assert "没有高于另一类的 60%" in page, "as it was found"
    assert "先试行" in page
    assert "没有高于另一类的 60%" not in client.get(f"{path}?on=2026-10-08").text
    assert "on=2026-07-01#lint" in client.get(f"/appraisal/cycles/{cycle.id}").text


def test_editing_a_scheme_keeps_what_it_says_of_classes(session: Session, story: Story) -> None:
    house, _ = story
    version = new_scheme(house)
    document = dict(version.document)
    document["sections"][0]["indicators"][0] |= {"class": "social", "point_in_time": False}
    again = services.document_of(services.draft_of(document))["sections"][0]["indicators"][0]
    assert (again["class"], again["point_in_time"]) == ("social", False)


# ---------------------------------------------------------------- the command


@pytest.mark.requirement("2.15")
def test_the_command_tells_findings_and_strict_fails_on_warnings(
    session: Session, app: Flask, story: Story, tmp_path: Path
) -> None:
    house, _ = story
    made = services.draft_of(new_scheme(house).document)
    business = replace(made.sections[0].indicators[0], kept={"class": "efficiency", "point_in_time": True})
    first = replace(made.sections[0], indicators=(business,))
    parsed = schemes.check(replace(made, sections=(first, *made.sections[1:])))
    path = tmp_path / "scheme.yaml"
    path.write_text(write(parsed), encoding="utf-8")
    assert "class: efficiency" in path.read_text("utf-8")

    def call(*words: str) -> tuple[int, str]:
        done = app.test_cli_runner().invoke(args=["scheme", "check", str(path), *words])
        return done.exit_code, done.output

    code, told = call("--on", "2026-10-08")
    assert code == 0
    assert "warning compliance-risk-heaviest: compliance, risk: 权重合计 6.75%" in told
    assert "warning no-point-in-time-scale: B_DEPOSIT: 以期末一天的规模计分 [银监发〔2012〕34号]" in told
    assert call("--on", "2026-10-08", "--strict")[0] == 1
    assert call("--on", "2012-10-08", "--strict")[0] == 0
    off = replace(HEAVIEST, enabled=False)
    indicators.set_lint_rule(session, SYSTEM, off, "本行另有规定", now=NOW)
    session.commit()
    assert "compliance-risk-heaviest" not in call("--on", "2026-10-08", "--bank")[1]
    assert "compliance-risk-heaviest" in call("--on", "2026-10-08")[1]


# ---------------------------------------------------------------- the bank's own rules


def test_a_bank_sets_and_silences_rules_and_keeps_their_history(session: Session, story: Story) -> None:
    def one(day: date) -> LintRule | None:
        return next((rule for rule in indicators.lint_rules(session, day) if rule.id == HEAVIEST.id), None)

    off = replace(HEAVIEST, enabled=False, valid_from=date(2026, 1, 1), valid_to=date(2027, 1, 1))
    indicators.set_lint_rule(session, SYSTEM, off, "过渡期", now=NOW)
    assert one(date(2025, 12, 31)) == HEAVIEST
    assert one(date(2026, 1, 1)) is None
    milder = replace(off, enabled=True, severity=Severity.NOTICE, threshold=3.5)
    indicators.set_lint_rule(session, SYSTEM, milder, "改为提示", now=NOW)
    assert one(date(2026, 1, 1)) == milder
    assert one(date(2027, 1, 1)) == HEAVIEST
    assert [row.reason for row in indicators.lint_history(session, HEAVIEST.id)] == ["改为提示", "过渡期"]


def test_a_wrong_rule_is_refused_where_it_is_wrong(session: Session, story: Story) -> None:
    for wrong, reason, message in (
        (HEAVIEST, " ", "理由"),
        (replace(HEAVIEST, check=shipped().rules[1].check), "换", "不能更改"),
    ):
        with pytest.raises(Refused, match=message):
            indicators.set_lint_rule(session, SYSTEM, wrong, reason, now=NOW)
    for changed, field in (
        (replace(HEAVIEST, threshold=101.0), "threshold"),
        (replace(HEAVIEST, threshold=None), "threshold"),
        (replace(HEAVIEST, classes=()), "classes"),
        (replace(HEAVIEST, valid_to=HEAVIEST.valid_from), "valid_to"),
        (replace(HEAVIEST, id="1 bad"), "code"),
    ):
        with pytest.raises(Rejected) as caught:
            indicators.set_lint_rule(session, SYSTEM, changed, "试", now=NOW)
        assert [problem.field for problem in caught.value.problems] == [field]
    assert session.scalars(select(LintRow)).all() == []


def fields(**changes: str) -> dict[str, str]:
    return {
        "severity": "notice",
        "enabled": "yes",
        "valid_from": "2026-10-01",
        "threshold": "5",
        "classes": "compliance",
        "title_zh": "合规权重",
        "source_zh": "本行制度",
        "reason": "董事会决议",
    } | changes


def test_hr_of_the_head_office_sets_rules_by_form(session: Session, story: Story, enter: Enter) -> None:
    client = enter("hr")
    path = f"/indicators/lint/rules/{HEAVIEST.id}"
    assert client.post(path, data=fields()).status_code == 303
    [row] = session.scalars(select(LintRow)).all()
    assert (row.threshold, row.classes, row.by_name) == (Decimal(5), ["compliance"], "何人事")
    assert "董事会决议" in client.get(path).text
    assert "本行设置" in client.get("/indicators/lint").text
    bad = client.post(path, data=fields(threshold="500", valid_from="2026-11-01"))
    assert (bad.status_code, "0 至 100" in bad.text) == (422, True)
    nothing = client.post(path, data=fields(reason="", valid_from="soon"))
    assert nothing.status_code == 422
    made = client.post("/indicators/lint/new", data=fields(code="bank-floor", check="class_weight_min"))
    assert made.status_code == 303
    assert client.get("/indicators/lint/rules/bank-floor").status_code == 200
    taken = client.post("/indicators/lint/new", data=fields(code="bank-floor", check="class_unknown"))
    assert (taken.status_code, "不能更改" in taken.text) == (422, True)
    assert client.get("/indicators/lint/rules/nothing").status_code == 404
    assert session.query(LintRow).count() == 2


def test_hr_of_a_branch_reads_the_rules_and_cannot_set_them(
    session: Session, story: Story, enter: Enter
) -> None:
    house, _ = story
    grant(session, SYSTEM, house.accounts["sun"], Role.HR, house.units["WEST"], date(2020, 1, 1))
    session.commit()
    client = enter("sun")
    page = client.get(f"/indicators/lint/rules/{HEAVIEST.id}")
    assert (page.status_code, 'name="reason"' in page.text) == (200, False)
    assert client.post(f"/indicators/lint/rules/{HEAVIEST.id}", data=fields()).status_code == 403
    assert client.get("/indicators/lint/new").status_code == 403
    assert enter("li").get("/indicators/lint").status_code == 403


def test_more_rules_are_paged_and_ask_no_more_of_the_database(
    session: Session, story: Story, enter: Enter
) -> None:
    client = enter("hr")
    client.get("/indicators/lint")
    with counted() as few:
        client.get("/indicators/lint")
    for number in range(60):
        own = replace(HEAVIEST, id=f"bank-{number}", title_zh=f"规则{number}")
        indicators.set_lint_rule(session, SYSTEM, own, "补充", now=NOW)
    session.commit()
    with counted() as many:
        page = client.get("/indicators/lint").text
    assert len(many) <= len(few)
    assert "规则0" in page
    assert "规则59" not in page
    assert "规则59" in client.get("/indicators/lint?page=2").text


# ---------------------------------------------------------------- targets


def plan_of(house: House, code: str = "DEPOSIT", unit: str = "HO") -> indicators.Cascade:
    kind = find_indicator(house.session, code)
    assert kind is not None
    return indicators.cascade(house.session, house.units[unit], Period.parse("2026Q4"), TODAY, [kind])


@pytest.fixture
def raised(story: Story) -> House:
    """The head office aims at 100, its branches at 60 and 50."""
    house, _ = story
    text = "工号,机构代码,指标,目标值\n,HO,DEPOSIT,100\n,EAST,DEPOSIT,60\n,WEST,DEPOSIT,50\n"
    bring(house, text)
    return house


def bring(house: House, text: str) -> None:
    upload = indicators.run_import(
        house.session,
        SYSTEM,
        indicators.UploadDraft(ImportKind.TARGETS, "t.csv", indicators.hold(text.encode()), "2026Q4"),
        now=NOW,
    )
    assert upload.state.value == "committed"


@pytest.mark.requirement("7.19")
def test_targets_raised_below_need_a_reason_and_a_second_person(raised: House) -> None:
    house, session = raised, raised.session
    [found] = indicators.excesses(session, plan_of(house), NOW)
    assert (found.rule.id, found.over_percent, found.approved) == ("children-above-parent", Decimal(10), None)
    kind, hr = found.indicator.id, house.person("hr")
    with pytest.raises(Refused, match="理由"):
        indicators.propose_excess(session, hr, plan_of(house), kind, " ", now=NOW)
    with pytest.raises(Refused, match="没有超出"):
        indicators.propose_excess(session, hr, plan_of(house, unit="EAST"), kind, "新行", now=NOW)
    proposal = indicators.propose_excess(session, hr, plan_of(house), kind, "新开两家网点", now=NOW)
    [waiting] = indicators.excesses(session, plan_of(house), NOW)
    assert waiting.waiting is proposal
    with pytest.raises(Refused):
        decide(session, house.person("hr"), proposal, approve=True, reason="", now=NOW)
    decide(session, house.person("hr2"), proposal, approve=True, reason="", now=NOW)
    [settled] = indicators.excesses(session, plan_of(house), NOW)
    assert settled.approved is not None
    assert (settled.approved.reason, settled.approved.checker_name) == ("新开两家网点", "胡人事")
    with pytest.raises(Refused, match="已获批准"):
        indicators.propose_excess(session, house.person("hr"), plan_of(house), kind, "再来", now=NOW)


def test_an_approval_does_not_cover_targets_that_are_raised_further(raised: House) -> None:
    house, session = raised, raised.session
    [found] = indicators.excesses(session, plan_of(house), NOW)
    for total, parent, covered in (("110", "100", True), ("109.9", "100", False), ("120", "101", False)):
        session.query(TargetExcess).delete()
        session.query(Proposal).delete()
        proposal = indicators.propose_excess(
            session, house.person("hr"), plan_of(house), found.indicator.id, "理由", now=NOW
        )
        proposal.diff = proposal.diff | {"children": total, "parent": parent}
        decide(session, house.person("hr2"), proposal, approve=True, reason="", now=NOW)
        [one] = indicators.excesses(session, plan_of(house), NOW)
        assert (one.approved is not None) is covered, (total, parent)


def test_the_page_of_targets_asks_for_the_reason_and_shows_who_approved(raised: House, enter: Enter) -> None:
    house, session = raised, raised.session
    session.commit()
    client, path = enter("hr"), f"/indicators/targets?unit={house.units['HO'].id}&period=2026Q4"
    page = client.get(path).text
    assert "下级合计 110，超出本机构目标 10 元" in page
    assert "银监发〔2012〕34号" in page
    found = find_indicator(session, "DEPOSIT")
    assert found is not None
    data = {"unit": house.units["HO"].id, "period": "2026Q4", "indicator": found.id, "reason": "新开网点"}
    assert client.post("/indicators/targets/exceed", data=data | {"reason": ""}).status_code == 409
    assert client.post("/indicators/targets/exceed", data=data).status_code == 303
    assert "等待另一人批准：新开网点" in client.get(path).text
    assert enter("li").post("/indicators/targets/exceed", data=data).status_code == 403
    assert enter("sun").post("/indicators/targets/exceed", data=data).status_code == 403
    second = enter("hr2")
    told = second.get("/proposals").text
    assert "下级目标超出上级" in told
    assert "下级合计" in told
    proposal = session.scalars(select(Proposal)).one()
    answer = second.post(f"/proposals/{proposal.id}", data={"decision": "approve"})
    assert answer.status_code == 303
    assert "何人事 提交，胡人事 于" in second.get(path).text
    assert "提交批准" not in second.get(path).text


def test_even_targets_and_periods_before_the_rule_are_left_alone(story: Story) -> None:
    house, _ = story
    bring(house, "工号,机构代码,指标,目标值\n,HO,DEPOSIT,110\n,EAST,DEPOSIT,60\n,WEST,DEPOSIT,50\n")
    assert indicators.excesses(house.session, plan_of(house), NOW) == []
    kind = find_indicator(house.session, "DEPOSIT")
    assert kind is not None
    plan = replace(plan_of(house), period=Period.parse("2012Q4"))
    smaller = {key: cell for key, cell in plan.cells.items() if key[0] != plan.own}
    assert indicators.excesses(house.session, replace(plan, cells=smaller), NOW) == []
