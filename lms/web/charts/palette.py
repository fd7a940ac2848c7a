"""Colours and font of a chart, written as presentation attributes so that page and PDF look alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

_PAGE_FONT = (
    "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as "#rrggbb". `series` are told apart in this order; `soft` fills areas under the first."""

    font: str
    ink: str
    muted: str
    grid: str
    track: str
    target: str
    series: tuple[str, ...]

    def of_series(self, position: int) -> str:
        """The colour of the series at this position; they repeat after the last."""
        return self.series[position % len(self.series)]

    def led_by(self, colour: str) -> Palette:
        """The same palette with the bank's own colour for the first series."""
        return replace(self, series=(colour, *self.series[1:]))


PAGE = Palette(
    font=_PAGE_FONT,
    ink="#1f2933",
    muted="#52606d",
    grid="#d5dbe1",
    track="#e9edf1",
    target="#b4530a",
    series=("#1f5fa8", "#8a6d1f", "#2f7d5b"),
)

PRINT = Palette(
    font="'Noto Sans CJK SC', sans-serif",
    ink="#1c2126",
    muted="#5a6470",
    grid="#d3d8de",
    track="#e8ebef",
    target="#a8551b",
    series=("#1f3a5f", "#9a7b2f", "#4b7a63"),
)
