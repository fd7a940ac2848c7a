"""What the live preview looks at: a cycle, some people, one person in detail."""

from __future__ import annotations

from typing import Any

from wtforms import Form as Rows
from wtforms import SelectField, StringField

from lms.web.text import lazy as _l


class PreviewForm(Rows):
    """The choices beside the scheme editor; they stand in the same form and are never stored."""

    preview_cycle = SelectField(_l("用哪个考核期的数据"), coerce=int, validate_choice=False, default=0)
    preview_words = StringField(_l("查找人员（姓名或工号）"))
    preview_person = SelectField(_l("看谁的明细"), validate_choice=False, default="")

    def offer(self, cycles: list[tuple[int, str]], people: list[tuple[str, str]]) -> None:
        """Fill the choices: cycles by id, people by number."""
        self.preview_cycle.choices = cycles
        self.preview_person.choices = people

    @property
    def cycle_id(self) -> int | None:
        """The cycle that was chosen, if any."""
        found: Any = self.preview_cycle.data
        return found or None
