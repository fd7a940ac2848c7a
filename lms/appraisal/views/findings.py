"""What is wrong with parameters, in the page's language: where, for which unit, since when, and what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from lms.appraisal.rules.words import LABELS, place_words
from lms.appraisal.services.parameters import Finding
from lms.core.db import db
from lms.people.models import OrgUnit
from lms.scoring import Scheme
from lms.web.filters import day as day_text
from lms.web.text import local, page_language, say


def findings_told(scheme: Scheme, findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return (where, what) of every finding."""
    found = list(findings)
    names = _names({one.unit for one in found} | {str(one.params.get("unit", "")) for one in found})
    return [(_where(scheme, one.place), _what(one, names)) for one in found]


def _where(scheme: Scheme, place: str) -> str:
    words = place_words(place, scheme, scheme, page_language())
    return " › ".join(say(word) if word in LABELS.values() else word for word in words)


def _what(one: Finding, names: Mapping[str, str]) -> str:
    params: dict[str, Any] = dict(one.params)
    if "unit" in params:
        params["unit"] = names.get(str(params["unit"]), params["unit"])
    what = say(one.message, params)
    if not one.unit or not one.day:
        return what
    unit = names.get(one.unit, one.unit)
    return _("%(unit)s，%(day)s 起：%(what)s", unit=unit, day=day_text(one.day), what=what)


def _names(codes: set[str]) -> dict[str, str]:
    found = db.session().scalars(select(OrgUnit).where(OrgUnit.code.in_(codes - {""})))
    return {unit.code: local(unit, "name") for unit in found}
