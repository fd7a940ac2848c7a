"""Checks of rubrics and of the scenarios scored by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal

from lms.core.i18n import N_
from lms.learning.rules.checks.names import repeated
from lms.learning.rules.package import Document, Finding


def check_rubric(document: Document) -> Iterator[Finding]:
    """Weights total exactly 100, codes are used once, and each gate names a criterion."""
    criteria = document.data["criteria"]
    yield from repeated(document.file, ("criteria",), criteria, "code")
    yield from repeated(document.file, ("bonus",), document.data["bonus"], "code")
    total = sum((Decimal(str(one["weight"])) for one in criteria), Decimal())
    if total != 100:
        yield Finding(
            document.file, ("criteria",), N_("各项权重合计为 %(total)s，应为 100"), {"total": total}
        )
    codes = {one["code"] for one in criteria}
    for place, gate in enumerate(document.data["gates"]):
        if gate["criterion"] not in codes:
            yield Finding(
                document.file,
                ("gates", place, "criterion"),
                N_("评分标准里没有“%(code)s”这一项"),
                {"code": gate["criterion"]},
            )


def check_scenario(document: Document, rubrics: Collection[str]) -> Iterator[Finding]:
    """The rubric is in the package, and a team has room for its least number of players."""
    rubric = document.data["rubric"]
    if rubric not in rubrics:
        yield Finding(document.file, ("rubric",), N_("课程包里没有评分标准“%(code)s”"), {"code": rubric})
    team = document.data.get("team")
    if team and team["least"] > team["most"]:
        yield Finding(document.file, ("team", "most"), N_("人数上限小于下限"), {})
