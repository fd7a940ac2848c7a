"""Pictures that people bring: looked at, and written anew, before they are shown to anybody."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageFile, UnidentifiedImageError

from lms.core.errors import Refused
from lms.core.i18n import N_

LARGEST = 1024 * 1024
WIDEST = 4000
SHOWN = 600
FORMATS = ("PNG", "JPEG")


def as_png(content: bytes) -> bytes:
    """Return a PNG or JPEG picture as a PNG of at most 600 pixels a side.

    It is written anew, so nothing but the picture stays: no script after its end, no place or name.

    Raises:
        Refused: when it is too large, damaged, or not a picture of these kinds at all.
    """
    if len(content) > LARGEST:
        raise Refused(N_("图片不能超过 1 MB。"))
    try:
        with _whole_pictures_only(), Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if max(picture.size) > WIDEST:  # known from its head, before anything is unpacked
                raise Refused(N_("图片的宽和高不能超过 %(pixels)s 像素。"), pixels=WIDEST)
            shown = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise Refused(N_("这个文件不是完好的 PNG 或 JPEG 图片。")) from None
    shown.thumbnail((SHOWN, SHOWN))
    written = io.BytesIO()
    shown.save(written, "PNG")
    return written.getvalue()


@contextmanager
def _whole_pictures_only() -> Iterator[None]:
    """Let Pillow refuse a file that is cut off: WeasyPrint makes it lenient for the whole process."""
    lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient
