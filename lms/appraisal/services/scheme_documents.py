"""A version as a Word document of its rules, alone or with what changed against another version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lms import scoring
from lms.appraisal.evidence import known_measures
from lms.appraisal.models import SchemeVersion
from lms.appraisal.rules.redline import redline
from lms.appraisal.rules.ruletext import Issue, Part, rule_document
from lms.appraisal.rules.ruletext_words import WORDS
from lms.core import clock, wordfile
from lms.core.i18n import pick
from lms.core.profile import bank_profile


@dataclass(frozen=True, slots=True)
class Told:
    """A scheme ready to be told: what it says, what is known of it, and when it was written."""

    scheme: scoring.Scheme
    issue: Issue
    at: datetime


def of_version(session: Session, version: SchemeVersion, language: str) -> Told:
    """Return a stored version with its state, its unit and the names of its measures."""
    profile, place = bank_profile(session), 1 if language == "en" else 0
    issue = Issue(
        bank=pick(profile, "name", language) if profile else "",
        unit=pick(version.scheme.org_unit, "name", language),
        number=version.number,
        state=version.state.value,
        since=clock.local_day(version.activated_at).isoformat() if version.activated_at else "",
        measures={code: names[place] for code, names in known_measures(session).items()},
    )
    return Told(scoring.parse(version.document), issue, version.changed_at)


def document(told: Told, language: str, author: str) -> bytes:
    """Return the document of rules (.docx) in "zh" or "en"."""
    return _written([part.block for part in _parts(told, language)], told, language, author)


def against(old: Told, new: Told, language: str, author: str) -> bytes:
    """Return the document of the new one with every change against the old one tracked.

    Accepting all of them in Word gives `document` of the new one, rejecting all that of the old one.
    """
    before, after = (_parts(told, language) for told in (old, new))
    return _written(redline(before, after), new, language, author)


def _parts(told: Told, language: str) -> Sequence[Part]:
    return rule_document(told.scheme, told.issue, language)


def _written(blocks: Sequence[wordfile.Block], told: Told, language: str, author: str) -> bytes:
    name, number = pick(told.scheme, "name", language), told.issue.number
    head = name if number is None else f"{name} · {WORDS[language]['version'].format(n=number)}"
    return wordfile.write(
        blocks, wordfile.About(title=name, head=head, author=author, at=told.at, language=language)
    )
