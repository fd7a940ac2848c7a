"""Reading a Word document in tests: as it stands, with all changes accepted, or with all rejected."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
Read = list[tuple[str, ...]]


def body(content: bytes) -> Element:
    """The body of the document, after every part of the package has been read as XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        parts = {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}
    found = parts["word/document.xml"].find(f"{W}body")
    assert found is not None
    return found


def read(content: bytes, *, gone: str = "") -> Read:
    """Paragraphs as (style, text), rows as ("row", text, …); `gone`: what of "ins" or "del" is left out."""
    found: Read = []
    for element in body(content):
        if element.tag == f"{W}p" and not dropped(element, f"{W}pPr/{W}rPr", gone):
            style = element.find(f"{W}pPr/{W}pStyle")
            found.append((style.get(f"{W}val", "") if style is not None else "Normal", text(element, gone)))
        for row in element.iter(f"{W}tr") if element.tag == f"{W}tbl" else ():
            if not dropped(row, f"{W}trPr", gone):
                found.append(("row", *(text(cell, gone) for cell in row.iter(f"{W}tc"))))
    return found


def dropped(element: Element, at: str, gone: str) -> bool:
    return bool(gone) and element.find(f"{at}/{W}{gone}") is not None


def text(element: Element, gone: str) -> str:
    return "".join(pieces(element, gone))


def pieces(element: Element, gone: str) -> Iterator[str]:
    if element.tag == f"{W}{gone}":
        return
    if element.tag in (f"{W}t", f"{W}delText"):
        yield element.text or ""
    elif element.tag == f"{W}br":
        yield "\n"
    for inner in element:
        yield from pieces(inner, gone)


def changes(content: bytes, kind: str) -> list[str]:
    """The texts that were inserted or deleted."""
    return [found for one in body(content).iter(f"{W}{kind}") if (found := text(one, ""))]
