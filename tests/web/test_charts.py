"""Charts: right shapes, nothing clipped, nothing that a strict page refuses, whatever figures come in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from lms.web.charts import (
    PAGE,
    PRINT,
    Bar,
    Series,
    bars,
    bars_table,
    data_table,
    gauge,
    histogram,
    histogram_table,
    radar,
    trend,
)
from lms.web.charts.label import shorten, width_of, wrap
from lms.web.charts.scale import Scale, thinned, ticks

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "<script>alert('&')</script>\"\x00"
LONG = "小微企业贷款新增户数（含首贷户、信用贷款户以及无还本续贷户）"
LONG_EN = "New small-business borrowers including first-time and unsecured borrowers"
SEVEN = ["客户服务", "工作程序执行", "综合素质", "专业素质", "团队精神", "能力素质", "道德修养"]


def parsed(chart: Markup) -> ET.Element:
    return ET.fromstring(chart)  # noqa: S314 (our own output)


def words(chart: Markup) -> list[str]:
    return [element.text or "" for element in parsed(chart).iter(f"{SVG}text")]


def shapes(chart: Markup, name: str, class_: str) -> list[ET.Element]:
    return [element for element in parsed(chart).iter(SVG + name) if element.get("class") == class_]


def number(element: ET.Element, name: str) -> float:
    return float(element.attrib[name])


def coordinates(chart: Markup) -> Iterator[tuple[float, float]]:
    """Every point that a mark of the chart names."""
    for element in parsed(chart).iter():
        for x, y in (("x", "y"), ("cx", "cy"), ("x1", "y1"), ("x2", "y2")):
            if x in element.attrib and y in element.attrib:
                yield number(element, x), number(element, y)
        if "points" in element.attrib:
            for pair in element.attrib["points"].split():
                left, right = pair.split(",")
                yield float(left), float(right)


def stays_inside(chart: Markup) -> None:
    """Marks lie within the picture, and so does the estimated room of every text."""
    root = parsed(chart)
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    for x, y in coordinates(chart):
        assert math.isfinite(x)
        assert math.isfinite(y)
        assert -0.01 <= x <= width + 0.01
        assert -0.01 <= y <= height + 0.01
    for element in root.iter(f"{SVG}text"):
        room = width_of(element.text or "", number(element, "font-size"))
        x = number(element, "x")
        start = {"middle": x - room / 2, "end": x - room}.get(element.get("text-anchor", "start"), x)
        assert start >= -0.5, element.text
        assert start + room <= width + 0.5, element.text


EVERY: list[Callable[[str], Markup]] = [
    lambda word: radar([word] * 7, [Series(word, [1, 2, 3, 4, 5, 3, 2])], title=word, desc=word),
    lambda word: radar([word] * 5, [Series(word, [1] * 5), Series(word, [2] * 5)], title=word, desc=word),
    lambda word: radar([word] * 2, [Series(word, [1, None])], title=word, desc=word),
    lambda word: bars([Bar(word, 110, 100), Bar(word, -20, 100), Bar(word, None)], title=word, desc=word),
    lambda word: trend([word] * 9, [Series(word, range(9))], title=word, target=3, target_label=word),
    lambda word: trend([word] * 3, [Series(word, [1, 2, 3])] * 3, title=word, desc=word, width=400),
    lambda word: histogram([0, 1, 2], [3, 4], title=word, mark=2, mark_label=word),
    lambda word: gauge(50, title=word, desc=word, label=word),
    lambda word: radar([], [], title=word, empty=word),
    lambda word: bars([], title=word, empty=word),
    lambda word: trend([], [], title=word, empty=word),
    lambda word: histogram([], [], title=word, empty=word),
]


@pytest.mark.parametrize("draw", EVERY)
@pytest.mark.parametrize("word", [NASTY, LONG, LONG_EN, ""])
def test_words_are_escaped_and_stay_inside_whatever_they_are(
    draw: Callable[[str], Markup], word: str
) -> None:
    chart = draw(word)
    assert "<script" not in chart
    assert "\x00" not in chart
    assert parsed(chart).findtext(f"{SVG}title") == word.replace("\x00", "")
    stays_inside(chart)


@pytest.mark.parametrize("draw", EVERY)
def test_a_strict_page_takes_every_chart(draw: Callable[[str], Markup]) -> None:
    chart = draw("指标")
    root = parsed(chart)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}desc") is not None
    assert root.get("font-family") == PAGE.font
    for element in root.iter():
        assert "style" not in element.attrib
        assert element.tag not in {f"{SVG}style", f"{SVG}script", f"{SVG}image"}
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]


def test_radar_puts_each_level_on_its_spoke() -> None:
    chart = radar(SEVEN[:4], [Series("本人", [5, 4, Decimal("2.5"), 0])], title="t", top=5)
    (outline,) = shapes(chart, "polygon", "zx-series-1")
    up, right, down, left = (
        tuple(float(part) for part in pair.split(",")) for pair in outline.attrib["points"].split()
    )
    centre = (220.0, 172.0)
    assert up == (220.0, 60.0)
    assert right == pytest.approx((220 + 112 * 0.8, 172))
    assert down == pytest.approx((220, 172 + 112 * 0.5))
    assert left == centre


def test_radar_leaves_a_gap_where_a_level_is_missing() -> None:
    chart = radar(SEVEN, [Series("本人", [4, None, 3, 4, 5, 3, 5])], title="t")
    assert not shapes(chart, "polygon", "zx-series-1")
    assert len(shapes(chart, "line", "zx-series-1")) == 5
    assert len(shapes(chart, "circle", "zx-series-1")) == 6
    assert "—" in words(chart)


@pytest.mark.parametrize(("count", "sides"), [(1, 0), (2, 1)])
def test_radar_of_one_or_two_spokes_is_a_line(count: int, sides: int) -> None:
    chart = radar(SEVEN[:count], [Series("本人", [4] * count)], title="t")
    assert not shapes(chart, "polygon", "zx-grid")
    assert len(shapes(chart, "circle", "zx-grid")) == 5
    assert len(shapes(chart, "line", "zx-series-1")) == sides
    assert len(shapes(chart, "circle", "zx-series-1")) == count


def test_radar_keeps_levels_beyond_the_scale_at_its_edge_and_writes_them_as_they_are() -> None:
    chart = radar(SEVEN[:3], [Series("本人", [9, -4, 3])], title="t", top=5)
    dots = {(number(dot, "cx"), number(dot, "cy")) for dot in shapes(chart, "circle", "zx-series-1")}
    assert {(220.0, 60.0), (220.0, 172.0)} < dots
    assert {"9", "-4", "3"} <= set(words(chart))


def test_bars_start_at_zero_and_stop_at_the_cap() -> None:
    chart = bars([Bar("a", 50, 100), Bar("b", 100, 100), Bar("c", 400, 100)], title="t", cap=150)
    half, whole, capped = shapes(chart, "rect", "zx-series-1")
    assert number(whole, "width") == pytest.approx(2 * number(half, "width"), abs=0.02)
    assert number(capped, "width") == pytest.approx(1.5 * number(whole, "width"), abs=0.02)
    assert len(shapes(chart, "path", "zx-series-1")) == 1
    assert "400" in words(chart)
    (target,) = {number(mark, "x1") for mark in shapes(chart, "line", "zx-target")}
    assert target == pytest.approx(number(whole, "x") + number(whole, "width"), abs=0.02)


def test_a_negative_bar_goes_to_the_left_of_zero() -> None:
    chart = bars([Bar("a", -20), Bar("b", 20)], title="t")
    left, right = shapes(chart, "rect", "zx-series-1")
    assert number(left, "x") + number(left, "width") == pytest.approx(number(right, "x"))


def test_trend_breaks_where_a_period_is_missing() -> None:
    chart = trend(list("abcde"), [Series("s", [1, 2, None, 4, None])], title="t")
    (run,) = shapes(chart, "polyline", "zx-series-1")
    assert len(run.attrib["points"].split()) == 2
    assert len(shapes(chart, "circle", "zx-series-1")) == 3


def test_trend_rises_with_the_figures_and_is_level_when_they_are_equal() -> None:
    rising = [
        number(dot, "cy")
        for dot in shapes(trend(list("abc"), [Series("s", [1, 2, 3])], title="t"), "circle", "zx-series-1")
    ]
    assert rising == sorted(rising, reverse=True)
    level = trend(list("abc"), [Series("s", [80, 80, 80])], title="t")
    assert len({number(dot, "cy") for dot in shapes(level, "circle", "zx-series-1")}) == 1


def test_histogram_columns_are_as_high_as_their_counts() -> None:
    chart = histogram([0, 10, 20, 30], [2, 4, 0], title="t")
    heights = [number(column, "height") for column in shapes(chart, "rect", "zx-series-1")]
    assert heights[1] == pytest.approx(2 * heights[0])
    assert heights[2] == 0


@pytest.mark.parametrize(
    ("edges", "counts"), [([0, 1], [1, 2]), ([0, 0, 1], [1, 1]), ([2, 1, 0], [1, 1]), ([0, 1], [-1])]
)
def test_histogram_refuses_what_makes_no_sense(edges: list[int], counts: list[int]) -> None:
    with pytest.raises(ValueError, match=r"edges|count"):
        histogram(edges, counts, title="t")


def test_gauge_fills_half_the_circle_at_half_the_scale_and_no_more_than_all() -> None:
    def end(value: float) -> tuple[float, float]:
        (arc,) = shapes(gauge(value, title="t"), "path", "zx-series-1")
        x, y = re.findall(r"[-\d.]+", arc.attrib["d"])[-2:]
        return float(x), float(y)

    assert end(50) == (120.0, 26.0)
    assert end(100) == end(130) == (212.0, 118.0)
    assert not shapes(gauge(None, title="t"), "path", "zx-series-1")
    assert not shapes(gauge(-3, title="t"), "path", "zx-series-1")
    assert "130" in words(gauge(130, title="t"))
    with pytest.raises(ValueError, match="low < high"):
        gauge(1, title="t", low=1, high=1)


def test_a_series_of_another_length_is_refused() -> None:
    for draw in (radar, trend):
        with pytest.raises(ValueError, match="2 values for 3 labels"):
            draw(list("abc"), [Series("s", [1, 2])], title="t")
    with pytest.raises(ValueError, match="zip"):
        data_table("h", list("abc"), [Series("s", [1, 2])])


def test_the_table_says_what_the_chart_shows() -> None:
    table = data_table("期间", ["一季度", NASTY], [Series("得分", [Decimal("89.89"), None])])
    assert table.rows == (("一季度", "89.89"), (NASTY, "—"))
    html = table.html("综合得分")
    assert "<script" not in html
    assert '<th scope="row">一季度</th><td class="num" data-label="得分">89.89</td>' in html
    assert bars_table("指标", "完成", "目标", [Bar("a", 1, 2)]).rows == (("a", "1", "2"),)
    assert histogram_table("分段", "人数", [0, 10, 20], [3, 4]).rows == (("0 – 10", "3"), ("10 – 20", "4"))


def test_the_palette_carries_the_banks_colour_into_print() -> None:
    chart = gauge(50, title="t", palette=PRINT.led_by("#7a1f2b"))
    assert shapes(chart, "path", "zx-series-1")[0].get("stroke") == "#7a1f2b"
    assert parsed(chart).get("font-family") == PRINT.font


figures = st.one_of(st.none(), st.floats(-1e9, 1e9), st.decimals(-1000, 1000, places=2), st.just(math.nan))


@given(st.lists(figures, max_size=30), figures)
def test_no_figures_break_a_chart(values: list[float | None], target: float | None) -> None:
    labels = [f"{LONG}{position}" for position in range(len(values))]
    for chart in (
        radar(labels[:12], [Series("s", values[:12])], title="t"),
        trend(labels, [Series("s", values)], title="t", target=target),
        bars(
            [Bar(label, value, target) for label, value in zip(labels, values, strict=True)],
            title="t",
            cap=150,
        ),
        gauge(target, title="t"),
    ):
        stays_inside(chart)
        assert "nan" not in "".join(words(chart))


@given(st.text(max_size=60), st.floats(30, 300), st.integers(1, 3))
def test_wrapped_lines_fit_and_only_the_last_is_cut(text: str, width: float, lines: int) -> None:
    rows = wrap(text, width, 12, lines)
    assert len(rows) <= lines
    assert all(width_of(row, 12) <= width or len(row) <= 2 for row in rows)
    if not any(row.endswith("…") for row in rows):
        assert "".join(rows).replace(" ", "") == "".join(text.split())


def test_lines_break_at_words_and_not_before_closing_marks() -> None:
    assert wrap("Following procedures", 80, 12) == ["Following", "procedures"]
    assert wrap("新增户数，首贷", 48, 12) == ["新增户", "数，首贷"]
    assert shorten("工作程序执行情况", 60, 12) == "工作程序…"


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_ticks_enclose_the_figures_in_few_round_steps(low: float, high: float) -> None:
    marked = ticks(low, high)
    unseen = 1e-6 + 1e-9 * abs(high - low)  # less than a line is thick
    assert marked[0] <= min(low, high) + unseen
    assert marked[-1] >= max(low, high) - unseen
    assert 2 <= len(marked) <= 8


def test_a_scale_of_no_extent_has_one_place() -> None:
    assert Scale(5, 5, 10, 20).at(7) == 10
    assert thinned(0, 100, 10) == set()
    assert thinned(10, 40, 20) == {0, 9}
