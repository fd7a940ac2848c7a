"""The form of a scheme file that comes in."""

from __future__ import annotations

import base64
import zlib
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.validators import ValidationError

from lms.core.i18n import N_
from lms.web.forms import Form
from lms.web.text import lazy as _l
from lms.web.text import say


class SchemeFileForm(Form):
    """A scheme file: chosen at first, then carried along until it is kept."""

    file = FileField(_l("方案文件（Excel 工作簿或 YAML）"))
    packed = HiddenField()
    seen = HiddenField()
    org_unit_id = SelectField(_l("所属机构"), coerce=int, validate_choice=False)
    save = BooleanField(_l("保存为草稿"))

    def validate_file(self, field: Any) -> None:
        """Ask for a file where none is carried along."""
        if not field.data and not self.packed.data:
            raise ValidationError(say(N_("请选择文件。")))

    def content(self, largest: int) -> bytes:
        """Return the file; of one that is too large only as much as shows it."""
        if self.file.data:
            return bytes(self.file.data.read(largest + 1))
        return unpacked(self.packed.data or "", largest)


def packed(content: bytes) -> str:
    """Return a file as a field of a form can carry it: a form's texts may not be as long as a file."""
    return base64.b64encode(zlib.compress(content)).decode()


def unpacked(text: str, largest: int) -> bytes:
    """Return what `packed` gave, nothing where it was tampered with; never more than one byte too much."""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), largest + 1)
    except (ValueError, zlib.error):
        return b""
