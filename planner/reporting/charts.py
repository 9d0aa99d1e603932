"""Charts as inline SVG: rates with intervals, bars, curves.

Colors are CSS classes of the page (page.css), so that charts follow its light and dark scheme; besides its color, each
series has its own shape or position. Each mark has a title with its values in words. A chart is drawn at the width of a
phone and scales with the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from planner.evaluation.statistics import Rate
from planner.reporting.table import escaped

WIDTH = 360
LEFT_MARGIN, RIGHT_MARGIN, TOP_MARGIN, BOTTOM_MARGIN = 40, 18, 8, 34  # margins around the plot area
PLOT_HEIGHT = 190  # of the plot area
BAR_HEIGHT, BAR_GAP, HEADING_HEIGHT = 16, 4, 17  # of horizontal bars
LEGEND_HEIGHT = 17  # of one line
NUMBER_WIDTH = 62  # of the number at a bar's end
LETTER_WIDTH = 6.2  # approximate width of a letter
MODE_COLORS = (0, 1)  # the page has colors 0 to 5
CYCLE_COLORS = (2, 3, 4, 5, 0, 1)
CHANGE_COLORS = (5, 2)  # before and after


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: a rate with its interval, or a count."""

    group: str
    series: str
    value: Rate | int

    @property
    def length(self) -> float:
        """The bar's length: the rate or the count."""
        return float(self.value) if isinstance(self.value, int) else self.value.value if self.value.total else 0.0


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A rate at a position along the x axis; hollow if the weights were rejected."""

    place: str
    series: str
    rate: Rate
    hollow: bool = False


def bars(title: str, items: Sequence[Bar], *, colors: Sequence[int] = MODE_COLORS) -> str:
    """Draw horizontal bars in groups, with the intervals of rates.

    Args:
        title: Text for screen readers.
        items: The bars; those of a group are drawn together, in order.
        colors: Colors of the series, in order of appearance.
    """
    names = dict(zip(dict.fromkeys(bar.series for bar in items), colors, strict=False))
    counts = any(isinstance(bar.value, int) for bar in items)
    max_length = (max((bar.length for bar in items), default=1.0) or 1.0) if counts else 1.0
    parts, y = list[str](), 0.0
    for group in dict.fromkeys(bar.group for bar in items):
        parts.append(_text(2, y + 12, _truncate(group, WIDTH), "label"))
        y += HEADING_HEIGHT
        for bar in (b for b in items if b.group == group):
            parts.append(_bar(bar, y, max_length, names[bar.series]))
            y += BAR_HEIGHT + BAR_GAP
        y += 8
    return _svg(title, names, y, parts)


def _bar(bar: Bar, y: float, max_length: float, color: int) -> str:
    width = WIDTH - NUMBER_WIDTH - 4
    length = round(2 + width * bar.length / max_length, 1)
    description = f"{bar.group}, {bar.series}: {_rate_text(bar.value)}"
    parts = [f'<rect class="bar fill s{color}" x="2" y="{y:g}" width="{length - 2:.1f}" height="{BAR_HEIGHT}" rx="2"/>']
    label_x = length
    if isinstance(bar.value, Rate):
        low, high = (round(2 + width * bound, 1) for bound in bar.value.interval)
        middle, label_x = y + BAR_HEIGHT / 2, max(length, high)
        whisker = f"M{low} {middle - 3:g}v6M{low} {middle:g}H{high}M{high} {middle - 3:g}v6"
        parts.append(f'<path class="whisker" d="{whisker}"/>')
    label = str(bar.value) if isinstance(bar.value, int) else f"{100 * bar.length:.1f} %" if bar.value.total else "–"
    parts.append(_text(label_x + 5, y + BAR_HEIGHT - 4, label, "number"))
    return f'<g class="mark"><title>{escaped(description)}</title>{"".join(parts)}</g>'


def _rate_text(value: Rate | int) -> str:
    return str(value) if isinstance(value, int) else f"{value} ({value.hits} of {value.total})"


def dots(title: str, items: Sequence[Dot], *, axis: str) -> str:
    """Draw rates along the x axis with their intervals, one line for each series.

    Args:
        title: Text for screen readers.
        items: The dots of each series, in order along the x axis. The line skips hollow dots.
        axis: Label of the x axis.
    """
    names = dict(zip(dict.fromkeys(dot.series for dot in items), MODE_COLORS, strict=True))
    places = list(dict.fromkeys(dot.place for dot in items))
    width = WIDTH - LEFT_MARGIN - RIGHT_MARGIN
    parts = [*_percents(), _text(LEFT_MARGIN + width / 2, TOP_MARGIN + PLOT_HEIGHT + 31, axis, "tick", "middle")]
    every = math.ceil(len(places) / 12)
    step = width / len(places) if places else width
    for k, place in enumerate(places):
        if k % every == 0:
            parts.append(_text(LEFT_MARGIN + step * (k + 0.5), TOP_MARGIN + PLOT_HEIGHT + 15, place, "tick", "middle"))
    for number, (name, color) in enumerate(names.items()):
        members = [dot for dot in items if dot.series == name]
        offset = min(7.0, step / 4) * (number - (len(names) - 1) / 2)
        positions = {
            id(dot): (LEFT_MARGIN + step * (places.index(dot.place) + 0.5) + offset, _y(dot.rate.value))
            for dot in members
        }
        line = " ".join(f"{positions[id(d)][0]:.1f},{positions[id(d)][1]:.1f}" for d in members if not d.hollow)
        parts.append(f'<polyline class="line s{color}" points="{line}"/>')
        parts += [_dot(dot, *positions[id(dot)], color) for dot in members]
    return _svg(title, names, TOP_MARGIN + PLOT_HEIGHT + BOTTOM_MARGIN + 2, parts)


def _dot(dot: Dot, x: float, y: float, color: int) -> str:
    low, high = (_y(bound) for bound in dot.rate.interval)
    description = f"{dot.place}, {dot.series}: {_rate_text(dot.rate)}" + (", refused" if dot.hollow else "")
    css = f"s{color} {'hollow' if dot.hollow else 'fill'}"
    shape = (
        f'<rect class="{css}" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>'
        if color % 2
        else f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    )
    whisker = f'<path class="thin s{color}" d="M{x:.1f} {low:.1f}V{high:.1f}"/>'
    return f'<g class="mark"><title>{escaped(description)}</title>{whisker}{shape}</g>'


def curves(title: str, series: Mapping[str, Sequence[tuple[float, float]]], *, axis: str) -> str:
    """Draw curves over a common x axis; the y axis begins at 0.

    Args:
        title: Text for screen readers.
        series: Points (x, y) of each series.
        axis: Label of the x axis.
    """
    points = [point for curve in series.values() for point in curve]
    x_max = _round_up(max((x for x, _ in points), default=1.0))
    y_max = _round_up(max((y for _, y in points), default=1.0))
    width = WIDTH - LEFT_MARGIN - RIGHT_MARGIN
    parts = [_text(LEFT_MARGIN + width / 2, TOP_MARGIN + PLOT_HEIGHT + 31, axis, "tick", "middle")]
    for k in range(5):
        parts += _grid(TOP_MARGIN + PLOT_HEIGHT * (1 - k / 4), f"{y_max * k / 4:g}")
        parts.append(
            _text(LEFT_MARGIN + width * k / 4, TOP_MARGIN + PLOT_HEIGHT + 15, f"{x_max * k / 4:g}", "tick", "middle")
        )
    names = dict(zip(series, CYCLE_COLORS, strict=False))
    for name, curve in series.items():
        line = " ".join(
            f"{LEFT_MARGIN + width * x / x_max:.1f},{TOP_MARGIN + PLOT_HEIGHT * (1 - y / y_max):.1f}" for x, y in curve
        )
        last = f", {curve[-1][1]:.4g} at the end" if curve else ""
        parts.append(
            f'<g class="mark"><title>{escaped(name + last)}</title>'
            f'<polyline class="line s{names[name]}" points="{line}"/></g>'
        )
    return _svg(title, names, TOP_MARGIN + PLOT_HEIGHT + BOTTOM_MARGIN + 2, parts)


def _svg(title: str, names: Mapping[str, int], height: float, parts: Iterable[str]) -> str:
    """Return the whole SVG, with a legend above it if there are several series."""
    label, legend = escaped(title), list[str]()
    x, legend_y = 2.0, 0.0
    for name, color in names.items() if len(names) > 1 else ():
        width = 24 + LETTER_WIDTH * len(name)
        if x > 2 and x + width > WIDTH:
            x, legend_y = 2.0, legend_y + LEGEND_HEIGHT
        corner = 1 if color % 2 else 5
        legend.append(
            f'<rect class="fill s{color}" x="{x:.1f}" y="{legend_y + 2:g}" width="10" height="10" rx="{corner}"/>'
        )
        legend.append(_text(x + 14, legend_y + 11, name, "tick"))
        x += width
    offset = legend_y + LEGEND_HEIGHT + 2 if legend else 0.0
    return (
        f'<svg viewBox="0 0 {WIDTH} {height + offset:g}" role="img" aria-label="{label}"><title>{label}</title>'
        f'{"".join(legend)}<g transform="translate(0 {offset:g})">{"".join(parts)}</g></svg>'
    )


def _percents() -> Iterator[str]:
    for percent in range(0, 101, 25):
        yield from _grid(_y(percent / 100), f"{percent} %")


def _grid(y: float, label: str) -> Iterator[str]:
    yield f'<path class="grid" d="M{LEFT_MARGIN} {y:.1f}H{WIDTH - RIGHT_MARGIN}"/>'
    yield _text(LEFT_MARGIN - 4, y + 4, label, "tick", "end")


def _y(value: float) -> float:
    return TOP_MARGIN + PLOT_HEIGHT * (1 - value)


def _text(x: float, y: float, text: str, css: str, anchor: str = "start") -> str:
    anchor_attribute = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}"{anchor_attribute}>{escaped(text)}</text>'


def _truncate(text: str, width: float) -> str:
    max_chars = int(width / LETTER_WIDTH)
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"


def _round_up(value: float) -> float:
    """Return the next larger number whose quarters have few digits."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return next(step * unit for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * unit >= value)
