"""Rule lint of a scheme with what the bank knows: its own rules, and the classes of its indicators."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from lms import scoring
from lms.indicators.services import lint_rules, traits
from lms.scoring.lint import findings
from lms.scoring.lint.frozen import Kept, frozen


def lint_of(session: Session, parsed: scoring.Scheme, day: date) -> list[Kept]:
    """Return what the rules in force on a day find in a scheme, warnings first, as it is shown and kept."""
    return [frozen(one) for one in findings(parsed, lint_rules(session, day), traits(session))]
