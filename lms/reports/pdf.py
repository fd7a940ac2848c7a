"""From an AppraisalReport to a PDF file."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path

import segno
from markupsafe import Markup
from weasyprint import CSS, HTML
from weasyprint.text.ffi import harfbuzz_subset
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from lms.core.i18n import N_
from lms.reports import rules
from lms.reports.document import AppraisalReport, LineState
from lms.reports.words import Words, environment
from lms.web.charts import PRINT, Series, radar, trend

FONT = "Noto Sans CJK SC"
STYLES = Path(__file__).resolve().parents[2] / "static" / "print"


class Fetcher(URLFetcher):  # type: ignore[misc]
    """Fetches nothing but what the document carries within itself: no network, no file of this machine."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=["data"], allow_redirects=False)


def render_appraisal(report: AppraisalReport) -> bytes:
    """The PDF of one appraisal, in the report's language, A4.

    ValueError if the bank's colour is not "#rrggbb" or the verification address is too long for a QR code.
    """
    return write_pdf(appraisal_html(report), _colours(report))


def appraisal_html(report: AppraisalReport) -> str:
    """The page that `render_appraisal` prints."""
    made = environment(report.language)
    template = made.get_template("reports/appraisal.html")
    return template.render(
        report=report,
        blocks=rules.blocks(report),
        LineState=LineState,
        logo=_logo(report.bank.logo),
        qr=_qr(report.verification.url),
        charts=_Charts(report),
    )


def write_pdf(html: str, colours: str = "") -> bytes:
    """A PDF/UA-1 file of a page in the house's print style; `colours` is a further style sheet."""
    fonts = _fonts()
    sheets = [_style("appraisal.css")]
    if colours:
        sheets.append(CSS(string=colours, font_config=fonts, url_fetcher=Fetcher()))
    page = HTML(string=html, base_url=None, url_fetcher=Fetcher())
    written: bytes = page.write_pdf(stylesheets=sheets, font_config=fonts, pdf_variant="pdf/ua-1")
    return written


def render_check() -> tuple[str, ...]:
    """What this machine lacks for good PDFs, as message ids; empty when nothing is missing."""
    problems = []
    if not harfbuzz_subset:
        problems.append(N_("缺少系统库 libharfbuzz-subset：生成 PDF 会慢数倍，请安装 libharfbuzz-subset0。"))
    if not _font_is_there(FONT):
        problems.append(N_("缺少中文字体 Noto Sans CJK SC：PDF 中的汉字可能缺失，请安装 fonts-noto-cjk。"))
    return tuple(problems)


class _Charts:
    """The charts of a report, drawn when the template asks for them with its words."""

    def __init__(self, report: AppraisalReport) -> None:
        self._report = report
        self._palette = PRINT.led_by(rules.text_colour(rules.colour(report.bank.colour)))
        self._words = Words(report.language)

    def levels(self, title: str, desc: str) -> Markup:
        """The comprehensive indicators as a radar."""
        rows = self._report.comprehensive
        own = Series(self._report.subject.name, [row.level for row in rows])
        labels = [row.name for row in rows]
        return radar(labels, [own], title=title, desc=desc, palette=self._palette, show=self._words.figure)

    def totals(self, title: str, desc: str) -> Markup:
        """The composite over the periods."""
        rows = self._report.trend
        own = Series(title, [row.total for row in rows])
        labels = [row.period for row in rows]
        return trend(
            labels,
            [own],
            title=title,
            desc=desc,
            width=400,
            height=230,
            palette=self._palette,
            show=self._words.figure,
        )


def _logo(content: bytes | None) -> str | None:
    """The logo as a data address; None if there is none or it is no picture that can be printed."""
    if content is None or (kind := rules.picture_type(content)) is None:
        return None
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _qr(address: str) -> Markup:
    written = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(
        written, kind="svg", border=0, scale=3, xmldecl=False, svgclass=None, lineclass=None, omitsize=True
    )
    return Markup(written.getvalue().decode())  # noqa: S704 (segno writes paths only, none of the address)


def _colours(report: AppraisalReport) -> str:
    accent = rules.colour(report.bank.colour)
    return f":root {{ --accent: {accent}; --accent-ink: {rules.text_colour(accent)}; }}"


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=8)
def _style(name: str) -> CSS:
    sheet = (STYLES / name).read_text("utf-8")
    return CSS(string=sheet, font_config=_fonts(), url_fetcher=Fetcher())


def _font_is_there(family: str) -> bool:
    """Whether a hanzi is really printed in this font: asking the machine for its name is not enough."""
    page = HTML(string="<p lang='zh-CN'>汉</p>", url_fetcher=Fetcher())
    style = CSS(string=f"p {{ font-family: '{family}' }}", url_fetcher=Fetcher())
    written: bytes = page.write_pdf(stylesheets=[style], uncompressed_pdf=True)
    return family.replace(" ", "-").encode() in written
