"""Writing Word documents (.docx): headings, paragraphs, tables, and changes that Word can accept or reject.

The few parts of WordprocessingML that a document of rules needs are written here: no library writes tracked
changes, and what they write beside that is a template of two hundred styles.
"""

from __future__ import annotations

import html
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Literal

Mark = Literal["", "ins", "del"]
"""Whether a piece was inserted or deleted against the older document."""
Style = Literal["Normal", "Title", "Subtitle", "Heading1", "Heading2", "Quote", "ListParagraph"]
TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_WIDTH = 9354  # of A4 within its margins, in twentieths of a point
_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text of one look."""

    text: str
    bold: bool = False
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; its mark says that the paragraph itself came or went, not only words in it."""

    runs: tuple[Run, ...]
    style: Style = "Normal"
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; each cell is a paragraph's runs."""

    cells: tuple[tuple[Run, ...], ...]
    head: bool = False
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `widths` are shares of the page, one a column."""

    rows: tuple[Row, ...]
    widths: tuple[int, ...]
    mark: Mark = ""


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class About:
    """Of a document: its title, what stands at the head of each page, who changed it and when."""

    title: str
    head: str = ""
    author: str = ""
    at: datetime = field(default_factory=lambda: datetime(2000, 1, 1, tzinfo=UTC))
    language: str = "zh"


def marked(block: Block, mark: Mark) -> Block:
    """The block as inserted or deleted whole."""
    if isinstance(block, Paragraph):
        return replace(block, mark=mark, runs=_all(block.runs, mark))
    return replace(block, mark=mark, rows=tuple(marked_row(row, mark) for row in block.rows))


def marked_row(row: Row, mark: Mark) -> Row:
    """The row as inserted or deleted whole."""
    return replace(row, mark=mark, cells=tuple(_all(cell, mark) for cell in row.cells))


def _all(runs: Iterable[Run], mark: Mark) -> tuple[Run, ...]:
    return tuple(replace(run, mark=mark) for run in runs)


def write(blocks: Sequence[Block], about: About) -> bytes:
    """The document as a .docx; the same blocks give the same bytes."""
    writer = _Writer(about)
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _PACKAGE_LINKS,
        "docProps/core.xml": _core(about),
        "word/_rels/document.xml.rels": _DOCUMENT_LINKS,
        "word/document.xml": writer.document(blocks),
        "word/footer1.xml": _FOOTER,
        "word/header1.xml": _header(about),
        "word/settings.xml": _settings(tracked=writer.changes > 0),
        "word/styles.xml": _styles(about.language),
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, _HEAD + text)
    return target.getvalue()


class _Writer:
    """Turns blocks into the XML of the body; every change has a number of its own."""

    def __init__(self, about: About) -> None:
        self._about, self._numbers, self.changes = about, count(1), 0

    def document(self, blocks: Sequence[Block]) -> str:
        body = "".join(self._block(block) for block in blocks)
        return (
            f'<w:document xmlns:w="{_MAIN}" xmlns:r="{_RELATIONS}"><w:body>{body}'
            '<w:sectPr><w:headerReference w:type="default" r:id="rId3"/>'
            '<w:footerReference w:type="default" r:id="rId4"/><w:pgSz w:w="11906" w:h="16838"/>'
            '<w:pgMar w:top="1440" w:right="1276" w:bottom="1304" w:left="1276" w:header="720" '
            'w:footer="720" w:gutter="0"/></w:sectPr></w:body></w:document>'
        )

    def _block(self, block: Block) -> str:
        if isinstance(block, Paragraph):
            return self._paragraph(block.runs, block.style, block.mark)
        grid = [_WIDTH * share // sum(block.widths) for share in block.widths]
        columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in grid)
        rows = "".join(self._row(row, grid) for row in block.rows)
        table = (
            f'<w:tbl><w:tblPr><w:tblW w:w="{sum(grid)}" w:type="dxa"/>{_BORDERS}<w:tblLayout w:type="fixed"/>'
            f"</w:tblPr><w:tblGrid>{columns}</w:tblGrid>{rows}</w:tbl>"
        )
        # Without a paragraph between them, two tables are one.
        return table + self._paragraph((), "Normal", block.mark)

    def _row(self, row: Row, grid: Sequence[int]) -> str:
        mark = f"<w:{row.mark} {self._change()}/>" if row.mark else ""
        rules = f"<w:cantSplit/>{'<w:tblHeader/>' if row.head else ''}{mark}"
        cells = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{_SHADE if row.head else ""}</w:tcPr>'
            f"{self._paragraph(cell, 'Normal', row.mark, tight=True)}</w:tc>"
            for cell, width in zip(row.cells, grid, strict=True)
        )
        return f"<w:tr><w:trPr>{rules}</w:trPr>{cells}</w:tr>"

    def _paragraph(self, runs: Iterable[Run], style: Style, mark: Mark, *, tight: bool = False) -> str:
        rules = f'<w:pStyle w:val="{style}"/>' if style != "Normal" else ""
        rules += '<w:spacing w:before="40" w:after="40"/>' if tight else ""
        rules += f"<w:rPr><w:{mark} {self._change()}/></w:rPr>" if mark else ""
        said = "".join(self._run(run) for run in runs if run.text)
        return f"<w:p>{f'<w:pPr>{rules}</w:pPr>' if rules else ''}{said}</w:p>"

    def _run(self, run: Run) -> str:
        name = "delText" if run.mark == "del" else "t"
        pieces = (
            f'<w:{name} xml:space="preserve">{_safe(piece)}</w:{name}>' for piece in run.text.split("\n")
        )
        text = f"<w:r>{'<w:rPr><w:b/></w:rPr>' if run.bold else ''}{'<w:br/>'.join(pieces)}</w:r>"
        return f"<w:{run.mark} {self._change()}>{text}</w:{run.mark}>" if run.mark else text

    def _change(self) -> str:
        self.changes += 1
        at = self._about.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f'w:id="{next(self._numbers)}" w:author="{_safe(self._about.author)}" w:date="{at}"'


def _safe(text: str) -> str:
    """Text as XML can carry it: what it cannot, and half a character, is shown as missing."""
    return html.escape("".join(_character(one) for one in text))


def _character(one: str) -> str:
    plain = one >= " " or one == "\t"
    return one if plain and not "\ud800" <= one <= "\udfff" and one not in "\ufffe\uffff" else "\ufffd"


def _core(about: About) -> str:
    at = about.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{_safe(about.title)}</dc:title><dc:creator>{_safe(about.author)}</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{at}</dcterms:created></cp:coreProperties>'
    )


def _settings(*, tracked: bool) -> str:
    """In a document with changes, further ones are tracked as well."""
    return f'<w:settings xmlns:w="{_MAIN}">{"<w:trackRevisions/>" if tracked else ""}</w:settings>'


def _header(about: About) -> str:
    return (
        f'<w:hdr xmlns:w="{_MAIN}"><w:p><w:pPr><w:jc w:val="right"/></w:pPr><w:r><w:rPr>'
        '<w:color w:val="595959"/><w:sz w:val="18"/></w:rPr>'
        f'<w:t xml:space="preserve">{_safe(about.head)}</w:t></w:r></w:p></w:hdr>'
    )


_FOOTER = (
    f'<w:ftr xmlns:w="{_MAIN}"><w:p><w:pPr><w:jc w:val="center"/></w:pPr>'
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText>'
    '</w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:ftr>'
)
_SHADE = '<w:shd w:val="clear" w:color="auto" w:fill="E8EEF5"/>'
_SIDES = ("top", "left", "bottom", "right", "insideH", "insideV")
_BORDERS = (
    "<w:tblBorders>"
    + "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="A6A6A6"/>' for side in _SIDES)
    + "</w:tblBorders>"
)


def _styles(language: str) -> str:
    styles = "".join(_style(*one) for one in _STYLES)
    spoken = "en-US" if language == "en" else "zh-CN"
    return (
        f'<w:styles xmlns:w="{_MAIN}"><w:docDefaults><w:rPrDefault><w:rPr>{_fonts("SimSun")}'
        f'<w:sz w:val="21"/><w:szCs w:val="21"/><w:lang w:val="{spoken}" w:eastAsia="zh-CN"/></w:rPr>'
        '</w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:before="60" w:after="60" w:line="300" '
        'w:lineRule="auto"/></w:pPr></w:pPrDefault>'
        f"</w:docDefaults>{styles}</w:styles>"
    )


def _style(name: str, told: str, paragraph: str, run: str) -> str:
    """One style of paragraphs; all but the first are based on it."""
    first = name == "Normal"
    based = "" if first else '<w:basedOn w:val="Normal"/><w:next w:val="Normal"/>'
    default = ' w:default="1"' if first else ""
    return (
        f'<w:style w:type="paragraph"{default} w:styleId="{name}"><w:name w:val="{told}"/>{based}<w:qFormat/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def _fonts(hanzi: str) -> str:
    return f'<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="{hanzi}" w:cs="Calibri"/>'


def _heading(level: int, size: int, before: int) -> tuple[str, str, str, str]:
    keep = f'<w:keepNext/><w:keepLines/><w:spacing w:before="{before}" w:after="80"/>'
    run = f'{_fonts("SimHei")}<w:b/><w:color w:val="1F3864"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/>'
    return f"Heading{level}", f"heading {level}", f'{keep}<w:outlineLvl w:val="{level - 1}"/>', run


_STYLES = (
    ("Normal", "Normal", "", ""),
    (
        "Title",
        "Title",
        '<w:spacing w:before="240" w:after="120"/><w:jc w:val="center"/>',
        f'{_fonts("SimHei")}<w:b/><w:sz w:val="36"/><w:szCs w:val="36"/>',
    ),
    (
        "Subtitle",
        "Subtitle",
        '<w:spacing w:after="240"/><w:jc w:val="center"/>',
        '<w:color w:val="595959"/><w:sz w:val="24"/><w:szCs w:val="24"/>',
    ),
    _heading(1, 28, 320),
    _heading(2, 23, 200),
    (
        "Quote",
        "Quote",
        '<w:pBdr><w:left w:val="single" w:sz="18" w:space="8" w:color="8EA9DB"/></w:pBdr>'
        '<w:ind w:left="240"/>',
        '<w:color w:val="404040"/>',
    ),
    ("ListParagraph", "List Paragraph", '<w:ind w:left="420"/>', ""),
)
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_KINDS = {"document": "document.main", "styles": "styles", "settings": "settings"}
_KINDS |= {"header1": "header", "footer1": "footer"}
_CONTENT_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    + "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{_WORD}.{kind}+xml"/>'
        for name, kind in _KINDS.items()
    )
    + '<Override PartName="/docProps/core.xml" '
    'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
)


def _links(targets: Iterable[tuple[str, str]]) -> str:
    def each() -> Iterator[str]:
        for number, (kind, target) in enumerate(targets, start=1):
            yield f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'

    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(each())}</Relationships>'


_PACKAGE_LINKS = _links(
    [
        (f"{_RELATIONS}/officeDocument", "word/document.xml"),
        (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
    ]
)
_DOCUMENT_LINKS = _links(
    [
        (f"{_RELATIONS}/styles", "styles.xml"),
        (f"{_RELATIONS}/settings", "settings.xml"),
        (f"{_RELATIONS}/header", "header1.xml"),
        (f"{_RELATIONS}/footer", "footer1.xml"),
    ]
)
