"""The bank's own face: name, colour and logo on pages and in documents."""

from __future__ import annotations

import re

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from lms.core.audit import Acting, record
from lms.core.db import Model
from lms.core.errors import Refused
from lms.core.files import StoredFile
from lms.core.i18n import N_

DEFAULT_COLOUR = "#0b4f8a"
LEAST_CONTRAST = 4.5
"""What WCAG 2 asks of text of ordinary size."""


class BankProfile(Model):
    """One row: who installed this."""

    __tablename__ = "bank_profile"

    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str | None] = mapped_column(String(120))
    colour: Mapped[str] = mapped_column(String(7), default=DEFAULT_COLOUR)
    logo_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))

    logo: Mapped[StoredFile | None] = relationship()


def bank_profile(session: Session) -> BankProfile | None:
    """Return the bank's profile, or None before the first set-up."""
    return session.scalar(select(BankProfile).limit(1))


def set_profile(
    session: Session,
    actor: Acting,
    *,
    name_zh: str,
    name_en: str | None,
    colour: str,
    logo: StoredFile | None = None,
) -> BankProfile:
    """Set name, colour (`#rrggbb`, dark enough to carry white text) and logo.

    Raises:
        Refused: when the colour is not readable under white text.
    """
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise Refused(N_("颜色请写成 #rrggbb 的形式。"))
    if contrast_with_white(colour) < LEAST_CONTRAST:
        raise Refused(N_("这个颜色太浅，白色文字看不清，请选择更深的颜色。"))
    profile = bank_profile(session) or BankProfile(name_zh=name_zh)
    profile.name_zh, profile.name_en, profile.colour = name_zh, name_en, colour.lower()
    if logo is not None:
        profile.logo = logo
    session.add(profile)
    session.flush()
    record(session, actor, "core:profile:set", f"bank_profile:{profile.id}", name=name_zh, colour=colour)
    return profile


def contrast_with_white(colour: str) -> float:
    """Return the WCAG 2 contrast ratio of white on a `#rrggbb` colour."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)
