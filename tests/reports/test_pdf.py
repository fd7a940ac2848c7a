"""The printed appraisal: complete, in both languages, every glyph there, and nothing fetched for it."""

from __future__ import annotations

import base64
import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest

from lms.reports import pdf
from lms.reports.document import AppraisalReport, Bank, Comment, IndicatorLine, Language, LineState
from lms.reports.rules import INK, blocks, contrast, text_colour
from lms.reports.words import Words
from tests.reports.sample import gated, picture, report

D = Decimal


@pytest.fixture(scope="module")
def printed() -> dict[Language, bytes]:
    return {language: pdf.render_appraisal(report(language)) for language in Language}


@contextmanager
def opened(content: bytes) -> Iterator[pdfium.PdfDocument]:
    document = pdfium.PdfDocument(content)
    try:
        yield document
    finally:
        document.close()


def texts(content: bytes) -> list[str]:
    """The words of each page without any space: lines break where they like."""
    with opened(content) as document:
        return [squeezed(page.get_textpage().get_text_bounded()) for page in document]


def squeezed(words: str) -> str:
    return "".join(words.split()).replace("\ufffe", "-")


def fonts(content: bytes) -> dict[str, bool]:
    """Every font that a text of the document uses, and whether it is embedded."""
    found = {}
    with opened(content) as document:
        for page in document:
            for thing in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
                font = raw.FPDFTextObj_GetFont(thing)
                name = ctypes.create_string_buffer(200)
                raw.FPDFFont_GetBaseFontName(font, name, 200)
                found[name.value.decode()] = bool(raw.FPDFFont_GetIsEmbedded(font))
    return found


def pictures(content: bytes) -> int:
    with opened(content) as document:
        return sum(len(list(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))) for page in document)


def glyph(content: bytes, char: str) -> bytes:
    """How the first occurrence of a character looks, drawn from the fonts within the file."""
    with opened(content) as document:
        page = document[0]
        text = page.get_textpage()
        first = int.from_bytes(char.encode("utf-16-le")[:2], "little")  # PDFium counts in halves of pairs
        at = next(at for at in range(text.count_chars()) if raw.FPDFText_GetUnicode(text, at) == first)
        left, bottom, right, top = text.get_charbox(at, loose=True)
        _, height = page.get_size()
        scale = 8
        image = page.render(scale=scale, grayscale=True).to_numpy()
        box = image[
            int((height - top) * scale) : int((height - bottom) * scale),
            int(left * scale) : int(right * scale),
        ]
        assert box.min() < 100, f"{char} left no ink"
        return (box < 128).tobytes()


def test_it_has_two_or_three_pages_each_numbered(printed: dict[Language, bytes]) -> None:
    for language, pattern in ((Language.ZH, "第 {} 页 / 共 {} 页"), (Language.EN, "Page {} of {}")):
        pages = texts(printed[language])
        assert 2 <= len(pages) <= 3
        for number, words in enumerate(pages, 1):
            assert squeezed(pattern.format(number, len(pages))) in words


def test_the_chinese_report_says_everything(printed: dict[Language, bytes]) -> None:
    sample, words = report(), "".join(texts(printed[Language.ZH]))
    for wanted in (
        "示例银行股份有限公司", "个人考核报告", "欧阳龘䶮", "ZX0012345", "对公客户经理", "三级客户经理",
        "滨海分行高新技术产业开发区科技支行", "2026年第三季度（2026Q3-RM）", "91.83", "良好",
        "第 17 名 / 共 86 人", "57.20", "21.43", "13.20", "1,002.35", "117.92%", "不计入", "缺数计零",
        "推算", "−0.3", "封顶 110 分", "道德修养", "92%", "未通过", "2026年8月27日",
        "4.5 / 5", "合规告知", "86.75", "司马青禾（主管）",
        "已制定走访计划", "员工", "主管", "人力资源", "第 4 版",
        sample.scheme.sha256, sample.verification.url,
        "8F3K-27QD", "ZX-2026Q3-000123", "2026年10月12日 09:30",
    ):  # fmt: skip
        assert squeezed(wanted) in words, wanted


def test_the_english_report_is_english_throughout(printed: dict[Language, bytes]) -> None:
    words = "".join(texts(printed[Language.EN]))
    for wanted in (
        "Individual Appraisal Report", "Example Bank Co., Ltd.", "Third quarter of 2026 (2026Q3-RM)", "91.83",
        "17 of 86", "Target", "Actual", "Not counted", "Counted as zero", "Training results", "18 Jul 2026",
        "Role-play rating", "Signatures", "Human resources", "version 4", "12 Oct 2026, 09:30",
    ):  # fmt: skip
        assert squeezed(wanted) in words, wanted
    chinese = {char for char in words if "\u4e00" <= char <= "\u9fff"}
    assert chinese <= set("欧阳龘䶮")


def test_fonts_are_the_houses_and_within_the_file(printed: dict[Language, bytes]) -> None:
    for content in printed.values():
        found = fonts(content)
        assert found
        assert all(found.values())
        assert all("Noto-Sans-CJK-SC" in name or "NotoSansCJK" in name for name in found)


def test_rare_characters_of_names_keep_their_glyphs() -> None:
    rare, nowhere = "龘䶮𬍡", "\U0010fffd"
    content = pdf.render_appraisal(report(name=rare + nowhere))
    missing = glyph(content, nowhere)
    seen = [glyph(content, char) for char in rare]
    assert missing not in seen
    assert len(set(seen)) == len(rare)


def test_metadata_names_person_and_period(printed: dict[Language, bytes]) -> None:
    with opened(printed[Language.ZH]) as document:
        assert document.get_metadata_value("Title") == "个人考核报告 · 欧阳龘䶮 · 2026年第三季度"
        assert document.get_metadata_value("Author") == "示例银行股份有限公司"
    for language, tag in ((Language.ZH, "zh-CN"), (Language.EN, "en")):
        with opened(printed[language]) as document:
            written = (ctypes.c_ushort * 20)()
            size = raw.FPDFCatalog_GetLanguage(document, written, 40)
            assert bytes(written)[: size - 2].decode("utf-16-le") == tag
            assert raw.FPDFCatalog_IsTagged(document)


def test_gates_adjustments_and_what_is_missing_are_printed_with_their_reasons() -> None:
    words = "".join(texts(pdf.render_appraisal(replace(report(), **gated()))))
    for wanted in (
        "合规否决",
        "等次最高为 C",
        "一次经确认的违规销售",
        "−0.50",
        "剔除重复计入的一笔存款",
        "东方知远",
    ):
        assert squeezed(wanted) in words, wanted
    pending = replace(report(), composite=None, grade=None, rank=None, incomplete="缺少：客户服务评级")
    words = "".join(texts(pdf.render_appraisal(pending)))
    assert "本次考核尚未完成" in words
    assert "缺少：客户服务评级" in words
    assert "综合得分待补数据" in words
    assert "91.83" in words, "the trend still shows its own figure"


def test_an_appraisal_with_nothing_in_it_still_prints() -> None:
    empty = replace(
        report(), composite=None, grade=None, rank=None, sections=(), lines=(), comprehensive=(), training=(),
        rubrics=(), trend=(), comments=(), bank=Bank("示例银行"),
    )  # fmt: skip
    (words,) = texts(pdf.render_appraisal(empty))
    assert "签字确认" in words
    assert "培训结果" not in words


def test_periods_without_any_composite_leave_no_empty_chart() -> None:
    drawn = appraisal_text(replace(report(), trend=report().trend[:2]))
    assert "历期综合得分" in drawn
    waiting = replace(report(), trend=tuple(replace(point, total=None) for point in report().trend))
    assert "历期综合得分" not in appraisal_text(waiting)


def appraisal_text(made: AppraisalReport) -> str:
    return "".join(texts(pdf.render_appraisal(made)))


def test_a_long_table_repeats_its_header_on_each_page() -> None:
    line = IndicatorLine("业绩", "指标", D(1), D(1), "户", "100%", D(100), D(1), D(1))
    many = replace(report(), lines=tuple(replace(line, name=f"指标{number:03}") for number in range(120)))
    pages = texts(pdf.render_appraisal(many))
    with_lines = [words for words in pages if "指标0" in words or "指标1" in words]
    assert len(with_lines) >= 3
    assert all("目标值" in words for words in with_lines)
    assert all(f"指标{number:03}" in "".join(pages) for number in range(120))


class Counting(BaseHTTPRequestHandler):
    """Answers every request with a picture and remembers that it came."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(picture())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    Counting.asked.clear()
    with HTTPServer(("127.0.0.1", 0), Counting) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/a.png"
        serving.shutdown()


def test_nothing_is_fetched_from_network_or_disk(server: str, tmp_path: Path) -> None:
    local = tmp_path / "a.png"
    local.write_bytes(picture())
    inside = "data:image/png;base64," + base64.b64encode(picture()).decode()

    def page(address: str) -> str:
        return (
            f"<html lang=en><title>t</title><link rel=stylesheet href='{address}'>"
            f"<link rel=attachment href='{address}'><p>x<img src='{address}' alt=x></p></html>"
        )

    for address in (server, local.as_uri(), server.upper().replace("HTTP", "HtTp")):
        assert pictures(pdf.write_pdf(page(address))) == 0
        with pytest.raises(ValueError, match="disallowed protocol"):
            pdf.Fetcher().fetch(address)
    assert pictures(pdf.write_pdf(page(inside))) == 1, "the test would see a picture if there were one"
    assert Counting.asked == []


def test_markup_in_data_is_printed_as_it_was_written(server: str) -> None:
    text = f"<img src='{server}'> & <b>"
    comment = Comment(text, report().comments[0].on, text)
    content = pdf.render_appraisal(replace(report(), comments=(comment,), period=text))
    assert squeezed(text) in "".join(texts(content))
    assert Counting.asked == []


def test_the_logo_is_printed_and_what_is_no_picture_is_left_out(printed: dict[Language, bytes]) -> None:
    assert pictures(printed[Language.ZH]) == 1
    odd = replace(report(), bank=Bank("示例银行", b"<svg onload='x'/>"))
    assert pictures(pdf.render_appraisal(odd)) == 0


@pytest.mark.parametrize("colour", ["red", "#12345", "#1f3a5f; } @import url(http://x)", ""])
def test_a_colour_that_is_none_is_refused(colour: str) -> None:
    with pytest.raises(ValueError, match="not a colour"):
        pdf.render_appraisal(replace(report(), bank=Bank("示例银行", colour=colour)))


def test_words_are_never_printed_in_a_colour_too_pale_to_read() -> None:
    assert text_colour("#1f3a5f") == "#1f3a5f"
    assert text_colour("#ffd700") == INK
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_lines_of_a_section_without_result_are_not_lost() -> None:
    stray = replace(report().lines[0], section="附加", name="额外")
    found = blocks(replace(report(), lines=(stray, *report().lines)))
    assert [block.name for block in found] == ["业绩", "综合", "培训", "附加"]
    assert found[-1].result is None
    assert found[-1].lines == (stray,)
    assert sum(len(block.lines) for block in found) == len(report().lines) + 1


def test_figures_are_written_whole_and_never_rounded() -> None:
    words = Words(Language.ZH)
    assert words.points(D("89.885")) == "89.885"
    assert words.points(D("110")) == "110.00"
    assert words.figure(D("1002.350000")) == "1,002.35"
    assert words.figure(D("-0.3")) == "−0.3"
    assert words.percent(D("14.2857")) == "14.2857%"
    assert words.signed(D("0.5")) == "+0.50"
    assert words.signed(D("-0.5")) == "−0.50"
    assert words.points(None) == words.percent(None) == words.day(None) == "—"


STATE_WORDS = {
    LineState.MISSING: "待补数据",
    LineState.EXCLUDED: "不计入",
    LineState.MOVED: "权重移出",
    LineState.ZERO: "缺数计零",
    LineState.FULL: "缺数计满分",
    LineState.PEER_MEAN: "缺数按平均",
    LineState.PREVIOUS: "缺数按上期",
}


def test_every_state_of_a_line_is_told_in_words() -> None:
    line = replace(report().lines[0], points=None, contribution=None)
    told = tuple(replace(line, state=state) for state in STATE_WORDS)
    printed = "".join(texts(pdf.render_appraisal(replace(report(), lines=told))))
    assert [words for words in STATE_WORDS.values() if words not in printed] == []
    assert set(STATE_WORDS) == set(LineState) - {LineState.OK}


def test_the_check_names_what_the_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pdf.render_check() == ()
    monkeypatch.setattr(pdf, "harfbuzz_subset", None)
    monkeypatch.setattr(pdf, "FONT", "No Such Font")
    library, font = pdf.render_check()
    assert "libharfbuzz-subset0" in library
    assert "fonts-noto-cjk" in font
