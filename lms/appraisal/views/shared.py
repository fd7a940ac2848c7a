"""What the pages of appraisal share: how a refusal is told, names of measures, units to choose from."""

from __future__ import annotations

from lms.access.actions import Action
from lms.appraisal import services
from lms.appraisal.rules.groupings import GROUPINGS
from lms.appraisal.services import cycles as cycle_services
from lms.core.db import db
from lms.core.errors import Refused
from lms.people.models import OrgUnit
from lms.web.load import reachable
from lms.web.text import local, page_language, say


def refusal(error: Refused) -> str:
    """Take back what was begun and return why, for a page that keeps what was typed."""
    db.session.rollback()
    return say(error.message, error.params)


def measure_names() -> dict[str, str]:
    """Return every measure a scheme may ask for, with its name in the page's language."""
    place = 0 if page_language() == "zh" else 1
    return {code: names[place] for code, names in services.known_measures(db.session()).items()}


def names() -> dict[str, str]:
    """Return measures and groupings of peers by their codes, in the page's language."""
    return measure_names() | {code: say(name) for code, name in GROUPINGS.items()}


def units(action: Action) -> list[tuple[int, str]]:
    """Return the units that the current person reaches for an action, as choices."""
    found = db.session().scalars(reachable(cycle_services.units(), OrgUnit, action))
    return [(unit.id, local(unit, "name")) for unit in found]
