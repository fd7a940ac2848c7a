"""Figures, days and texts in the language of a report, whoever asks for it and in whatever request."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lms.core.catalogue import DIRECTORY, compile_stale
from lms.core.clock import SHANGHAI
from lms.reports.document import Language

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
ABSENT = "—"

_LOCALES = {Language.ZH: "zh_Hans_CN", Language.EN: "en_GB"}
_TAGS = {Language.ZH: "zh-CN", Language.EN: "en"}


class Words:
    """How one language writes what stands in a report. Figures are never rounded here."""

    def __init__(self, language: Language) -> None:
        self.tag = _TAGS[language]
        self._locale = Locale.parse(_LOCALES[language])

    def lang(self, text: str) -> Markup:
        """The attribute of an element whose text stays Chinese in an English report; else nothing."""
        foreign = self._locale.language != "zh" and any("\u4e00" <= sign <= "\u9fff" for sign in text)
        return Markup(' lang="zh-CN"') if foreign else Markup()

    def points(self, value: Decimal | None) -> str:
        """Points with two places, or more if they have more."""
        return self._decimal(value, "#,##0.00####")

    def figure(self, value: Decimal | float | None) -> str:
        """A figure without trailing zeros."""
        return self._decimal(value, "#,##0.######")

    def percent(self, value: Decimal | None) -> str:
        """A percentage given as such: 60 is 60%."""
        return ABSENT if value is None else self.figure(value) + "%"

    def signed(self, value: Decimal) -> str:
        """Points to be added (+) or taken (−)."""
        return self._decimal(value, "+#,##0.00####;−#,##0.00####")

    def day(self, value: date | None) -> str:
        """A day; 2026年10月8日 or 8 Oct 2026."""
        if value is None:
            return ABSENT
        length = "long" if self._locale.language == "zh" else "medium"
        return format_date(value, length, locale=self._locale)

    def moment(self, value: datetime) -> str:
        """A moment to the minute, as clocks in Shanghai show it."""
        local = value.astimezone(SHANGHAI)
        between = " " if self._locale.language == "zh" else ", "
        return f"{self.day(local.date())}{between}{format_datetime(local, 'HH:mm', locale=self._locale)}"

    def _decimal(self, value: Decimal | float | None, pattern: str) -> str:
        if value is None:
            return ABSENT
        return format_decimal(value, pattern, locale=self._locale).replace("-", "−")


@lru_cache(maxsize=len(Language))
def environment(language: Language) -> Environment:
    """The template environment of one language, with its texts and its Words as filters."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = Words(language)
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(
        points=words.points,
        figure=words.figure,
        percent=words.percent,
        signed=words.signed,
        day=words.day,
        moment=words.moment,
    )
    made.globals["words"] = words
    return made


@lru_cache(maxsize=len(Language))
def translations(language: Language) -> NullTranslations:
    """The texts of one language as they stand in its catalogue."""
    compile_stale()
    return Translations.load(DIRECTORY, [str(language)])
