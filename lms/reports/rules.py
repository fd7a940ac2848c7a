"""What a report decides for itself: how it groups its lines and whether a colour can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lms.reports.document import AppraisalReport, IndicatorLine, SectionResult

INK = "#1c2126"
_READABLE = 4.5  # contrast that WCAG asks of small text


@dataclass(frozen=True, slots=True)
class SectionBlock:
    """A section with its lines, in order. `result` is None for lines of a section without a result."""

    name: str
    result: SectionResult | None
    lines: tuple[IndicatorLine, ...]


def blocks(report: AppraisalReport) -> tuple[SectionBlock, ...]:
    """The sections in the report's order with the lines of each; lines of unknown sections come last."""
    results = {section.name: section for section in report.sections}
    names = list(dict.fromkeys([*results, *(line.section for line in report.lines)]))
    return tuple(
        SectionBlock(name, results.get(name), tuple(line for line in report.lines if line.section == name))
        for name in names
    )


def colour(written: str) -> str:
    """A colour "#rrggbb" in lower case. ValueError for anything else: it goes into a style sheet."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", written):
        raise ValueError(f"not a colour: {written!r}")
    return written.lower()


def text_colour(wanted: str) -> str:
    """The wanted colour if words in it can be read on white, else plain ink."""
    return wanted if contrast(wanted, "#ffffff") >= _READABLE else INK


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours as WCAG defines it, from 1 (none) to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(written: str) -> float:
    parts = (int(written[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def picture_type(content: bytes) -> str | None:
    """Media type of a PNG or JPEG file by its first bytes, None for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/jpeg" if content.startswith(b"\xff\xd8\xff") else None


CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Digits and capitals without those that are taken for one another; 32 of them, five bits each."""
CODE_LENGTH = 16


def written_code(letters: str) -> str:
    """A verification code in groups of four, as it is printed."""
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def typed_code(text: str) -> str:
    """A code as somebody typed it, brought to the printed form; anything else gives no known code."""
    letters = "".join(character for character in text.upper() if character in CODE_ALPHABET)
    return written_code(letters[: CODE_LENGTH + 1])


def document_number(year: int, serial: int) -> str:
    """The number of a document: 2026-000123."""
    return f"{year}-{serial:06d}"


def verification_address(base: str, code: str) -> str:
    """The page on which a document is verified; `base` is the address of the house."""
    return f"{base.rstrip('/')}/verify/{code}"


def file_name(*parts: str) -> str:
    """A name that every file system takes: parts joined by "_", without what a path may not hold."""
    return re.sub(r'[\x00-\x1f\\/:*?"<>|]+', "", "_".join(parts)).strip(". ") or "_"


def plain_cell(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
