"""What people type into a grid: reading a cell, judging it, and telling what it changes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lms.core.i18n import N_
from lms.indicators.rules.checks import Spec
from lms.indicators.rules.kinds import Flag, IndicatorSet

LARGEST = Decimal(9_000_000_000_000)
PLACES = 6
LONGEST = 40
CHANGE_FLAGS = (Flag.CALCULATED, Flag.INFERRED)
_FIGURE = re.compile(r"^[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?$")

Key = tuple[str, int]
"""A cell: its subject (`e` or `u` and the id of the employee or unit), and the id of its indicator."""


@dataclass(frozen=True)
class Content:
    """What stands in a cell; a change value tells whether it is calculated or inferred."""

    value: Decimal | None = None
    flag: Flag | None = None


@dataclass(frozen=True)
class Present:
    """What counts for a cell now; `seen` is the id of the row that says so, 0 where nobody typed one."""

    content: Content = Content()
    seen: int = 0
    imported: bool = False


@dataclass(frozen=True)
class Change:
    """A cell that becomes another: `seen` is the row that its author took for the one that counts."""

    key: Key
    old: Content
    new: Content
    seen: int


Fault = tuple[str, dict[str, Any]]
"""What is wrong with a cell: a gettext id and its values."""


def amount(text: str) -> Decimal | None:
    """Return the figure that a person wrote; an empty text is none.

    Raises:
        ValueError: it is no figure.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("−", "-")
    if not plain:
        return None
    if len(plain) > LONGEST or not _FIGURE.match(plain) or not any(sign.isdigit() for sign in plain):
        raise ValueError(text)
    return Decimal(plain.replace(",", ""))


def written(value: Decimal | None) -> str:
    """Return a figure as `amount` reads it, without needless zeros."""
    if value is None:
        return ""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def fault_of(content: Content, spec: Spec) -> Fault | None:
    """Return what is wrong with a cell's content, by the limits of its indicator."""
    value = content.value
    if value is None:
        return None
    shown = written(value)
    if abs(value) >= LARGEST:
        return N_("数值 %(value)s 过大。"), {"value": shown}
    if value != round(value, PLACES):
        return N_("%(value)s 的小数位过多，最多 %(places)s 位。"), {"value": shown, "places": PLACES}
    if spec.whole and value != value.to_integral_value():
        return N_("%(value)s 不是整数，该指标只能是整数。"), {"value": shown}
    if spec.minimum is not None and value < spec.minimum:
        detail = {"value": shown, "detail": written(spec.minimum)}
        return N_("%(value)s 小于指标允许的最小值 %(detail)s。"), detail
    if spec.maximum is not None and value > spec.maximum:
        detail = {"value": shown, "detail": written(spec.maximum)}
        return N_("%(value)s 大于指标允许的最大值 %(detail)s。"), detail
    if spec.indicator_set is IndicatorSet.CHANGE and content.flag not in CHANGE_FLAGS:
        return N_("变动指标集的每个值须注明“计算”或“推算”。"), {}
    return None


def differences(present: Mapping[Key, Present], given: Mapping[Key, Content]) -> list[Change]:
    """Return what the given cells change; a cell that is not given stays as it is."""
    changes = []
    for key in sorted(given):
        now, new = present.get(key, Present()), settled(given[key])
        if new != settled(now.content):
            changes.append(Change(key, now.content, new, now.seen))
    return changes


def touched(given: Mapping[Key, Content], was: Mapping[Key, Content]) -> dict[Key, Content]:
    """Return the given cells without those that stand as they were when their author got them.

    What somebody else changed meanwhile is then not set back by a cell that nobody touched.
    """
    return {key: one for key, one in given.items() if key not in was or settled(one) != settled(was[key])}


def moved(changes: Iterable[Change], was: Mapping[Key, Content]) -> list[Key]:
    """Return the changed cells that somebody else changed, too, since their author got them."""
    return [one.key for one in changes if one.key in was and settled(was[one.key]) != settled(one.old)]


def stamp(contents: Mapping[str, Content]) -> str:
    """Return cells, by code of the indicator, as one text that `read_stamp` reads."""
    return " ".join(
        f"{code}={written(one.value)}{f',{one.flag}' if one.flag and one.value is not None else ''}"
        for code, one in contents.items()
    )


def read_stamp(text: str | None) -> dict[str, Content]:
    """Return the cells of a stamp; what cannot be read in it is left out."""
    found: dict[str, Content] = {}
    for part in (text or "").split():
        code, is_cell, told = part.partition("=")
        if not is_cell:
            continue
        value, _, flag = told.partition(",")
        try:
            found[code] = Content(amount(value), Flag(flag) if flag else None)
        except ValueError:
            continue
    return found


def applied(present: Mapping[Key, Present], changes: Iterable[Change]) -> dict[Key, Present]:
    """Return what counts after the changes."""
    after = dict(present)
    after.update({one.key: Present(one.new, one.seen) for one in changes})
    return after


def settled(content: Content) -> Content:
    """Return a content by its meaning: an empty cell has no flag."""
    return Content() if content.value is None else content
